"""Laws of the Compose language: nothing crashes it, and its stages do what they promise on every input."""

from __future__ import annotations

import json
import shlex
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from flowcore.compose import (
    Binds,
    Expose,
    MemoryFiles,
    import_compose,
    interpolate,
    load,
    merge,
    parse_dotenv,
    parse_volume,
)
from flowcore.compose._environment import escape
from flowcore.compose._names import Names, clean_name
from flowcore.compose._normalise import SERVICE, TOP_LEVEL
from flowcore.compose._ports import Port, parse_port
from flowcore.errors import InvalidInputError
from flowcore.kinds import core_catalogue
from flowcore.lint import validate
from flowcore.planning import plan
from tests.schemas import violations

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "80:80",
            "db",
            "a",
            "./a:/b",
            "/a",
            "a:/b:ro",
            "${X}",
            "${X:?no}",
            "$",
            "1m30s",
            "512m",
            "0.5",
            "CMD",
            "NONE",
            "a=b",
        ]
    ),
)
_NAMES = st.sampled_from(
    ["a", "b_b", "db", "data", "9", "A", "x-y", "", "name", "source", "target", "condition", "file"]
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3), max_leaves=8
)
_FILES = {
    "a": "x",
    ".env": "X=1",
    "conf/a.txt": "a",
    "conf/deep/b": b"\xff",
    "key.pem": "PRIVATE KEY-----",
    "e.env": "A=1",
}
_SERVICES = st.dictionaries(st.sampled_from(sorted(SERVICE)), _VALUES, max_size=8)


def _check_refusal(error: InvalidInputError) -> None:
    assert error.findings
    assert error.findings[0].is_error
    assert str(error)


def _try_import(text: str) -> None:
    try:
        imported = import_compose(text + "\n", files=MemoryFiles(_FILES))
    except InvalidInputError as error:
        _check_refusal(error)
        return
    ids = [node.id for node in imported.workflow.nodes]
    assert len(ids) == len(set(ids))
    assert {edge.source for edge in imported.workflow.edges} | {edge.target for edge in imported.workflow.edges} <= set(
        ids
    )
    assert set(imported.secret_values) <= set(ids)
    json.dumps([dict(node.data) for node in imported.workflow.nodes], allow_nan=False)


