"""Laws of detection: whatever the bytes are, it ends, says the same twice, and lets nothing unprintable out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from time import process_time
from typing import Any

import pytest
from attrs import asdict
from hypothesis import example, given
from hypothesis import strategies as st

from flowcore.detection import check_ref, detect_project, find_compose, find_projects, parse_location, split_tail
from flowcore.detection._dockerfile import parse_dockerfile
from flowcore.detection._project_files import ProjectFiles
from flowcore.detection._providers import plan_of
from flowcore.detection._refs import ref_problems
from flowcore.detection._registry import PROVIDERS
from flowcore.detection._walk import names_in
from flowcore.errors import InvalidInputError, NotFoundError
from flowcore.files import MemoryFiles

#: Every file that is looked into, by name; a pattern stands for one name that it matches.
NAMES = sorted(
    {name.replace("*", "shop") for provider in PROVIDERS for name in (*provider.marks, *provider.manifests)}
    | {pin.where.rpartition(" ")[2].replace("*", "shop") for provider in PROVIDERS for pin in provider.pins}
    | {"Procfile", "Dockerfile", "compose.yaml", ".env", "config.ru", "artisan", "public/index.php", "cmd/a/main.go"}
    | {"src/main.rs", "src/main/resources/application.yml", "src/main/resources/application.properties", "server.js"}
)
WORDS = [
    *("FROM a", "EXPOSE 80", "ENV A=", "$A", "\\\n", "web: ", "services:", "[package]", "name = ", '"', "'", "{", "}"),
    *("[", "]", "<java.version>", "go 1", "toolchain go1", "ruby ", " ", "\t", "\n", "\r\n", ":", "=", "#", "next"),
    *("flask", "app = Flask(", "FastAPI(", "manage", "DJANGO_SETTINGS_MODULE', '", ".listen(", "port=", "9" * 30),
    *("\x00", "\x1b", "\ufeff", "é", "\u202e", "sourceCompatibility", "JavaLanguageVersion.of(", "server:\n", " port:"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "scripts",
                    "start",
                    "main",
                    "engines",
                    "node",
                    "packageManager",
                    "dependencies",
                    "require",
                    "php",
                    "sdk",
                    "version",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
contents = st.binary(max_size=200) | st.lists(st.sampled_from(WORDS), max_size=30).map("".join) | JSON.map(json.dumps)
trees = st.dictionaries(
    st.tuples(st.sampled_from(["", "web/", "api/", "tests/a/", "a\nb/"]), st.sampled_from(NAMES)).map("".join),
    contents,
    max_size=8,
)


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)


@given(trees)
def test_any_tree_is_understood_the_same_twice(tree: dict[str, str | bytes]) -> None:
    forwards, backwards = MemoryFiles(tree), MemoryFiles(dict(reversed(tree.items())))

    projects = find_projects(forwards)

    assert projects == find_projects(backwards)
    assert detect_project(forwards) == detect_project(backwards)
    assert find_compose(forwards) == find_compose(backwards)
    assert all(text.isprintable() for project in projects for text in texts(asdict(project)))
    assert all(0 <= project.port < 65536 and bool(project.port) == bool(project.port_reason) for project in projects)
    json.dumps([asdict(project) for project in projects], ensure_ascii=False).encode()


@given(trees)
def test_every_candidate_is_a_file_of_the_tree(tree: dict[str, str | bytes]) -> None:
    files = MemoryFiles(tree)

    for found in find_compose(files):
        assert {found.path, *found.overrides, *found.variants, *found.env_files} <= set(files.contents)


@given(st.lists(st.sampled_from(WORDS), max_size=60).map("".join) | st.text())
def test_any_dockerfile_can_be_read(text: str) -> None:
    found = parse_dockerfile(text)

    assert all(0 < port < 65536 for port in found.ports)
    assert all(value.isprintable() for value in texts(asdict(found)))


#: What makes careless patterns take hours when it is repeated.
UNITS = [
    *("\n", " ", "\t", "a", "-p ", "<java.version>", "Listen", "server:\n", "  \n", "{", "#\n", "a:\n", "ruby ", "x="),
    *("FROM a AS b\n", "ENV a=b\n", "EXPOSE 1\n", "channel", "\\\n", "services", "PORT", ".listen( ", "app: "),
    *("                    x\n", "[a]\n", "[[a]]\n", "a.", "[", '{"a":'),
]
HEADS = ["", "server:\n", "sourceCompatibility", "app", "a:\n", "{", "FROM a\nENV ", "python_requires", "Addr", "web:"]


@pytest.mark.parametrize("unit", UNITS)
def test_no_text_takes_long(unit: str) -> None:
    before = process_time()

    for head in HEADS:
        text = head + unit * (20_000 // len(unit))
        files = MemoryFiles(dict.fromkeys(NAMES, text))
        project = ProjectFiles(files, "", names_in(files, ""))
        for provider in PROVIDERS:
            plan_of(provider, project)
        detect_project(files)
        parse_dockerfile(text)
        find_compose(files)

    assert process_time() - before < 10


alphabet = st.sampled_from(
    [*"abz09.-_~%/:@#?=&[]\\ \n\x00é", "https://", "ssh://", "git@", "github.com", "/-/tree/", "%2e", "..", "%2f"]
)
urls = st.lists(alphabet, max_size=25).map("".join)


@given(urls | st.text() | urls.map("https://".__add__))
@example("https://[/o/r")
@example("https://℀.example.org/o/r")
@example("ssh://git@h/\ud800/r")
def test_a_location_is_clean_or_refused(url: str) -> None:
    try:
        location = parse_location(url)
    except InvalidInputError:
        return

    assert location.name
    assert location.scheme in ("https", "http", "ssh")
    assert location.url.isascii() or location.scheme == "ssh"
    assert all(
        text.isprintable() and not text.startswith("-") for text in (location.url, location.host, location.name)[:2]
    )
    assert "?" not in location.url
    assert "#" not in location.url
    assert ".." not in f"{location.tail}/{location.path}".split("/")
    if "://" in location.url:
        assert parse_location(location.url).url == location.url


@given(st.text(alphabet="ab/.-", max_size=12), st.sets(st.text(alphabet="ab/.-", min_size=1, max_size=6)))
def test_a_split_tail_is_the_tail(tail: str, refs: set[str]) -> None:
    try:
        ref, path = split_tail(tail, refs)
    except NotFoundError:
        return

    assert f"{ref}/{path}".strip("/") == tail.strip("/")


@given(st.text())
def test_any_name_is_a_ref_or_refused(name: str) -> None:
    problems = ref_problems(name)

    assert len({problem.message for problem in problems}) == len(problems)
    with pytest.raises(InvalidInputError) if problems else nullcontext():
        check_ref(name)
