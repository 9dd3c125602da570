"""Several documents to one."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from ruamel.yaml import YAML

from flowcore.compose import load, merge


def _yaml(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def test_the_outside_cases_agree(testdata: Path) -> None:
    for case in json.loads((testdata / "compose_merge.json").read_text())["cases"]:
        assert merge(_yaml(case["base"]), _yaml(case["override"])) == _yaml(case["expected"]), case["test"]


def _service(base: dict[str, Any], override: dict[str, Any]) -> Any:
    return merge({"services": {"a": base}}, {"services": {"a": override}})["services"]["a"]


@pytest.mark.parametrize(
    ("base", "override", "result"),
    [
        ({"command": ["a", "b"]}, {"command": "c"}, {"command": "c"}),
        ({"ports": ["80:80"]}, {"ports": ["80:80", "81:81"]}, {"ports": ["80:80", "81:81"]}),
        ({"volumes": ["a:/x", "b:/y"]}, {"volumes": ["c:/x:ro"]}, {"volumes": ["c:/x:ro", "b:/y"]}),
        ({"depends_on": ["a"]}, {"depends_on": {"b": {"condition": "service_healthy"}}},
         {"depends_on": {"a": {"condition": "service_started", "required": True},
                         "b": {"condition": "service_healthy"}}}),
        ({"healthcheck": {"test": ["CMD", "a"], "retries": 2}}, {"healthcheck": {"test": ["CMD", "b"]}},
         {"healthcheck": {"test": ["CMD", "b"], "retries": 2}}),
        ({"logging": {"driver": "a", "options": {"x": 1}}}, {"logging": {"driver": "b"}}, {"logging": {"driver": "b"}}),
        ({"build": "."}, {"build": {"target": "t"}}, {"build": {"context": ".", "target": "t"}}),
        ({"image": "a"}, {"image": None}, {"image": "a"}),
    ],
)  # fmt: skip
def test_keys_of_a_service_merge_by_their_own_rules(base: Any, override: Any, result: Any) -> None:
    assert _service(base, override) == result


def test_neither_document_is_changed() -> None:
    base: Any = {"services": {"a": {"ports": ["1"], "environment": {"A": "1"}}}}
    override: Any = {"services": {"a": {"ports": ["2"], "environment": ["B=2"]}}}
    before = json.dumps([base, override])
    merge(base, override)
    assert json.dumps([base, override]) == before


def test_reset_takes_a_key_away_and_override_replaces_it() -> None:
    base = "services: {a: {image: x, ports: ['80:80'], environment: {A: '1'}}}\n"
    override = dedent("""
        services:
          a:
            ports: !reset []
            environment: !override {B: "2"}
        """)
    service = load([base, override])["services"]["a"]
    assert "ports" not in service
    assert service["environment"] == {"B": "2"}