@given(st.text(max_size=200))
@example("services: {a: {image: x, environment: [? a]}}")
@example("a: &a [*a, *a]")
@example("--- !!python/object:os.system x")
@example("services:\n  a: &a\n    <<: *a\n    image: b")
@example("%YAML 9.9\n---\na: 1")
def test_an_arbitrary_text_is_imported_or_refused(text: str) -> None:
    _try_import(text)


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`?,\n \t<=$~0.x", max_size=80))
def test_a_text_of_yaml_signs_is_imported_or_refused(text: str) -> None:
    _try_import(text)


@given(
    st.dictionaries(st.sampled_from(sorted(TOP_LEVEL)), _VALUES, max_size=5),
    st.dictionaries(_NAMES, _SERVICES, max_size=3),
)
def test_an_arbitrary_document_is_imported_or_refused(top: dict[str, Any], services: dict[str, Any]) -> None:
    for service in services.values():
        service.setdefault("image", "postgres")
    _try_import(json.dumps({**top, "services": services}))


@given(_SERVICES)
def test_a_service_with_any_values_is_imported_or_refused(service: dict[str, Any]) -> None:
    service["image"] = "nginx"
    others: dict[str, Any] = {name: {"image": "redis"} for name in ("a", "db")}
    volumes: dict[str, Any] = {"a": None, "data": {}}
    _try_import(json.dumps({"services": {**others, "web": service}, "volumes": volumes}))


def _pick(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def _some(*values: Any) -> st.SearchStrategy[Any]:
    return st.lists(_pick(*values), max_size=4)


_MOUNT = {"type": "bind", "source": "./conf", "target": "/c", "read_only": True}
_CONDITION = _pick("service_started", "service_healthy", "service_completed_successfully")
_SENSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "image": _pick("nginx", "postgres:16", "ghcr.io/a/b@sha256:" + "0" * 64, "mcr.microsoft.com/mssql/server:1"),
    "build": _pick(".", {"context": "conf", "target": "x"}),
    "command": _pick("a -b 'c d'", ["x", "$$(y)"], "", []),
    "entrypoint": _pick("/e", "", ["a"], None),
    "environment": _pick({"A": 1, "DB_PASSWORD": "p", "B": None}, ["URL=http://b_b:80/", "HOST=b_b", "x y=1"]),
    "env_file": _pick("e.env", ["no.env"], [{"path": "no", "required": False}]),
    "expose": _some(80, "90/udp", "1000-1002"),
    "ports": _some("80", "8080:80", "127.0.0.1:81:81", "53:53/udp", {"target": 9, "published": "9", "name": "web"}),
    "volumes": _some(
        "data:/d", "/anon", "./conf:/c", "./a:/a.txt", "./no:/n", "key.pem:/k", "/proc:/p", "x:/x:ro", _MOUNT
    ),
    "tmpfs": _pick("/t", ["/d", "/t:size=64m"]),
    "depends_on": st.dictionaries(_pick("db", "b_b"), st.fixed_dictionaries({"condition": _CONDITION}), max_size=2),
    "links": _some("db:database", "b_b"),
    "healthcheck": _pick(
        {"test": "x"}, {"test": ["NONE"]}, {}, {"disable": True}, {"test": ["CMD", "a"], "start_period": "5s"}
    ),
    "deploy": _pick({"replicas": 2}, {"mode": "global"}, {"resources": {"limits": {"cpus": "0.5", "memory": "1g"}}}),
    "secrets": _some("s", {"source": "s", "target": "/x", "mode": "0440"}),
    "configs": _some("c", {"source": "c", "target": "/c"}),
    "user": _pick("1000:1000", "postgres", "0"),
    "restart": _pick("no", "always", "on-failure:3"),
    "network_mode": _pick("host", "none", "service:db"),
    "networks": _pick(["n"], {"n": {"aliases": ["w_w"], "ipv4_address": "1.2.3.4"}}),
    "extra_hosts": _pick(["a:1.2.3.4", "b=host-gateway"], {"c": "::1"}),
    "labels": _pick({"kompose.controller.type": "job"}, ["kompose.service.type=nodeport"], {"a b": "c"}),
    "container_name": _pick("a_a", "db"),
    "scale": _pick(0, 3),
    "profiles": _pick([], ["p"]),
}
_PLAUSIBLE = st.fixed_dictionaries({"image": _SENSIBLE.pop("image")}, optional=_SENSIBLE)


@given(_PLAUSIBLE, _PLAUSIBLE, _pick(*Expose), _pick(*Binds))
def test_plausible_services_make_a_drawing_without_errors(
    web: dict[str, Any], other: dict[str, Any], expose: Expose, binds: Binds
) -> None:
    for key in ("depends_on", "links", "profiles"):
        other.pop(key, None)
    document = {
        "services": {"web": web, "b_b": other, "db": {"image": "mariadb"}},
        "volumes": {"data": None},
        "secrets": {"s": {"content": "top"}},
        "configs": {"c": {"file": "a"}},
        "networks": {"n": None},
    }
    text = json.dumps(document)
    if binds is Binds.REFUSE:
        _try_import(text)
        return
    imported = import_compose(text, files=MemoryFiles(_FILES), expose=expose, binds=binds)
    assert import_compose(text, files=MemoryFiles(_FILES), expose=expose, binds=binds) == imported
    catalogue = core_catalogue()
    problems = [finding for finding in validate(imported.workflow, catalogue) if finding.is_error]
    assert not problems
    steps = list(plan(imported.workflow, catalogue, secret_values=imported.secret_values).steps)
    assert len(steps) == len(imported.workflow.nodes)
    assert not [violation for step in steps for violation in violations(step.manifest)]


@given(st.text(max_size=40))
def test_a_text_without_dollar_signs_stays_as_it_is(text: str) -> None:
    text = text.replace("$", "")
    assert interpolate(text, {"A": "1"}) == text


@given(st.text(max_size=40))
def test_doubled_dollar_signs_give_the_text_back(text: str) -> None:
    assert interpolate(text.replace("$", "$$"), {}) == text


@given(st.text(max_size=20), st.text(max_size=20).filter(lambda text: not set(text) & set("${}")))
def test_a_value_wins_over_a_default_and_is_not_replaced_again(value: str, default: str) -> None:
    assert interpolate(f"${{A-{default}}}", {"A": value}) == value
    assert interpolate(f"${{A:-{default}}}", {"A": value}) == (value or default)
    assert interpolate(f"${{B:-{default}}}", {"A": value}) == default


@given(st.text(max_size=40), st.dictionaries(st.sampled_from(["A", "B"]), st.text(max_size=5)))
def test_a_template_is_replaced_or_refused(text: str, env: dict[str, str]) -> None:
    try:
        interpolate(text, env)
    except InvalidInputError as error:
        _check_refusal(error)


@given(st.text(max_size=80))
def test_a_dotenv_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_dotenv(text, {"A": "1"})
    except InvalidInputError as error:
        _check_refusal(error)
        return
    assert all(isinstance(value, str) for value in found.values())


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True), st.text(alphabet='abc $#=:/ "', max_size=12)
    )
)
def test_single_quotes_keep_every_value(values: dict[str, str]) -> None:
    text = "\n".join(f"{name}='{value}'" for name, value in values.items())
    assert parse_dotenv(text) == values


@given(st.text(max_size=30))
def test_a_volume_is_parsed_or_refused(spec: str) -> None:
    try:
        found = parse_volume(spec)
    except InvalidInputError:
        return
    assert found["target"]


@given(_VALUES.filter(lambda value: isinstance(value, dict)))
def test_merging_with_itself_or_nothing_changes_no_plain_mapping(tree: dict[str, Any]) -> None:
    document = {"x-any": tree}
    assert repr(merge(document, {})) == repr(document)
    assert repr(merge({}, document)) == repr(document)


@given(st.integers(1, 65535), st.integers(1, 65535), st.sampled_from(["tcp", "udp", "sctp"]))
def test_a_published_port_is_read_back(published: int, target: int, protocol: str) -> None:
    assert parse_port(f"{published}:{target}/{protocol}") == [
        Port(target=target, published=published, protocol=protocol)
    ]


@given(st.lists(st.text(max_size=80), max_size=12), st.integers(20, 63))
def test_names_are_valid_short_and_never_repeated(wishes: list[str], limit: int) -> None:
    names = Names()
    found = [names.take(wish, limit) for wish in wishes]
    assert len(set(found)) == len(found)
    for name in found:
        assert 0 < len(name) <= limit
        assert name[0].isalpha()
        assert name[-1].isalnum()
        assert name == clean_name(name, limit)


def _expanded(text: str) -> str:
    """What the kubelet makes of a command's word when no variable is known: ``$$`` becomes ``$``."""
    result, at = [], 0
    while at < len(text):
        if text[at : at + 2] == "$$":
            result.append("$")
            at += 2
        else:
            result.append(text[at])
            at += 1
    return "".join(result)


@given(st.text(alphabet="$()aA ", max_size=20))
def test_an_escaped_word_reaches_the_container_unchanged(text: str) -> None:
    assert _expanded(escape(text)) == text
    assert "$(" not in escape(text).replace("$$", "")


@given(st.lists(st.text(alphabet="ab '\"\\$", max_size=6), max_size=4))
def test_a_command_as_text_and_as_list_mean_the_same(words: list[str]) -> None:
    doubled = [word.replace("$", "$$") for word in words]
    as_list = load(json.dumps({"services": {"a": {"image": "x", "command": doubled}}}))
    as_text = load(json.dumps({"services": {"a": {"image": "x", "command": shlex.join(doubled)}}}))
    assert as_list["services"]["a"]["command"] == as_text["services"]["a"]["command"] == words
