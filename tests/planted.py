"""Secrets that are planted somewhere, and the search for them everywhere else, in whatever form they got there."""

from __future__ import annotations

import html
import json
import sqlite3
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

from attrs import define, field


def forms_of(secret: str) -> set[bytes]:
    """Return every form of a secret that is looked for.

    They are the text itself, and in JSON, HTML, URLs, a Python literal, hexadecimal digits, and in base64 of both
    alphabets at each of the three ways that bytes around it may shift it.
    """
    data = secret.encode()
    texts = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        html.escape(secret),
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        data.hex(),
        data.hex().upper(),
    }
    return {text.encode() for text in texts} | {form for encode in _BASE64 for form in _shifted(data, encode)}


_BASE64 = (b64encode, urlsafe_b64encode)


def _shifted(data: bytes, encode: object) -> Iterator[bytes]:
    """Yield what base64 makes of *data* inside of anything longer: without the letters that neighbours change."""
    assert callable(encode)
    for before in range(3):
        after = -(before + len(data)) % 3
        encoded: bytes = encode(b"\0" * before + data + b"\0" * after)
        yield encoded[{0: 0, 1: 2, 2: 3}[before] : len(encoded) - {0: 0, 1: 2, 2: 3}[after]]


@define
class Search:
    """Everything that came out of a system, and the secrets that went into it.

    Attributes:
        secrets: by name.
        found: what was seen, by the place where.
    """

    secrets: dict[str, str] = field(factory=dict)
    found: dict[str, list[bytes]] = field(factory=dict)

    def plant(self, name: str, secret: str) -> str:
        """Remember a secret and return it."""
        assert len(secret) >= 6, f"{name} is so short that it may occur by chance"
        self.secrets[name] = secret
        return secret

    def saw(self, place: str, content: str | bytes) -> None:
        """Remember what was seen somewhere."""
        self.found.setdefault(place, []).append(content.encode() if isinstance(content, str) else content)

    def saw_database(self, path: Path) -> None:
        """Look into a SQLite database: its file, the log beside it, and its rows, which pages may cut in two."""
        for file in sorted(path.parent.glob(f"{path.name}*")):
            self.saw(f"file {file.name}", file.read_bytes())
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            tables = database.execute("select name from sqlite_master where type = 'table'").fetchall()
            for (table,) in tables:
                for row in database.execute(f'select * from "{table}"'):
                    self.saw(f"table {table}", repr(row))
                    for value in row:
                        self.saw(f"table {table}", value if isinstance(value, bytes) else str(value))

    def leaks(self) -> set[tuple[str, str]]:
        """Return which secret was seen in which place."""
        return {
            (name, place)
            for place, contents in self.found.items()
            for name, secret in self.secrets.items()
            if _holds(contents, forms_of(secret))
        }


def _holds(contents: Iterable[bytes], forms: set[bytes]) -> bool:
    return any(form in content for content in contents for form in forms)
