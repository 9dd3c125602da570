"""Laws of importing nearly valid Compose projects: several files, every key with right and wrong shapes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from flowcore.compose import Imported, MemoryFiles, import_compose, load, merge
from flowcore.compose._normalise import SERVICE, TOP_LEVEL
from flowcore.compose._scanning import yaml_events
from flowcore.compose._words import split_words
from flowcore.errors import Finding, InvalidInputError, LimitExceededError
from flowcore.kinds import core_catalogue
from flowcore.lint import review, validate
from flowcore.planning import plan

SECRET = "hunter2-rosebud"  # a value that nobody may see again
_CATALOGUE = core_catalogue()
_FILES = MemoryFiles(
    {
        ".env": f"TAG=1\nDB_PASSWORD={SECRET}\n",
        "a.env": f"LEVEL=info\nAPI_TOKEN={SECRET}\n",
        "broken.env": f"PASSWORD='{SECRET}\n",
        "password.txt": SECRET,
        "conf/app.conf": "listen 80",
        "base.yml": "services: {base: {image: redis, environment: [A=1], ports: ['1:1']}}",
    }
)
_ENV = {"API_KEY": SECRET, "EMPTY": ""}

_WORDS = st.sampled_from(
    ["", "a", "db", "x_y", "data", "./conf", "/d", "80", "0", "-1", "1e9", "true", "~", "$TAG", "${NO}"]
)
_HOSTILE = st.sampled_from(
    [
        "${",
        "${A:?gone}",
        "$$",
        "\0",
        "\x85",
        "é",
        "😀",
        "a\nb",
        "../../etc/passwd",
        "/dev/zero",
        "..",
        "a" * 300,
        "[",
        "{a: b}",
    ]
)
_SCALARS = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | _WORDS | _HOSTILE
_ANY: st.SearchStrategy[Any] = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3), max_leaves=5
)


def _pick(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def _list(*values: Any) -> st.SearchStrategy[Any]:
    return st.lists(_pick(*values), max_size=4)


_DEPENDENCY = {"condition": "service_healthy", "required": False, "restart": True}
_RIGHT: dict[str, st.SearchStrategy[Any]] = {
    "image": _pick("nginx", "postgres:16", "a/b:${TAG}", "redis@sha256:" + "0" * 64, "mysql"),
    "build": _pick(".", {"context": "conf", "args": {"TOKEN": SECRET}, "target": "x"}, {"dockerfile_inline": "FROM a"}),
    "command": _pick("a 'b c'", ["x", "$$y"], "", [], None),
    "entrypoint": _pick("/e", ["sh", "-c"], ""),
    "environment": _pick(
        {"DB_PASSWORD": SECRET, "A": 1, "API_KEY": None},
        [f"PASSWORD={SECRET}", f"DATABASE_URL=postgres://u:{SECRET}@db/x", "API_KEY"],
        {"TOKEN": "${DB_PASSWORD}", "B": True, "C": None},
        f"PASSWORD={SECRET}",
    ),
    "env_file": _pick("a.env", ["a.env", "broken.env"], [{"path": "no.env", "required": False}], "../x", "conf"),
    "expose": _list(80, "90/udp", "1000-1002"),
    "ports": _list("80", "8080:80", "3000-3002:80-82", "[::1]:1:1", "53:53/udp", {"target": 9, "published": "9-11"}),
    "volumes": _list(
        "data:/d", "/anon", "./conf:/c:ro", "./no:/n", "C:\\a:/w", "/var/run/docker.sock:/s", "./password.txt:/p",
        {"type": "tmpfs", "target": "/t", "tmpfs": {"size": "1m"}},
        {"type": "volume", "source": "data", "target": "/v"},
        {"type": "image", "source": "a", "target": "/i"}, {"type": "npipe", "target": "/x"}, "~/a:/home",
    ),
    "depends_on": _pick(["db"], {"db": _DEPENDENCY}, {"web": {"condition": "service_started"}}, ["gone"]),
    "links": _list("db:database", "web"),
    "healthcheck": _pick(
        {"test": "x", "interval": "1m30s", "retries": 3}, {"test": ["NONE"]}, {"disable": True},
        {"test": ["CMD", "curl", "-f", "http://localhost:80/"], "start_interval": "1s", "start_period": "0s"},
    ),
    "deploy": _pick(
        {"replicas": 2, "mode": "global"}, {"mode": "replicated-job"}, {"replicas": 10**12},
        {"resources": {"limits": {"cpus": "0.5"}, "reservations": {"devices": [{"capabilities": ["gpu"]}]}}},
        {"update_config": {"parallelism": 2}, "restart_policy": {"condition": "none"}},
        {"placement": {"constraints": ["a==b"]}},
    ),
    "secrets": _list("s", "file_s", {"source": "s", "target": "/x", "mode": 0o440}),
    "configs": _list("c", {"source": "c", "target": "/c"}),
    "networks": _pick(["n"], {"n": {"aliases": ["w_w", "db"], "ipv4_address": "1.2.3.4"}}, {"n": None}),
    "network_mode": _pick("host", "none", "service:db", "bridge"),
    "extends": _pick(
        {"service": "db"}, {"file": "base.yml", "service": "base"}, "web", {"file": "../x.yml", "service": "a"}
    ),
    "labels": _pick({"kompose.service.type": "nodeport"}, ["kompose.cronjob.schedule=* * * * *"], {"a b": None}),
    "restart": _pick("no", "always", "on-failure:3", "unless-stopped"),
    "profiles": _list("p", "q"),
    "user": _pick("1000:1000", "root", 0),
    "ulimits": _pick({"nofile": 1024}, {"nofile": {"soft": 1, "hard": 2}}),
    "sysctls": _pick({"net.core.somaxconn": 1}, ["a=1"]),
    "tmpfs": _pick("/t", ["/t:size=64m"]),
    "mem_limit": _pick("512m", 1024, "1.5gb", 10**30),
    "cpus": _pick("0.5", 2, 1e300),
    "scale": _pick(0, 3, 10**15),
    "gpus": _pick("all", [{"driver": "nvidia", "count": 1}]),
    "stop_grace_period": _pick("1m", "10s"),
    "extra_hosts": _pick(["a:1.2.3.4"], {"b": "::1"}),
}  # fmt: skip


@st.composite
def services(draw: st.DrawFn) -> dict[str, Any]:
    """A service: mostly right keys, some with a value of any shape."""
    chosen = draw(st.lists(st.sampled_from(sorted(_RIGHT)), max_size=6, unique=True))
    service = {"image": "nginx", **{key: draw(_RIGHT[key]) for key in chosen}}
    for key in draw(st.lists(st.sampled_from(sorted(SERVICE)), max_size=draw(_pick(0, 0, 0, 1, 2)), unique=True)):
        service[key] = draw(_ANY)
    return service


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A Compose document with the services web and db, and everything that services may name."""
    document: dict[str, Any] = {
        "services": {name: draw(services()) for name in draw(_pick(("web",), ("web", "db"), ("web", "db", "x_y")))},
        "volumes": {"data": None},
        "secrets": {"s": {"content": SECRET}, "file_s": {"file": "password.txt"}},
        "configs": {"c": {"content": "a"}},
        "networks": {"n": {"internal": True}},
    }
    for key in draw(st.lists(st.sampled_from(sorted(TOP_LEVEL - {"services"})), max_size=draw(_pick(0, 0, 0, 2)))):
        document[key] = draw(_ANY)
    return document


