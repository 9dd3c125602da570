"""What template directives do, and how templates complain."""

from __future__ import annotations

from typing import Any

import pytest

from flowcore.errors import InvalidInputError
from flowcore.manifests import ABSENT, Template, read_trees


def rendered(text: str, **values: Any) -> Any:
    return Template.compile(read_trees(text, file="t.yaml")[0]).render(values)


def refused(text: str, **options: Any) -> list[tuple[str, int, str, str]]:
    with pytest.raises(InvalidInputError) as caught:
        Template.compile(read_trees(text, file="t.yaml")[0], **options)
    return [(one.place.file, one.place.line, one.place.path, one.message) for one in caught.value.findings]


@pytest.mark.parametrize("value", ["yes", "08", "", 0, False, 1.5, [], {}, None, ["a", {"b": 1}], "${x}", "a: b\n- c"])
def test_a_placeholder_becomes_the_value_itself(value: Any) -> None:
    assert rendered("a: ${v}", v=value) == {"a": value}


def test_texts_around_placeholders_are_joined() -> None:
    assert rendered("a: x-${n}-${b}-${f}", n=1, b=True, f=2.0) == {"a": "x-1-true-2"}


def test_a_doubled_dollar_stands_for_itself() -> None:
    assert rendered("a: $${v}\n$$if: 1", v="x") == {"a": "${v}", "$if": 1}


def test_an_optional_key_disappears_with_its_value() -> None:
    assert rendered("{a?: '${v}', b?: 'x-${v}', c: 1}") == {"c": 1}


def test_an_optional_structure_disappears_when_nothing_is_left_of_it() -> None:
    assert rendered("{a?: {b?: '${v}'}, c?: ['${v}'], d?: {$merge: '${v}'}, e?: {$for: x, in: v, do: 1}}") == {}


def test_an_optional_key_keeps_values_that_are_merely_empty() -> None:
    assert rendered("{a?: '${v}', b?: '${w}', c?: '${x}'}", v=[], w="", x=0) == {"a": [], "b": "", "c": 0}


def test_a_chosen_branch_may_be_empty() -> None:
    assert rendered("{a?: {$if: v, then: {b?: '${w}'}}}", v=True) == {"a": {}}


def test_a_value_that_must_be_there_is_asked_for_with_its_place() -> None:
    with pytest.raises(InvalidInputError) as caught:
        rendered("spec:\n  a: 1\n  image: ${v}")
    place = caught.value.findings[0].place
    assert (place.file, place.line, place.path) == ("t.yaml", 3, "spec.image")


@pytest.mark.parametrize(
    ("condition", "values", "holds"),
    [
        ("v", {}, False),
        ("v", {"v": None}, False),
        ("v", {"v": False}, False),
        ("v", {"v": 0}, True),
        ("v", {"v": ""}, True),
        ("not v", {}, True),
        ("v == 'a'", {"v": "a"}, True),
        ("v == 1", {"v": True}, False),
        ("v != 'a'", {}, True),
        ("v in ['a', 'b']", {"v": "b"}, True),
        ("'x' in v", {}, False),
        ("v > 1", {"v": 2}, True),
        ("v > 1", {}, False),
        ("v >= 2 and v <= 2 and not v < 2", {"v": 2}, True),
        ("v.a.b", {"v": {"a": {"b": 1}}}, True),
        ("v.a.b", {"v": {"a": 1}}, False),
        ("v[1]", {"v": [0]}, False),
        ("v[0] or w", {"v": [False], "w": True}, True),
        ("v['a b']", {"v": {"a b": 1}}, True),
        ("(v or w) and x", {"v": 1}, False),
    ],
)
def test_conditions(condition: str, values: dict[str, Any], holds: bool) -> None:
    tree = {"$if": condition, "then": "yes", "else": "no"}
    assert Template.compile(tree).render(values) == ("yes" if holds else "no")


def test_the_first_present_alternative_is_taken() -> None:
    assert rendered("a: ${u | v | 'z'}", v=0) == {"a": 0}
    assert rendered("a: ${u | v | 'z'}", u=None) == {"a": "z"}


