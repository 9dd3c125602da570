"""The examples in the documents: what they show is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import rich_click as click

from entrypoints.cli.app import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def blocks(language: str) -> list[tuple[str, str]]:
    """Return the code blocks of a language in every page, each with the page's path."""
    return [
        (str(page.relative_to(ROOT)), text)
        for page in PAGES
        for found, text in BLOCK.findall(page.read_text(encoding="utf-8"))
        if found == language
    ]


def kind_files(page: str) -> list[tuple[str, str]]:
    """Return the YAML blocks of a page that are kind files, by the kind's name."""
    texts = [text for found, text in blocks("yaml") if found == page and text.startswith("name: ")]
    return [(text.splitlines()[0].removeprefix("name: "), text) for text in texts]


def commands() -> list[tuple[str, list[str]]]:
    """Return every call of flowcore in a shell example, as words."""
    calls = []
    for page, text in blocks("sh"):
        for line in text.splitlines():
            for part in line.partition("#")[0].split("|"):
                words = shlex.split(part.partition(">")[0])
                if words and words[0].rpartition("/")[2] == "flowcore":
                    calls.append((page, words[1:]))
    return calls


@pytest.mark.parametrize(("page", "code"), blocks("python"))
def test_a_python_example_runs(page: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in kind_files(page):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    exec(compile(code, page, "exec"), {"__name__": "example"})


def name_of(value: str | list[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)


@pytest.mark.parametrize(("page", "words"), commands(), ids=name_of)
def test_a_command_in_an_example_exists_with_its_options(page: str, words: list[str]) -> None:
    command: click.Command = cli
    context = click.Context(cli, info_name="flowcore")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, f"{page}: flowcore has no command {words[0]}"
        command, words = found, words[1:]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {
        "--help",
        "--version",
    }
    unknown = [word for word in words if word.startswith("-") and word != "-" and word.partition("=")[0] not in known]
    assert not unknown, f"{page}: {command.name} has no {unknown}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert not [target for target in targets if not (page.parent / target).exists()]
