"""What a kind tells the outside: palettes, schemas; and rules about the files themselves."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from flowcore.kinds import Kind, core_catalogue
from tests.drawings import LEAST

CORE = core_catalogue()
SOURCE = Path(__file__).resolve().parents[3] / "src" / "flowcore"


@pytest.mark.parametrize("kind", CORE.kinds, ids=lambda kind: kind.name)
def test_the_schema_of_a_kind_is_a_schema_and_judges_like_the_kind(kind: Kind) -> None:
    schema = kind.json_schema()
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    validator = Draft202012Validator(schema)
    good: dict[str, Any] = {"name": "web", **LEAST.get(kind.name, {}), "labels": {"a": "b"}, "_status": {}}
    assert list(validator.iter_errors(good)) == []
    for bad in ({"labels": {"a": {}}}, {"labels": []}):
        assert list(validator.iter_errors({**good, **bad})) != []
    for parameter in kind.parameters:
        without = {key: value for key, value in good.items() if key != parameter.name}
        assert bool(list(validator.iter_errors(without))) is parameter.required


@pytest.mark.parametrize("kind", CORE.kinds, ids=lambda kind: kind.name)
def test_a_kind_describes_itself_in_plain_json(kind: Kind) -> None:
    described = kind.describe()
    assert json.loads(json.dumps(described)) == described
    assert all(described[key] for key in ("name", "label", "category", "icon", "description", "parameters", "handles"))
    assert all(parameter["label"] for parameter in described["parameters"])


def test_the_twelve_kinds_and_the_raw_manifest_are_there_under_the_names_of_their_files() -> None:
    files = {file.stem for file in (SOURCE / "kinds/core").glob("[!_]*.yaml")}
    assert {kind.name for kind in CORE.kinds} == files
    assert len(files) == 13


def test_no_module_of_the_core_names_a_kind() -> None:
    kinds = "|".join(re.escape(word) for kind in CORE.kinds for word in (kind.name, kind.object_kind))
    branch = re.compile(rf"(?:==|!=| in \(|case) ?[\"'](?:{kinds})[\"']")
    files = [file for package in ("graph", "kinds", "lint", "planning") for file in (SOURCE / package).glob("*.py")]
    found = [file.name for file in files if branch.search(file.read_text(encoding="utf-8"))]
    # Values of secrets must never be shown, so comparing knows that one kind.
    assert found == ["_compare.py"]
