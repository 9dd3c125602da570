"""Laws of templates and YAML: values never change structure, what is written reads back equal."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from flowcore.errors import FlowcoreError
from flowcore.manifests import Template, from_yaml, merge, plain, read_trees, to_yaml

#: Texts that YAML, shells or template languages could take for something else.
WORDS = (
    "yes no on ~ null True y N NaN .nan .inf -.inf 08 0o7 0x1F 0b1 1e3 1_000 1:30 .5 5. +1 1.0 0.0.0.0 ::1 2026-01-01 "
    "2026-01-01T00:00:00Z - -- --- ... ? = << # a: & &a *a | > % @ ` , [ ] { } [a] {% {{ \\ a\\n ' \" é ${name} $${x}"
)
LINES = ["a\nb", "a\n", "\na", "a\n\n", " a\nb", "a\nb ", "a\n  b\nc", "a\r\nb", "a\n\tb", "a\n \nb"]
ODD = [
    "",
    " ",
    "\t",
    "a\tb",
    "a #b",
    "a: b",
    "- a",
    "? a",
    "!!str x",
    "{a: b}",
    "\x00",
    "\x7f",
    "\x85",
    "\u2028",
    "\ufeff",
]
NASTY = st.sampled_from([*WORDS.split(), *LINES, *ODD])
TEXTS = NASTY | st.text(max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=20
)


def same(left: Any, right: Any) -> bool:
    """Compare as JSON does: true is not one, 1.0 is 1."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right) and (isinstance(left, bool), isinstance(left, str)) == (
        isinstance(right, bool),
        isinstance(right, str),
    )


@given(st.lists(VALUES, min_size=1, max_size=3))
def test_what_is_written_reads_back_equal(documents: list[Any]) -> None:
    written = to_yaml(documents)
    assert same(list(YAML(typ="safe", pure=True).load_all(written)), documents)
    assert same(from_yaml(written), [document for document in documents if document is not None])


@given(VALUES)
def test_readers_of_yaml_1_1_read_the_same(value: Any) -> None:
    assert same(yaml.safe_load(to_yaml([value])), value)


@given(TEXTS, TEXTS)
def test_texts_never_change_the_structure(value: str, key: str) -> None:
    tree = read_trees("{a: '${v}', b: 'x-${v}-y', '${k}': 1, c: ['${v}'], d?: '${v}', $merge: '${m}'}")[0]
    rendered = Template.compile(tree).render({"v": value, "k": "k" + key, "m": {"m" + key: value}})
    expected = {"a": value, "b": f"x-{value}-y", "k" + key: 1, "c": [value], "d": value, "m" + key: value}
    assert rendered == expected
    assert from_yaml(to_yaml([rendered])) == [expected]


@given(VALUES)
def test_values_keep_their_type_and_are_not_shared(value: Any) -> None:
    rendered = Template.compile({"a": "${v}", "b?": "${v}"}).render({"v": value})
    assert same(rendered, {"a": plain(value), "b": plain(value)})
    if isinstance(value, (dict, list)):
        assert rendered["a"] is not value
        assert rendered["a"] is not rendered["b"]


@given(st.text(max_size=60) | NASTY)
def test_any_text_is_read_or_refused_with_our_errors(text: str) -> None:
    try:
        read_trees(text)
    except FlowcoreError:
        return


@given(
    st.recursive(
        TEXTS,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                TEXTS
                | st.sampled_from(
                    ["$if", "then", "else", "$for", "in", "do", "$let", "$merge", "$splice", "$literal", "a?", "${v}"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=15,
    )
)
def test_any_tree_compiles_and_renders_or_is_refused_with_our_errors(tree: Any) -> None:
    try:
        Template.compile(tree).render({"v": "x", "name": "n"})
    except FlowcoreError:
        return


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_merging_nothing_changes_nothing(base: dict[str, Any]) -> None:
    assert same(merge(base, {}), plain(base))


@given(st.dictionaries(TEXTS, VALUES, max_size=4), st.dictionaries(TEXTS, VALUES, max_size=4))
def test_merging_twice_is_merging_once(base: dict[str, Any], overrides: dict[str, Any]) -> None:
    once = merge(base, overrides)
    assert same(merge(once, overrides), once)
