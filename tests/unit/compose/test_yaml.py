"""Reading YAML: positions, anchors, merge keys, duplicates and limits."""

from __future__ import annotations

import pytest

from flowcore.compose._marks import mark_of
from flowcore.compose._report import Report
from flowcore.compose._scalars import resolve, text_of
from flowcore.compose._yaml import MAX_DEPTH, MAX_VALUES, Tagged, read_yaml
from tests.unit.compose.looking import imported, only, refused


def test_every_entry_knows_its_line_and_column() -> None:
    (tree,) = read_yaml("a:\n  b: 1\n  c:\n    - x\n    - y: z\n", "f.yaml", Report())
    assert mark_of(tree, "a")[:3] == ("f.yaml", 1, 1)
    assert mark_of(tree["a"], "b")[:3] == ("f.yaml", 2, 3)
    assert mark_of(tree["a"], "b").value_column == 6
    assert mark_of(tree["a"]["c"], 0)[:3] == ("f.yaml", 4, 7)
    assert mark_of(tree["a"]["c"][1], "y")[:3] == ("f.yaml", 5, 7)


def test_a_duplicate_key_is_an_error_with_both_lines() -> None:
    error = refused("services:\n  web:\n    image: a\n    ports: [80]\n    image: b\n")
    finding = only(error, "duplicate-key")
    assert "line 3" in finding.message
    assert "line 5" in finding.message
    assert (finding.place.line, finding.place.column) == (5, 5)


def test_anchors_merge_keys_and_extensions_are_understood() -> None:
    result = imported("""
        x-common: &common
          image: nginx
          environment: &env {A: "1"}
        x-more: &more {working_dir: /w, image: other}
        services:
          one: {<<: *common, working_dir: /a}
          two:
            <<: [*common, *more]
            environment: {<<: *env, B: "2"}
        """)
    one, two = result.workflow.node("one").data, result.workflow.node("two").data
    assert (one["image"], one["workingDir"]) == ("nginx", "/a")
    assert (two["image"], two["workingDir"]) == ("nginx", "/w")
    assert result.workflow.node("two-config").data["data"] == {"B": "2", "A": "1"}
    assert not [f for f in result.findings if f.rule == "compose-unknown-key"]


def test_a_quoted_merge_sign_is_an_ordinary_key() -> None:
    (tree,) = read_yaml('a: {"<<": 1}', "f", Report())
    assert tree == {"a": {"<<": 1}}


def test_a_bomb_of_aliases_is_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    error = refused("\n".join(lines) + "\n")
    assert str(MAX_VALUES) in only(error, "yaml").message


def test_an_alias_inside_its_own_anchor_is_refused() -> None:
    assert "no anchor" in only(refused("services: &s\n  web: *s\n"), "yaml").message


def test_deep_nesting_is_refused() -> None:
    error = refused("a: " + "[" * (MAX_DEPTH + 5) + "\n")
    assert "deeper" in only(error, "yaml").message


def test_a_huge_text_is_refused() -> None:
    assert "characters" in only(refused("a: b\n" * 1_000_000), "yaml").message


def test_broken_yaml_is_reported_with_its_line() -> None:
    finding = only(refused("services:\n  web: [a\n  b: c\n"), "yaml")
    assert finding.place.file == "compose.yaml"
    assert finding.place.line in (2, 3)


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text\n", "\n", "# nothing\n", "services:\n", "services: []\n"])
def test_what_is_no_compose_file_is_refused(text: str) -> None:
    assert refused(text).findings


def test_a_key_that_is_a_list_is_refused() -> None:
    assert "key" in only(refused("services:\n  ? [a]\n  : b\n"), "yaml").message


def test_several_documents_are_merged() -> None:
    result = imported("services: {web: {image: a}}\n---\nservices: {web: {working_dir: /w}}\n")
    assert result.workflow.node("web").data["workingDir"] == "/w"


def test_the_tags_reset_and_override_are_kept_for_the_merge() -> None:
    (tree,) = read_yaml("a: !reset null\nb: !override [x]\nc: !other y\n", "f", Report())
    assert isinstance(tree["a"], Tagged)
    assert isinstance(tree["b"], Tagged)
    assert tree["c"] == "y"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"), ("on", "on"), ("true", True), ("False", False), ("~", None), ("", None), ("0x1f", 31),
        ("0o17", 15), ("017", 15), ("08", 8.0), ("1_000", 1000), ("1e3", 1000.0), ("1.5", 1.5),
        ("1000:1000", "1000:1000"),
        ("2001-01-01", "2001-01-01"), ("-3", -3), ("+3", 3), ("1.2.3", "1.2.3"), ("-", "-"), (".", "."), ("0", 0),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_compose_says(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (None, ""), (8000, "8000"), (1.5, "1.5"), (2.0, "2")])
def test_scalars_become_the_text_a_container_sees(value: object, text: str) -> None:
    assert text_of(value) == text
