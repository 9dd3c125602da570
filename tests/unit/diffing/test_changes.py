"""Differences between plain values."""

from __future__ import annotations

from typing import Any

import pytest

from flowcore.diffing import ABSENT, Change, changes, patched, same
from flowcore.diffing._paths import parse
from flowcore.errors import ConflictError


def test_a_changed_field_is_named_by_its_path() -> None:
    old = {"ports": [{"port": 80}], "image": "nginx"}
    new = {"ports": [{"port": 81}], "image": "nginx"}
    assert changes({"spec": old}, {"spec": new}) == (
        Change("spec.ports[port=80]", {"port": 80}, ABSENT, 0),
        Change("spec.ports[port=81]", ABSENT, {"port": 81}, 0),
    )


def test_a_lone_item_without_a_name_is_compared_in_place() -> None:
    assert changes({"ports": [{"target": 1}]}, {"ports": [{"target": 2}]}) == (Change("ports[0].target", 1, 2),)


def test_items_of_a_list_are_matched_by_their_name() -> None:
    old = {"env": [{"name": "FOO", "value": "1"}, {"name": "BAR", "value": "2"}]}
    new = {"env": [{"name": "NEW", "value": "0"}, {"name": "FOO", "value": "9"}, {"name": "BAR", "value": "2"}]}
    assert changes(old, new) == (
        Change("env[name=FOO].value", "1", "9"),
        Change("env[name=NEW]", ABSENT, {"name": "NEW", "value": "0"}, 0),
    )


def test_named_items_in_another_order_are_one_change_of_the_order() -> None:
    old = [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    new = [{"name": "c"}, {"name": "a"}, {"name": "b"}]
    assert changes(old, new) == (Change("[name=*]", ["a", "b", "c"], ["c", "a", "b"]),)


def test_named_items_put_in_taken_out_changed_and_moved_at_once_come_out_right() -> None:
    old = [{"name": "a"}, {"name": "b", "v": 1}, {"name": "c"}, {"name": "d"}]
    new = [{"name": "first"}, {"name": "d"}, {"name": "middle"}, {"name": "b", "v": 2}, {"name": "a"}, {"name": "last"}]
    found = changes(old, new)
    assert patched(old, found) == new
    assert [change.path for change in found] == [
        "[name=b].v",
        "[name=c]",
        "[name=first]",
        "[name=middle]",
        "[name=last]",
        "[name=*]",
    ]
    assert [change.position for change in found] == [None, 2, 0, 2, 5, None]


def test_a_named_item_that_was_put_in_needs_its_position_to_be_put_in_again() -> None:
    with pytest.raises(ConflictError):
        patched([{"name": "a"}], [Change("[name=b]", ABSENT, {"name": "b"})])


@pytest.mark.parametrize("key", ["name", "id", "key", "mountPath", "containerPort", "port"])
def test_every_usual_key_tells_items_apart(key: str) -> None:
    old, new = [{key: 1, "v": 1}, {key: 2, "v": 1}], [{key: 2, "v": 5}, {key: 1, "v": 1}]
    assert Change(f"[{key}=2].v", 1, 5) in changes(old, new)


def test_a_key_that_is_there_twice_tells_nothing_apart() -> None:
    old = [{"name": "web", "port": 1}, {"name": "web", "port": 2}]
    new = [{"name": "web", "port": 1}, {"name": "web", "port": 3}]
    assert [change.path for change in changes(old, new)] == ["[port=2]", "[port=3]"]


def test_an_item_put_in_moves_the_others_without_changing_them() -> None:
    assert changes(["a", "b", "c"], ["x", "a", "b", "c"]) == (Change("[0]", ABSENT, "x"),)


def test_an_item_taken_out_moves_the_others_without_changing_them() -> None:
    assert changes(["a", "b", "c"], ["a", "c"]) == (Change("[1]", "b", ABSENT),)


def test_an_item_that_moved_to_the_end_is_taken_out_and_put_in() -> None:
    assert set(changes(["a", "b", "c"], ["b", "c", "a"])) == {Change("[0]", "a", ABSENT), Change("[2]", ABSENT, "a")}


@pytest.mark.parametrize(
    ("old", "new"),
    [(True, 1), (False, 0), (1, "1"), (None, ""), (None, False), ({}, []), ([], None), ("8080", 8080), ({}, None)],
)
def test_types_count(old: Any, new: Any) -> None:
    assert changes({"v": old}, {"v": new}) == (Change("v", old, new),)


@pytest.mark.parametrize(("old", "new"), [(8080, 8080.0), (0, -0.0), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ((1,), [1])])
def test_what_means_the_same_does_not_differ(old: Any, new: Any) -> None:
    assert same({"v": old}, {"v": new})


def test_null_is_not_absent() -> None:
    assert changes({"a": None}, {}) == (Change("a", None, ABSENT),)
    assert changes({}, {"a": None}) == (Change("a", ABSENT, None),)
    assert patched({}, changes({}, {"a": None})) == {"a": None}


def test_keys_that_are_no_plain_words_are_quoted() -> None:
    found = changes({"annotations": {}}, {"annotations": {"nginx.io/rewrite[0]": "/"}})
    assert [change.path for change in found] == ['annotations["nginx.io/rewrite[0]"]']
    assert patched({"annotations": {}}, found) == {"annotations": {"nginx.io/rewrite[0]": "/"}}


def test_a_value_of_another_shape_is_replaced_as_a_whole() -> None:
    assert changes({"env": {"A": "1"}}, {"env": [{"name": "A"}]}) == (Change("env", {"A": "1"}, [{"name": "A"}]),)


def test_absent_reads_as_a_word() -> None:
    assert repr(ABSENT) == "ABSENT"


@pytest.mark.parametrize("path", ["a..b", "a[", "[-1]", "a b", "a[b=]", ".."])
def test_a_text_that_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="no path"):
        parse(path)


def test_a_change_of_an_item_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConflictError):
        patched([{"name": "a"}], [Change("[name=b].value", 1, 2)])
    with pytest.raises(ConflictError):
        patched(["a"], [Change("[3]", "x", ABSENT)])
    with pytest.raises(ConflictError):
        patched("text", [Change("key", 1, 2)])


def test_very_long_lists_are_compared_position_by_position() -> None:
    old = [str(number) for number in range(3000)]
    new = ["first", *old[1:-1], "last"]
    assert [change.path for change in changes(old, new)] == ["[0]", "[2999]"]
