"""Hostile projects are refused with a place and a fix, or imported, in the time and memory a project needs."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowcore.compose import MemoryFiles, import_compose, interpolate, load, merge, parse_dotenv, parse_volume
from flowcore.compose._limits import MAX_READ, LimitedFiles, weight
from flowcore.compose._names import Names
from flowcore.compose._words import split_words
from flowcore.errors import InvalidInputError
from flowcore.files import Entry, EntryKind, FolderFiles

WEB = "services:\n  web:\n    image: nginx\n"
MEGABYTE = 1_000_000


def _nested(opening: str, closing: str, times: int) -> str:
    return opening * times + closing * times


def _aliases(first: str, item: str) -> str:
    lines = [f"x-0: &a0 {first}"]
    lines += [f"x-{n}: &a{n} {item.format(','.join([f'*a{n - 1}'] * 9))}" for n in range(1, 12)]
    return "\n".join(lines) + f"\n{WEB}"


HOSTILE = {
    "aliases of aliases": _aliases("[1, 2, 3]", "[{}]"),
    "merge keys of merge keys": _aliases("{k: v}", "{{<<: [{}]}}"),
    "one long text many times": f"x: &a {'y' * MEGABYTE}\nx-more: [{'*a, ' * 10_000}]\n{WEB}",
    "aliases that add up to depth": "x-0: &a0 "
    + _nested("[", "]", 90)
    + "".join(f"\nx-{n}: &a{n} {'[' * 90}*a{n - 1}{']' * 90}" for n in range(1, 30))
    + f"\n{WEB}",
    "brackets": "services: " + "[" * 10_000,
    "braces": "services: " + "{a: " * 50_000,
    "indentation": "services:\n" + "\n".join(" " * depth + "a:" for depth in range(1, 500)),
    "dashes": "services:\n  " + "- " * 100_000,
    "ten megabytes": f"{WEB}    command: {'x' * 10 * MEGABYTE}\n",
    "a million lines": "services:\n" + "  - a\n" * MEGABYTE,
    "ports of ranges": WEB + "    ports:\n" + "    - 1000-2000\n" * 1_000,
    "exposed ranges": WEB + "    expose:\n" + "    - 1000-2000\n" * 1_000,
    "every port": WEB + "    ports: ['1-65535']\n",
    "huge port": WEB + f"    ports: [{'9' * 5_000}]\n",
    "huge replicas": WEB + f"    deploy: {{replicas: {'9' * 30}}}\n",
    "huge scale": WEB + "    scale: 99999999999\n",
    "negative scale": WEB + "    scale: -1\n",
    "binary": "services:\n" + bytes(range(256)).decode("latin-1"),
    "a NUL": WEB + "    command: a\0b\n",
    "a NUL by escape": WEB + '    command: "a\\0b"\n',
    "more than a character": WEB + '    command: "\\UFFFFFFFF"\n',
    "half of a character": WEB + '    command: "\\ud800"\n',
    "very many services": "services:\n" + "".join(f"  s{n}: {{image: a}}\n" for n in range(502)),
    "extending much": "services:\n  base: {image: a, command: ["
    + "x, " * 1_000
    + "]}\n"
    + "".join(f"  s{n}: {{extends: base}}\n" for n in range(500)),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_is_refused_with_a_place_in_little_memory(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowcore.compose._normalise.MAX_SERVICES", 501)
    monkeypatch.setattr("flowcore.compose._report.MAX_WRITTEN_OUT", 5_000)
    for stage in (import_compose, load):
        tracemalloc.start()
        try:
            with pytest.raises(InvalidInputError) as caught:
                stage(text)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 150 * MEGABYTE
        assert str(caught.value.findings[0].place)
        assert len(caught.value.findings) < 1_100


@pytest.mark.parametrize(
    "stage",
    [
        lambda: interpolate(_nested("${a:-", "}", 1_000), {}),
        lambda: interpolate("${" * 100_000, {}),
        lambda: interpolate("$A" * 100_000, {"A": "x" * MEGABYTE}),
        lambda: parse_dotenv("A0=xxxxxxxxxx\n" + "".join(f"A{n}={f'$A{n - 1}' * 10}\n" for n in range(1, 30))),
        lambda: parse_dotenv('A="' + "\\" * 100_000),
        lambda: parse_volume(":".join(["a"] * 100_000)),
        lambda: merge(_deep(10_000), _deep(10_000)),
        lambda: import_compose(WEB + "    command:\n" + "    - $A\n" * 5_000, env={"A": "x" * MEGABYTE}),
        lambda: import_compose(WEB, env={"A": "\udcff"}),
        lambda: import_compose(WEB, env={"A": "a\0b"}),
    ],
    ids=["nested", "open braces", "growth", "growth in .env", "quotes", "colons", "depth", "texts", "half", "NUL"],
)  # fmt: skip
def test_a_stage_refuses_what_is_endless(stage: Callable[[], object]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        stage()
    assert caught.value.findings


def _deep(times: int) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for _ in range(times):
        tree = {"a": tree}
    return tree


def test_a_limit_is_told_once() -> None:
    with pytest.raises(InvalidInputError) as caught:
        import_compose(HOSTILE["ports of ranges"])
    assert [finding.rule for finding in caught.value.findings] == ["compose-limit"]
    assert caught.value.findings[0].fix


@pytest.mark.parametrize(
    "odd", ["fifo", "link-out", "circle", "/dev/zero", "/etc/passwd", "../outside.env", "conf", "a\nb", "nul\\0"]
)
def test_an_env_file_that_is_no_file_of_the_project_is_not_read(tmp_path: Path, odd: str) -> None:
    folder = _folder(tmp_path)
    (folder / "compose.yaml").write_text(f'{WEB}    env_file: "{odd}"\n'.replace("\nb", "\\nb"))
    if "\\0" in odd:
        with pytest.raises(InvalidInputError) as caught:
            import_compose(folder)
        assert caught.value.findings[0].place.line == 4
        return
    found = import_compose(folder)
    assert "rosebud" not in repr(found.workflow)
    assert not found.secret_values
    assert [finding.place.line for finding in found.findings if finding.rule == "compose-env-file"] == [4]


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "conf").mkdir(parents=True)
    (tmp_path / "outside.env").write_text("PASSWORD=rosebud\n")
    os.mkfifo(folder / "fifo")
    (folder / "link-out").symlink_to(tmp_path / "outside.env")
    (folder / "circle").symlink_to("circle")
    return folder


@pytest.mark.parametrize("odd", ["circle", "large", "/dev/zero", "conf"])
def test_a_source_that_is_no_file_of_a_compose_size_is_refused(tmp_path: Path, odd: str) -> None:
    folder = _folder(tmp_path)
    with (folder / "large").open("wb") as file:
        file.truncate(10**12)  # a hole: it takes no room
    with pytest.raises(InvalidInputError) as caught:
        import_compose(folder / odd)
    assert caught.value.findings[0].place.file == str(folder / odd)


def test_links_inside_a_folder_do_not_make_it_endless(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    for number in range(9):
        (folder / "conf" / f"l{number}").symlink_to(".")
    (folder / "compose.yaml").write_text(f"{WEB}    volumes: ['./conf:/c']\n")
    found = import_compose(folder)
    assert [finding.rule for finding in found.findings if "too many" in finding.message]


class _CountingFiles:
    """Files that count how often they are read."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.reads = 0

    def look(self, path: str) -> Entry:
        return Entry(EntryKind.MISSING) if path == ".env" else Entry(EntryKind.FILE, len(self.content))

    def read(self, path: str) -> bytes:
        self.reads += 1
        return self.content

    def names(self, path: str) -> tuple[str, ...]:
        return ()