def test_loops_splice_into_lists_and_bind_positions_and_keys() -> None:
    text = """
    a: [0, {$for: x, in: v, do: '${x}'}, 9]
    b: {$for: [i, x], in: v, do: '${i}${x}', if: x > 1}
    c: {$for: [k, x], in: w, do: '${k}=${x}'}
    d: {$merge: {$for: [k, x], in: w, do: {'${k}': '${x}'}}}
    e: {$for: x, in: nothing, do: 1}
    """
    expected = {"a": [0, 1, 2, 9], "b": ["12"], "c": ["p=q"], "d": {"p": "q"}, "e": []}
    assert rendered(text, v=[1, 2], w={"p": "q"}) == expected


def test_merges_take_later_values_and_own_keys_last() -> None:
    assert rendered("{$merge: ['${a}', '${b}', '${c}'], x: 3}", a={"x": 1, "y": 1}, b={"y": 2}) == {"x": 3, "y": 2}


def test_splices_and_let_and_literal() -> None:
    text = "{a: [1, {$splice: '${v}'}], b: {$let: {x: '${v}', y: '${x[0]}'}, in: '${y}'}, c: {$literal: {$if: '${v}'}}}"
    assert rendered(text, v=[2, 3]) == {"a": [1, 2, 3], "b": 2, "c": {"$if": "${v}"}}


def test_functions_are_given_by_the_caller() -> None:
    template = Template.compile("${shout(v)}", functions={"shout": lambda value: str(value).upper()})
    assert template.render({"v": "a"}) == "A"


def test_constants_are_not_shared_between_renders() -> None:
    template = Template.compile({"a": {"$literal": {"b": []}}})
    template.render({})["a"]["b"].append(1)
    assert template.render({}) == {"a": {"b": []}}


def test_evaluate_says_absent_where_render_complains() -> None:
    assert Template.compile("${v}").evaluate({}) is ABSENT


def test_every_mistake_is_reported_at_once_with_file_line_and_path() -> None:
    text = "a: ${nope}\nb:\n  $when: x\nc:\n  - $if: v\nd: ${f(v)}\ne: ${v\ng: {$if: 'v v', then: 1}\n"
    found = refused(text, names=["v"])
    assert [one[:3] for one in found] == [
        ("t.yaml", 1, "a"),
        ("t.yaml", 3, "b.$when"),
        ("t.yaml", 5, "c[0]"),
        ("t.yaml", 6, "d"),
        ("t.yaml", 7, "e"),
        ("t.yaml", 8, "g.$if"),
    ]
    assert "unknown name 'nope'" in found[0][3]


@pytest.mark.parametrize(
    "text",
    [
        "{$for: 1, in: v, do: 1}",
        "{$for: [a, b, c], in: v, do: 1}",
        "{$for: [], in: v, do: 1}",
        "{$for: [a, 1], in: v, do: 1}",
        "{$for: 'a b', in: v, do: 1}",
        "{$for: a, in: v}",
        "{$if: v}",
        "{$if: v, then: 1, otherwise: 2}",
        "{$let: [a], in: 1}",
        "{$splice: v, a: 1}",
        "{$literal: v, a: 1}",
        "{$unknown: v}",
        "a: ${}",
        "a: ${v",
        "a: ${v +}",
        "a: ${v.}",
        "a: ${v[0}",
        "a: ${(v}",
        "a: ${f(v}",
        "a: ${[v}",
        "a: ${v v}",
        "a: ${|}",
    ],
)
def test_directives_and_expressions_that_make_no_sense_are_refused(text: str) -> None:
    assert [one[:2] for one in refused(text)] == [("t.yaml", 1)]


def test_trees_that_do_not_know_their_file_are_called_by_the_given_one() -> None:
    with pytest.raises(InvalidInputError) as caught:
        Template.compile({"a": ["${b"]}, file="made.yaml", path="template")
    place = caught.value.findings[0].place
    assert (place.file, place.line, place.path) == ("made.yaml", 0, "template.a[0]")


def test_names_bound_by_loops_and_let_are_known_inside_only() -> None:
    text = "{a: {$for: x, in: v, do: '${x}'}, b: {$let: {y: 1}, in: '${y}'}, c: '${x}', d: '${y}'}"
    assert [one[2] for one in refused(text, names=["v"])] == ["c", "d"]


@pytest.mark.parametrize("text", ["a: x${v}", "a: {$for: x, in: v, do: 1}", "{'${v}': 1}"])
def test_a_value_of_a_wrong_type_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        rendered(text, v={"deep": 1} if "$for" not in text else 5)
    assert caught.value.findings[0].place.file == "t.yaml"
    assert caught.value.findings[0].place.line == 1
