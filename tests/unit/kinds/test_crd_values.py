"""Values of custom resources are judged as their schema says, and keep their types."""

from __future__ import annotations

from typing import Any

import pytest

from flowcore.errors import Finding
from flowcore.kinds import Collector, Parameter, parse_catalogue
from flowcore.kinds._crd_schema import schema_parameter, title, trimmed
from flowcore.kinds._reading import make_check
from flowcore.manifests import ABSENT

INT_OR_STRING = {"x-kubernetes-int-or-string": True}


def check(schema: dict[str, Any], value: Any) -> tuple[Any, list[Finding]]:
    collector = Collector()
    parameter: Parameter = schema_parameter("x", trimmed(schema))
    return make_check(parameter)(value, "x", collector), collector.found


def of_properties(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, ""),
        ({"type": "string"}, "yes"),
        ({"type": "string", "enum": ["", "a"]}, ""),
        ({"type": "string", "pattern": "^[a-z]+$"}, "abc"),
        ({"type": "string", "pattern": "(?P<x>"}, "left to the server"),
        ({"type": "string", "format": "date-time"}, "2026-01-31T12:00:00Z"),
        ({"type": "string", "format": "duration"}, "1h30m"),
        ({"type": "string", "format": "ipv4"}, "10.0.0.1"),
        ({"type": "string", "format": "cidr"}, "10.0.0.0/8"),
        ({"type": "string", "format": "byte"}, "YQ=="),
        ({"type": "string", "format": "unheard-of"}, "anything"),
        ({"type": "integer"}, 0),
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, 1),
        ({"type": "integer", "enum": [1, 2]}, 2),
        ({"type": "number", "multipleOf": 0.5}, 1.5),
        ({"type": "boolean"}, False),
        (INT_OR_STRING, "80"),
        (INT_OR_STRING, 80),
        (INT_OR_STRING, "25%"),
        ({"type": "array", "items": {"type": "integer"}}, []),
        ({"type": "array", "items": {"type": "integer"}}, [3, 1]),
        ({"type": "array"}, [{"a": None}]),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, {"a": {"b": [None, 0, False]}}),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"a": 1}),
        ({"type": "object", "additionalProperties": True}, {"a": [1]}),
        ({**of_properties(a={"type": "string"}), "x-kubernetes-preserve-unknown-fields": True}, {"a": "b", "c": 1}),
        (
            {**of_properties(spec={"type": "string"}), "x-kubernetes-embedded-resource": True},
            {"kind": "X", "spec": "y"},
        ),
        (of_properties(a={"type": "string", "nullable": True}), {"a": None}),
        ({"type": "object", "nullable": True}, None),
        ({}, [{"any": "thing"}]),
    ],
)
def test_what_the_schema_allows_comes_out_as_it_was(schema: dict[str, Any], value: Any) -> None:
    found, problems = check(schema, value)
    assert (found, [str(problem) for problem in problems]) == (value, [])
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("schema", "value", "rule", "path"),
    [
        ({"type": "string"}, ["a"], "field-type", "x"),
        ({"type": "string", "pattern": "^[a-z]+$"}, "A", "field-format", "x"),
        ({"type": "string", "enum": ["full", "delta"]}, "ful", "field-option", "x"),
        ({"type": "string", "minLength": 2}, "a", "field-size", "x"),
        ({"type": "string", "maxLength": 2}, "abc", "field-size", "x"),
        ({"type": "string", "format": "date-time"}, "2026-01-31", "field-format", "x"),
        ({"type": "string", "format": "duration"}, "soon", "field-format", "x"),
        ({"type": "string", "format": "ipv4"}, "::1", "field-format", "x"),
        ({"type": "string", "format": "byte"}, "*", "field-format", "x"),
        ({"type": "integer"}, 1.5, "field-type", "x"),
        ({"type": "integer"}, True, "field-type", "x"),
        ({"type": "integer", "minimum": 1}, 0, "field-range", "x"),
        ({"type": "integer", "maximum": 1}, 2, "field-range", "x"),
        ({"type": "integer", "maximum": 2, "exclusiveMaximum": True}, 2, "field-range", "x"),
        ({"type": "number", "multipleOf": 2}, 3, "field-range", "x"),
        ({"type": "integer", "enum": [0, 1]}, 2, "field-option", "x"),
        ({"type": "boolean"}, "perhaps", "field-type", "x"),
        (INT_OR_STRING, True, "field-type", "x"),
        (INT_OR_STRING, [1], "field-type", "x"),
        ({**INT_OR_STRING, "pattern": "^[0-9]+%$"}, "lots", "field-format", "x"),
        ({"type": "array", "items": {"type": "integer"}}, ["a"], "field-type", "x[0]"),
        ({"type": "array", "items": {"type": "integer"}}, [None], "field-type", "x[0]"),
        ({"type": "array", "minItems": 1}, [], "field-size", "x"),
        ({"type": "array", "x-kubernetes-list-type": "set"}, ["a", "a"], "field-repeated", "x[1]"),
        (
            {"type": "array", "x-kubernetes-list-map-keys": ["name"]},
            [{"name": "a"}, {"name": "a"}],
            "field-repeated",
            "x[1]",
        ),
        ({"type": "object", "maxProperties": 1}, {"a": 1, "b": 2}, "field-size", "x"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"a": "b"}, "field-type", "x.a"),
        ({"type": "object", "required": ["a"], **of_properties(a={"type": "string"})}, {}, "field-missing", "x.a"),
        ({"required": ["a"], **of_properties(a={"type": "string"})}, {"a": None}, "field-missing", "x.a"),
        (of_properties(b=of_properties(c={"type": "integer"})), {"b": {"c": "x"}}, "field-type", "x.b.c"),
    ],
)
def test_what_the_schema_forbids_is_found_at_its_place(
    schema: dict[str, Any], value: Any, rule: str, path: str
) -> None:
    _, problems = check(schema, value)
    assert (rule, path) in [(problem.rule, problem.place.path) for problem in problems]


