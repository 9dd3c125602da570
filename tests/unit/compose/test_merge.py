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
        ({"volumes": ["C:\\a:/x"]}, {"volumes": ["b:/x"]}, {"volumes": ["b:/x"]}),
        ({"volumes": ["/a:/x${P:-:}"]}, {"volumes": ["b:/x${P:-:}:ro"]}, {"volumes": ["b:/x${P:-:}:ro"]}),
        ({"devices": ["/dev/a:/dev/b"]}, {"devices": ["/dev/c:/dev/b:r"]}, {"devices": ["/dev/c:/dev/b:r"]}),
        ({"env_file": "a.env"}, {"env_file": [{"path": "a.env", "required": False}]},
         {"env_file": [{"path": "a.env", "required": False}]}),
        ({"label_file": "a"}, {"label_file": ["a", "b"]}, {"label_file": ["a", "b"]}),
        ({"expose": ["80"]}, {"expose": [80, "81"]}, {"expose": [80, "81"]}),
        ({"ports": [{"target": 80, "published": 81}]},
         {"ports": [{"target": 80, "published": "81", "host_ip": "0.0.0.0"}]},
         {"ports": [{"target": 80, "published": "81", "host_ip": "0.0.0.0"}]}),
        ({"extra_hosts": ["a=1"]}, {"extra_hosts": {"b": ["1", "2"]}}, {"extra_hosts": ["a=1", "b=1", "b=2"]}),
        ({"sysctls": {"n.a": 1, "n.a.b": 2}}, {"sysctls": ["n.c=3"]}, {"sysctls": ["n.a.b=2", "n.a=1", "n.c=3"]}),
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


@pytest.mark.parametrize(
    ("base", "override", "published"),
    [
        ('"8080:80"', "{target: 80, published: '8080', mode: host}", ["8080"]),
        ('"8080-8081:80-81"', '"8081:81"', ["8080", "8081"]),
        ('"8080:80"', '"127.0.0.1:8080:80"', ["8080", "8080"]),
    ],
)
def test_a_port_is_published_once_however_it_is_written(base: str, override: str, published: list[str]) -> None:
    document = load([f"services: {{a: {{image: x, ports: [{entry}]}}}}\n" for entry in (base, override)])
    assert [port["published"] for port in document["services"]["a"]["ports"]] == published
