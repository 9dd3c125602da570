"""The .env format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowcore.compose import parse_dotenv
from flowcore.errors import InvalidInputError


def test_the_outside_cases_agree(testdata: Path) -> None:
    for case in json.loads((testdata / "compose_dotenv.json").read_text())["cases"]:
        found = parse_dotenv(case["input"], case.get("os_env") or case.get("env") or {})
        assert case["expected"].items() <= found.items(), case


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("# c\n\n A = x # c\n", {"A": "x"}),
        ("A=x#y", {"A": "x#y"}),
        ("A=\nB", {"A": ""}),
        ('A="two\nlines"\nB=1', {"A": "two\nlines", "B": "1"}),
        ("A='$X'\nB=\"\\$X\"", {"A": "$X", "B": "$X"}),
        ("A=1\nB=${A}2\nC=${D:-d}", {"A": "1", "B": "12", "C": "d"}),
        ("export A=1", {"A": "1"}),
        ("A: 1", {"A": "1"}),
    ],
)
def test_a_text_gives_its_variables(text: str, values: dict[str, str]) -> None:
    assert parse_dotenv(text) == values


def test_what_the_caller_gives_wins_inside_values_and_fills_bare_names() -> None:
    assert parse_dotenv("A=1\nB=$A\nC", {"A": "9", "C": "c"}) == {"A": "1", "B": "9", "C": "c"}


@pytest.mark.parametrize(
    ("text", "line"), [("A=1\n=x", 2), ("A='x", 1), ("A=1\n\nA B=2", 3), ('X=1\nA="secret', 2), ("A=${", 1)]
)
def test_a_broken_line_is_refused_with_its_number_and_without_its_value(text: str, line: int) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_dotenv(text, file="my.env")
    assert (caught.value.findings[0].place.file, caught.value.findings[0].place.line) == ("my.env", line)
    assert "secret" not in str(caught.value)


def test_a_variable_that_a_line_requires_must_be_there() -> None:
    with pytest.raises(InvalidInputError, match="required variable B is missing a value: say it") as caught:
        parse_dotenv("X=1\nA=${B:?say it}")
    assert caught.value.findings[0].place.line == 2
    assert parse_dotenv("B=2\nA=${B:?say it}") == {"B": "2", "A": "2"}
