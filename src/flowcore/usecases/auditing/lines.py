"""The audit log as lines: JSON for programs, CSV for tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from flowcore.model import AuditEntry, to_document

#: The fields of a line, in order.
FIELDS = (
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_email",
    "action",
    "target_type",
    "target_id",
    "target_name",
    "result",
    "error_code",
    "address",
    "agent",
    "request_id",
    "details",
)
#: What makes a program for tables take a text for a formula, also after white space and in wide letters.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


class LineFormat(StrEnum):
    """How entries are written."""

    JSONL = "jsonl"
    CSV = "csv"


def head_of(format_: LineFormat) -> str:
    """Return what goes before the first entry."""
    return _row(FIELDS) if format_ is LineFormat.CSV else ""


def lines_of(entries: Iterable[AuditEntry], format_: LineFormat) -> str:
    """Return one line per entry."""
    plain = map(_plain, entries)
    if format_ is LineFormat.CSV:
        return "".join(_row(map(_cell, entry.values())) for entry in plain)
    return "".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n" for entry in plain)


def _plain(entry: AuditEntry) -> dict[str, Any]:
    document = to_document(entry)
    return {name: _text_of(document[name]) if name == "at" else document[name] for name in FIELDS}


def _text_of(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cell(value: Any) -> str:
    """Return a value as the text of a cell, which no program for tables takes for a formula."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    text = "" if text == "{}" else text
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text


def _row(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return written.getvalue()
