"""Variables in texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowcore.compose import interpolate, load
from flowcore.errors import InvalidInputError, Severity
from tests.unit.compose.looking import data, found, imported, only, refused

_ENV = {"FOO": "first", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$FOO-bar", "first-bar"),
        ("${FOO}", "first"),
        ("$$FOO $${FOO}", "$FOO ${FOO}"),
        ("${EMPTY:-d}|${EMPTY-d}|${NO-d}|${NO:-d}", "d||d|d"),
        ("${FOO:+r}|${EMPTY:+r}|${EMPTY+r}|${NO+r}", "r||r|"),
        ("${NO:-${NO2:-${FOO}}}", "first"),
        ("${NO:-{a}}", "{a}"),
        ("${NO:-{}", "{"),
        ("${FOO:-$ {} x", "first x"),
        ("$1 $ 5$", "$1 $ 5$"),
        ("${NO:-a:b}", "a:b"),
    ],
)
def test_a_text_is_replaced(text: str, result: str) -> None:
    assert interpolate(text, _ENV) == result


@pytest.mark.parametrize(
    "text", ["${", "${}", "${ }", "${FOO", "${FOO!x}", "${1}", "${FOO }", "${NO:-${FOO}", "${NO:-{} ${"]
)
def test_a_broken_template_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="Invalid template"):
        interpolate(text, _ENV)


def test_a_required_variable_is_asked_for_with_its_message() -> None:
    with pytest.raises(InvalidInputError, match="required variable NO is missing a value: set first"):
        interpolate("${NO:?set $FOO}", _ENV)


def test_a_broken_template_does_not_show_what_stands_around_it() -> None:
    error = refused("services: {web: {image: a, environment: {P: 'hunter2${'}}}\n")
    assert "hunter2" not in str(error)


def test_the_outside_cases_agree(testdata: Path) -> None:
    cases = json.loads((testdata / "compose_interpolation.json").read_text())
    for case in cases["cases"]:
        assert _outcome(case["template"], cases["env"]) == _expected(case), case


def _outcome(template: str, env: dict[str, str]) -> tuple[str | None, bool]:
    try:
        return interpolate(template, env), False
    except InvalidInputError:
        return None, True


def _expected(case: dict[str, Any]) -> tuple[str | None, bool]:
    return (None, True) if case["error"] else (case["expected"], False)


def test_an_unset_variable_is_an_empty_text_and_one_warning_that_says_how_to_give_it() -> None:
    result = imported("""
        services:
          web:
            image: "nginx:1${TAG}"
            environment:
              A: "x${TAG}"
        """)
    finding = only(result, "variable-unset")
    assert finding.severity is Severity.WARNING
    assert (finding.place.line, finding.place.column) == (4, 12)
    assert "TAG" in finding.message
    assert "line 6" in finding.message
    assert ".env" in finding.fix
    assert data(result, "web")["image"] == "nginx:1"


def test_all_required_variables_are_listed_at_once_with_their_places() -> None:
    text = "services:\n  web:\n    image: ${IMAGE:?which image}\n    environment:\n      - P=${PORT?}\n"
    with pytest.raises(InvalidInputError) as error:
        load(text)
    places = [(f.place.line, f.place.column) for f in found(error.value, "variable-required")]
    assert places == [(3, 12), (5, 9)]
    assert "which image" in str(error.value)
    # An import is a first look: it gives a drawing all the same.
    result = imported(text)
    assert [(f.place.line, f.severity) for f in found(result, "variable-required")] == [(3, "warning"), (5, "warning")]
    assert set(result.unset_variables) == {"IMAGE", "PORT"}


def test_variables_come_from_the_mapping_then_from_dotenv_and_never_from_the_process() -> None:
    text = "services: {web: {image: 'a:${A}-${B}-${PATH:-none}'}}\n"
    result = imported(text, {".env": "A=file\nB=file"}, env={"A": "given"})
    assert data(result, "web")["image"] == "a:given-file-none"


def test_keys_are_not_replaced() -> None:
    result = imported("services: {web: {image: a, environment: {$A: $$B}}}\n", env={"A": "x"})
    assert data(result, "web")["env"] == {"$A": "$B"}


def test_replaced_numbers_and_flags_keep_their_meaning() -> None:
    result = imported("services: {web: {image: a, scale: '${N:-3}', tty: '${T:-true}'}}\n")
    assert data(result, "web")["replicas"] == 3
    assert data(result, "web")["tty"] is True