def test_a_field_that_the_schema_does_not_know_is_told_and_left_out() -> None:
    found, (problem,) = check(of_properties(replicas={"type": "integer"}), {"replica": 2})
    assert found == {}
    assert (problem.severity, problem.rule, problem.fix) == ("warning", "field-unknown", "did you mean replicas?")


def test_nothing_is_required_that_has_a_default() -> None:
    schema = {"required": ["a"], **of_properties(a={"type": "string", "default": "x"})}
    assert check(schema, {}) == ({}, [])


def test_null_is_no_value_where_the_schema_does_not_allow_it() -> None:
    assert check(of_properties(a={"type": "string"}), {"a": None}) == ({}, [])


def test_numbers_and_booleans_are_understood_when_they_are_written_as_texts() -> None:
    schema = of_properties(n={"type": "integer"}, b={"type": "boolean"}, t={"type": "string"})
    assert check(schema, {"n": "3", "b": "true", "t": 5})[0] == {"n": 3, "b": True, "t": "5"}


def test_values_that_json_cannot_say_are_refused() -> None:
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    found, (problem,) = check(free, {"a": float("nan")})
    assert (found, problem.place.path) == (ABSENT, "x.a")


def test_kind_files_can_give_any_parameter_a_schema() -> None:
    text = """
name: a
label: A
resource: {apiVersion: v1, kind: A}
parameters:
  - {name: name, label: Name}
  - {name: size, label: Size, required: true, schema: {type: integer, minimum: 1}}
template: {kind: A, size: "${size}"}
"""
    kind = parse_catalogue({"a.yaml": text}).kind("a")
    _, problems = kind.read({"size": 0, "_canvas": 1}, "one")
    assert [(one.rule, one.place.path) for one in problems] == [("field-range", "data.size")]
    assert kind.json_schema()["properties"]["size"]["minimum"] == 1


@pytest.mark.parametrize(
    ("name", "heading"),
    [("secretName", "Secret name"), ("repoURL", "Repo URL"), ("isCA", "Is CA"), ("a", "A"), ("x_y", "X_y")],
)
def test_names_of_fields_become_headings(name: str, heading: str) -> None:
    assert title(name) == heading