def _outcome(texts: list[str]) -> Imported | tuple[Finding, ...]:
    try:
        return import_compose(texts, env=_ENV, files=_FILES, profiles=["p"])
    except InvalidInputError as error:
        return _shown(error)
    except LimitExceededError:
        return ()


def _shown(error: InvalidInputError) -> tuple[Finding, ...]:
    assert error.findings
    assert error.findings[0].is_error
    assert SECRET not in str(error)
    return error.findings


def _places(findings: tuple[Finding, ...]) -> Iterator[str]:
    return (str(finding.place) for finding in findings)


@given(st.lists(documents(), min_size=1, max_size=3))
def test_a_nearly_valid_project_makes_a_drawing_that_can_be_used_or_findings_that_can_be_followed(
    project: list[dict[str, Any]],
) -> None:
    texts = [json.dumps(document) + "\n" for document in project]
    outcome = _outcome(texts)
    assert _outcome(texts) == outcome
    findings = outcome.findings if isinstance(outcome, Imported) else outcome
    assert SECRET not in repr(findings)
    assert all(_places(findings)), [finding for finding in findings if not str(finding.place)]
    if isinstance(outcome, Imported):
        _check_usable(outcome)


def _check_usable(imported: Imported) -> None:
    workflow = imported.workflow
    assert SECRET not in json.dumps([dict(node.data) for node in workflow.nodes], allow_nan=False)
    assert not [finding for finding in validate(workflow, _CATALOGUE) if finding.is_error]
    review(workflow, _CATALOGUE)
    for step in plan(workflow, _CATALOGUE, secret_values=imported.secret_values).steps:
        json.dumps(dict(step.manifest), allow_nan=False)


@given(documents(), documents())
def test_loading_two_files_and_merging_what_they_load_to_never_break(one: dict[str, Any], two: dict[str, Any]) -> None:
    merge(one, two)
    for strict in (True, False):
        try:
            loaded = load([json.dumps(one) + "\n", json.dumps(two) + "\n"], env=_ENV, strict=strict)
        except InvalidInputError as error:
            _shown(error)
        else:
            assert json.dumps(loaded)


_YAML_TEXTS = st.text(alphabet="ab:-[]{}&*!|>'\"#%@?,\n\r \t<~0.$\ufeff\x85", max_size=60) | st.lists(
    st.sampled_from(
        [
            "a: b",
            "  c: d e",
            "- x",
            "  - y: z",
            "b: http://h:1/p#q",
            "k: |",
            "    t",
            "# c",
            "",
            "e: 'q'",
            " ",
            "f: g # h",
            "---",
            "m: [a, b:1, c/d.e-f]",
            "n: {o: p, q:r: s,t: u}",
            "v: [w x, -y, z:]",
            "q: 'it''s'",
            'r: "a # b" # c',
            "s: ''",
        ]
    ),
    max_size=9,
).map("\n".join)


def _described(text: str, *, ours: bool) -> list[str]:
    found: list[str] = []
    try:
        events = yaml_events(text) if ours else YAML(typ="safe", pure=True).parse(text)
        for event in events:
            start, end = event.start_mark, event.end_mark
            marks = (start.line, start.column, start.index, end.line, end.column, end.index)
            content = f"{getattr(event, 'value', '')!r} {getattr(event, 'style', '')}"
            found.append(f"{type(event).__name__} {content} {marks}")
    except (YAMLError, ValueError, TypeError, AttributeError, IndexError, KeyError, AssertionError) as error:
        found.append(type(error).__name__)
    return found


@given(_YAML_TEXTS)
def test_the_short_cuts_of_the_parser_change_no_event(text: str) -> None:
    assert _described(text, ours=True) == _described(text, ours=False)


def _words(text: str, split: Any) -> list[str] | None:
    try:
        return list(split(text))
    except ValueError:
        return None


@given(st.text(alphabet="ab '\"\\\n\t#$", max_size=20))
def test_a_command_is_split_as_the_standard_library_does(text: str) -> None:
    assert _words(text, split_words) == _words(text, shlex.split)
