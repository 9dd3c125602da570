"""The page about the kinds says what the kind files say; ``make golden`` rewrites it."""

from __future__ import annotations

import os
from pathlib import Path

from flowcore.kinds import FORMATS, FUNCTIONS, core_catalogue, to_markdown

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"


def test_the_page_about_the_kinds_is_made_from_their_files() -> None:
    page = to_markdown(core_catalogue())
    if os.environ.get("FLOWCORE_REWRITE_GOLDEN"):
        (DOCS / "kinds.md").write_text(page, encoding="utf-8")
    assert page == (DOCS / "kinds.md").read_text(encoding="utf-8")


def test_every_function_and_format_is_described() -> None:
    templates = (DOCS / "templates.md").read_text(encoding="utf-8")
    files = (DOCS / "kind-files.md").read_text(encoding="utf-8")
    assert [name for name in FUNCTIONS if f"`{name}(" not in templates] == []
    assert [name for name in FORMATS if f"`{name}`" not in files] == []
