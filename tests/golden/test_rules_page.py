"""The table of rules about manifests says what the code says; ``make golden`` rewrites it."""

from __future__ import annotations

import os
from pathlib import Path

from flowcore.lint import describe_rules

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "rules.md"
BEGIN, END = "<!-- rules: begin -->\n", "<!-- rules: end -->"


def test_the_page_about_the_rules_is_made_from_the_code() -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    written, _, after = rest.partition(END)
    made = describe_rules().rstrip() + "\n"
    if os.environ.get("FLOWCORE_REWRITE_GOLDEN"):
        PAGE.write_text(f"{before}{BEGIN}{made}{END}{after}", encoding="utf-8")
        written = made
    assert written == made
