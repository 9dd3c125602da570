"""The table of providers in docs/reference/detection.md is made from the registry; ``make golden`` rewrites it."""

from __future__ import annotations

import os
from pathlib import Path

from flowcore.detection._providers import Framework, Provider
from flowcore.detection._registry import PROVIDERS
from flowcore.files import COMPOSE_NAMES, OVERRIDE_NAMES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "detection.md"
BEGIN, END = "<!-- providers: begin -->\n", "<!-- providers: end -->"
COLUMNS = ("provider", "language", "files", "version pinned by", "package managers", "frameworks", "port")


def code(*words: str) -> str:
    return ", ".join(f"`{word}`" for word in words)


def named(framework: Framework) -> str:
    return f"{framework.name} {framework.port}" if framework.port else framework.name


def cells(provider: Provider) -> tuple[str, ...]:
    return (
        f"`{provider.name}`",
        provider.language,
        code(*provider.marks),
        ", ".join(dict.fromkeys(pin.where.replace("*", "\\*") for pin in provider.pins)),
        ", ".join(dict.fromkeys(manager.name for manager in provider.managers)),
        ", ".join(named(framework) for framework in provider.frameworks),
        str(provider.port or ""),
    )


def table() -> str:
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(cells(provider) for provider in PROVIDERS)]
    return "".join("|" + "|".join(f" {cell} " if cell else " " for cell in row) + "|\n" for row in rows)


def test_the_table_of_providers_is_made_from_the_registry() -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    written, _, after = rest.partition(END)
    if os.environ.get("FLOWCORE_REWRITE_GOLDEN"):
        PAGE.write_text(f"{before}{BEGIN}{table()}{END}{after}", encoding="utf-8")
        written = table()
    assert written == table()


def test_the_page_names_the_compose_files_in_their_order() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())

    assert code(*COMPOSE_NAMES) in text
    assert code(*OVERRIDE_NAMES) in text
