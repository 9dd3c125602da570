"""Waves, cycles and shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowcore.errors import InvalidInputError
from flowcore.graph import cycles, shape_problems, waves
from tests.drawings import edge


def test_everything_comes_in_the_first_wave_after_what_it_needs() -> None:
    assert waves(["a", "b", "c", "d"], [("d", "a"), ("b", "a"), ("d", "b")]) == [["c", "d"], ["b"], ["a"]]


def test_a_wave_is_sorted_by_rank_and_keeps_drawing_order_among_equals() -> None:
    rank = {"a": 2, "b": 1, "c": 2, "d": 1}
    assert waves(["c", "d", "a", "b"], [], rank=rank.__getitem__) == [["d", "b", "c", "a"]]


def test_the_same_pair_twice_and_unknown_ids_do_no_harm() -> None:
    assert waves(["a", "b"], [("a", "b"), ("a", "b"), ("x", "a"), ("b", "y")]) == [["a"], ["b"]]


def test_nothing_has_no_waves() -> None:
    assert waves([], []) == []


def test_a_circle_is_refused_with_its_path() -> None:
    with pytest.raises(InvalidInputError, match=r"a → b → c → a|b → c → a → b|c → a → b → c") as caught:
        waves(["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")])
    assert caught.value.code == "graph.cycle"


def test_separate_circles_are_all_found() -> None:
    found = cycles(["a", "b", "c", "d", "e"], [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"), ("d", "e")])
    assert sorted(sorted(set(cycle)) for cycle in found) == [["a", "b"], ["c", "d"]]


def test_every_mistake_in_the_shape_is_found() -> None:
    edges = [edge("a", "b"), edge("a", "nope"), edge("gone", "gone2"), edge("b", "b"), edge("b", "a", id_="a-b")]
    found = [
        (one.rule, one.place.node, one.place.edge, one.place.path) for one in shape_problems(["a", "b", "a"], edges)
    ]
    assert found == [
        ("graph-duplicate-node", "a", "", ""),
        ("graph-duplicate-edge", "", "a-b", ""),
        ("graph-dangling-edge", "", "a-nope", "target"),
        ("graph-dangling-edge", "", "gone-gone2", "source"),
        ("graph-dangling-edge", "", "gone-gone2", "target"),
        ("graph-self-edge", "b", "b-b", ""),
    ]


def test_agrees_with_the_order_of_cli_utils_on_plain_graphs(testdata: Path) -> None:
    cases = json.loads((testdata / "apply_order.json").read_text(encoding="utf-8"))["graph_sort"]
    assert cases
    for case in cases:
        pairs = [(after, before) for before, after in case["edges"]]
        if case["is_error"]:
            with pytest.raises(InvalidInputError):
                waves(case["vertices"], pairs)
        else:
            found = [sorted(wave) for wave in waves(case["vertices"], pairs)]
            assert found == [sorted(wave) for wave in case["expected"]], case["name"]


def test_agrees_with_the_order_of_cli_utils_on_objects_that_depend_on_each_other(testdata: Path) -> None:
    cases = json.loads((testdata / "apply_order.json").read_text(encoding="utf-8"))["depends_on_sort"]
    judged = 0
    for case in cases:
        objects = [found for found in case["objs"] if isinstance(found, dict)]
        kinds = {found["id"][1] for found in objects}
        if "Reverse" in case["test"] or kinds & {"Namespace", "CustomResourceDefinition"}:
            continue
        judged += 1
        ids = [found["ref"] for found in objects]
        pairs = [(needed, found["ref"]) for found in objects for needed in found["depends_on"]]
        if case["is_error"]:
            with pytest.raises(InvalidInputError):
                waves(ids, pairs)
        else:
            assert [sorted(wave) for wave in waves(ids, pairs)] == [sorted(wave) for wave in case["expected"]]
    assert judged >= 4
