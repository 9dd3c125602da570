"""Entries are written as lines, and nothing in them becomes a formula or another line."""

from __future__ import annotations

import csv
import io
import json

import pytest

from flowcore.usecases.auditing.lines import FIELDS, LineFormat, head_of, lines_of
from tests.doubles_audit import an_entry


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_an_entry_is_one_line_of_json() -> None:
    written = lines_of([an_entry(1, details={"a": "ü\n"}), an_entry(2)], LineFormat.JSONL)
    first, second = map(json.loads, written.splitlines())
    assert (first["id"][-1], first["at"], first["details"]) == ("1", "2026-01-01T12:01:00.000Z", {"a": "ü\n"})
    assert tuple(second) == FIELDS
    assert head_of(LineFormat.JSONL) == ""


def test_an_entry_is_one_row_of_csv() -> None:
    entry = an_entry(1, target_name='a "b", c', details={"x": "1"})
    head, row = rows(head_of(LineFormat.CSV) + lines_of([entry], LineFormat.CSV))
    told = dict(zip(head, row, strict=True))
    assert tuple(head) == FIELDS
    assert (told["target_name"], told["details"], told["result"]) == ('a "b", c', '{"x": "1"}', "ok")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        " =1",
        "\r\n=1",
        "＝1",
        "\u00a0=cmd|' /C calc'!A0",
        "|x",
        '=HYPERLINK("http://x")',
    ],
)
def test_a_text_from_somewhere_is_no_formula(text: str) -> None:
    (row,) = rows(lines_of([an_entry(1, agent=text, target_name=text)], LineFormat.CSV))
    assert row[FIELDS.index("agent")] == row[FIELDS.index("target_name")] == f"'{text}"


def test_no_text_makes_a_row_of_its_own() -> None:
    written = lines_of([an_entry(1, agent='"\r\n"a","b"'), an_entry(2, agent="x\ny")], LineFormat.CSV)
    assert [len(row) for row in rows(written)] == [len(FIELDS)] * 2
