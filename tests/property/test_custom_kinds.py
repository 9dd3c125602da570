"""Laws of kinds made from definitions: what fits the schema comes out as it was, what does not is found."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from flowcore.kinds import Collector, kind_file, kind_from_crd
from flowcore.kinds._crd_schema import json_schema_of, schema_parameter, trimmed
from flowcore.kinds._reading import make_check
from flowcore.manifests import ABSENT, from_yaml, plain, to_yaml
from tests.unit.kinds.test_crd import definition

NAMES = st.sampled_from(["a", "bee", "seaName", "d-e", "spec"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)


def _limits(low: str, high: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={low: st.integers(0, 2), high: st.integers(2, 4)})


def _merged(*parts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for part in parts for key, value in part.items()}


def _objects(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    def finish(properties: dict[str, Any], required: set[str], free: bool) -> dict[str, Any]:
        made: dict[str, Any] = {"type": "object", "properties": properties}
        made |= {"required": sorted(required & properties.keys())} if required & properties.keys() else {}
        return made | ({"x-kubernetes-preserve-unknown-fields": True} if free else {})

    known = st.builds(finish, st.dictionaries(NAMES, inner, max_size=3), st.sets(NAMES, max_size=2), st.booleans())
    return known | st.builds(lambda values: {"type": "object", "additionalProperties": values}, inner)


SCALAR_SCHEMAS = (
    st.builds(_merged, st.just({"type": "string"}), _limits("minLength", "maxLength"))
    | st.builds(_merged, st.just({"type": "integer"}), _limits("minimum", "maximum"))
    | st.builds(_merged, st.just({"type": "number"}), _limits("minimum", "maximum"))
    | st.sampled_from(
        [
            {"type": "boolean"},
            {"type": "string", "enum": ["", "full", "delta"]},
            {"type": "integer", "enum": [0, 1]},
            {"x-kubernetes-int-or-string": True},
            {"type": "string", "nullable": True},
            {"x-kubernetes-preserve-unknown-fields": True},
        ]
    )
)
SCHEMAS = st.recursive(
    SCALAR_SCHEMAS,
    lambda inner: (
        _objects(inner)
        | st.builds(
            lambda items, limits: {"type": "array", "items": items, **limits}, inner, _limits("minItems", "maxItems")
        )
    ),
    max_leaves=6,
)


@given(SCHEMAS, VALUES)
def test_what_is_accepted_fits_the_schema_and_is_accepted_again_unchanged(schema: dict[str, Any], value: Any) -> None:
    check = make_check(schema_parameter("x", trimmed(schema)))
    collector = Collector()
    found = check(value, "x", collector)
    if found is ABSENT or any(finding.is_error for finding in collector.found):
        return
    assert Draft202012Validator(json_schema_of(trimmed(schema))).is_valid(found)
    again = Collector()
    assert check(found, "x", again) == found
    assert again.found == []


@given(SCHEMAS, VALUES)
def test_what_fits_the_schema_comes_out_as_it_was(schema: dict[str, Any], value: Any) -> None:
    strict = _strict(json_schema_of(trimmed(schema)))
    if not Draft202012Validator(strict).is_valid(value) or _has_null(value):
        return
    collector = Collector()
    found = make_check(schema_parameter("x", trimmed(schema)))(value, "x", collector)
    assert collector.found == []
    assert found == plain(value)


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with fields that it does not name refused, as our warning counts for this law."""
    made = {key: _strict(part) if key in ("items", "additionalProperties") else part for key, part in schema.items()}
    if "properties" in schema:
        made["properties"] = {name: _strict(part) for name, part in schema["properties"].items()}
        made.setdefault("additionalProperties", False)
    return made


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_null(item) for item in value.values())
    return any(_has_null(item) for item in value) if isinstance(value, list) else value is None


@given(SCHEMAS)
def test_a_written_kind_file_reads_back_as_the_same_kind(schema: dict[str, Any]) -> None:
    crd = definition({"type": "object", "properties": {"it": schema}})
    kind = kind_from_crd(crd)
    (tree,) = from_yaml(to_yaml(kind_file(crd)))
    assert tree["parameters"][1]["schema"]["properties"]["it"] == trimmed(schema)
    assert Draft202012Validator.check_schema(kind.json_schema()) is None
    assert kind.describe()["resource"]["kind"] == "Backup"
