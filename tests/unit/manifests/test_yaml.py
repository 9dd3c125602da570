"""YAML in and out."""

from __future__ import annotations

import pytest

from flowcore.errors import InvalidInputError, LimitExceededError
from flowcore.manifests import from_yaml, read_trees, to_yaml


def test_documents_are_parted_and_empty_ones_left_out() -> None:
    assert from_yaml("a: 1\n---\n---\nb: 2\n") == [{"a": 1}, {"b": 2}]
    assert to_yaml([{"a": 1}, {"b": 2}]) == "a: 1\n---\nb: 2\n"


def test_one_mapping_is_one_document() -> None:
    assert to_yaml({"a": {"b": [1, {"c": None}]}}) == "a:\n  b:\n    - 1\n    - c: null\n"


def test_the_same_object_twice_makes_no_anchor() -> None:
    labels = {"app": "web"}
    assert to_yaml({"a": labels, "b": labels}) == "a:\n  app: web\nb:\n  app: web\n"


@pytest.mark.parametrize(
    "text", ["yes", "No", "on", "y", "08", "0x1F", "1e3", "1_000", "12:30", "null", "~", "2026-01-01", ".5"]
)
def test_texts_that_look_like_something_else_are_quoted(text: str) -> None:
    assert to_yaml({"a": text}) == f'a: "{text}"\n'


@pytest.mark.parametrize(
    "text", ["nginx:1.27", "/etc/config", "a-b_c.d", "8080/tcp", "ghcr.io/me/app@sha256:ab", "x=1"]
)
def test_harmless_texts_are_not_quoted(text: str) -> None:
    assert to_yaml({"a": text}) == f"a: {text}\n"


def test_texts_of_several_lines_are_blocks() -> None:
    assert to_yaml({"a": "b\n\n c\n", "d": ["e\nf"]}) == "a: |\n  b\n\n   c\nd:\n  - |-\n    e\n    f\n"


def test_what_is_no_plain_value_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        to_yaml({"a": object()})
    with pytest.raises(TypeError, match="key"):
        to_yaml([{1: 2}])


def test_words_of_yaml_1_1_are_texts_and_moments_stay_texts() -> None:
    assert from_yaml("{a: yes, b: 2026-01-01, c: 0o10, d: 1e2, e: .inf}") == [
        {"a": "yes", "b": "2026-01-01", "c": 8, "d": 100.0, "e": float("inf")}
    ]


def test_aliases_and_merge_keys_are_copied_out() -> None:
    document = from_yaml("a: &x {k: 1}\nb: *x\nc: {<<: *x, l: 2}\nd: {<<: [*x, {m: 3}], k: 9}\n")[0]
    assert document == {"a": {"k": 1}, "b": {"k": 1}, "c": {"l": 2, "k": 1}, "d": {"k": 9, "m": 3}}
    assert document["a"] is not document["b"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\na: 2", 2),
        ("a: [", 1),
        ("a: 1\nb: !!python/object x", 2),
        ("? [a]\n: 1", 1),
        ("a: *nope", 1),
        ("\x00", 0),
        ('a: "\\UFFFFFFFF"', 0),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_place(text: str, line: int) -> None:
    with pytest.raises(InvalidInputError) as caught:
        from_yaml(text, file="f.yaml")
    assert caught.value.findings[0].place.file == "f.yaml"
    assert caught.value.findings[0].place.line >= line


def test_documents_made_to_exhaust_memory_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(LimitExceededError):
        from_yaml("\n".join(lines))
    with pytest.raises(LimitExceededError):
        from_yaml("[" * 5000 + "]" * 5000)
    with pytest.raises(LimitExceededError):
        from_yaml("a: &x [*x]")
    with pytest.raises(LimitExceededError):
        from_yaml("x" * 2_000_001)


def test_trees_know_their_lines() -> None:
    tree = read_trees("a: 1\nb:\n  - x\n  - y: 2\n", file="f.yaml")[0]
    assert (tree.file, tree.lines, tree["b"].lines, tree["b"][1].line) == ("f.yaml", {"a": 1, "b": 2}, [3, 4], 4)