def test_an_env_file_and_a_mounted_file_are_read_once_for_all_services() -> None:
    files = _CountingFiles(b"A=1\n")
    services = "".join(f"  s{n}: {{image: a, env_file: e.env, volumes: ['./f.conf:/f']}}\n" for n in range(30))
    import_compose("services:\n" + services, files=files)
    assert files.reads == 2


def test_a_project_reads_only_so_much() -> None:
    files = _CountingFiles(b"x" * 899_000)
    names = [f"c{n}" for n in range(MAX_READ // 899_000 + 1)]
    text = f"{WEB}    configs: [{', '.join(names)}]\nconfigs:\n" + "".join(f"  {n}: {{file: {n}}}\n" for n in names)
    with pytest.raises(InvalidInputError) as caught:
        import_compose(text, files=files)
    assert caught.value.findings[0].rule == "compose-limit"
    assert files.reads == len(names) - 1


def test_a_file_that_does_not_fit_is_not_read() -> None:
    files = _CountingFiles(b"12345")
    limited = LimitedFiles(files, room=7)
    assert limited.read("a") == b"12345"
    with pytest.raises(InvalidInputError):
        limited.read("a")
    assert files.reads == 1


def test_variables_of_shared_env_files_are_counted() -> None:
    files = MemoryFiles({"e.env": "".join(f"A{n}=1\n" for n in range(20_000))})
    text = "services:\n" + "".join(f"  s{n}: {{image: a, env_file: e.env}}\n" for n in range(100))
    with pytest.raises(InvalidInputError) as caught:
        import_compose(text, files=files)
    assert [finding.rule for finding in caught.value.findings if finding.is_error] == ["compose-limit"]


def test_a_value_that_is_there_many_times_is_weighed_once() -> None:
    tree: list[Any] = [1]
    for _ in range(200):
        tree = [tree, tree]
    known: dict[int, int] = {}
    assert weight(tree, known) == 2**200 * 3 - 1
    assert len(known) == 201


def test_many_names_that_look_alike_are_numbered_without_trying_all_before(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names()
    for _ in range(1_000):
        names.take("a")
    tried = []
    monkeypatch.setattr("flowcore.compose._names.clean_name", lambda name, limit: tried.append(name) or name)
    assert names.take("a") == "a-1001"
    assert len(tried) < 5


def test_a_thousand_services_that_depend_on_each_other_in_a_row_are_imported() -> None:
    rows = "".join(f"  s{n}: {{image: a, depends_on: [s{n + 1}]}}\n" for n in range(1_500))
    assert len(import_compose(f"services:\n{rows}  s1500: {{image: a}}\n").workflow.nodes) >= 1_501


@pytest.mark.parametrize("text", ["'a", 'a "b', "a\\", '"a\\'])
def test_a_command_with_an_open_quote_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="No "):
        split_words(text)


def test_a_folder_never_leads_to_a_device(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "zero").symlink_to("/dev/zero")
    files = FolderFiles(folder)
    assert files.look("zero").kind is EntryKind.OUTSIDE
    assert files.look("fifo").kind is EntryKind.MISSING
