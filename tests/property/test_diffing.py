"""Laws of differences: a value does not differ from itself, and a difference applied gives the new value."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcore.diffing import ABSENT, Change, Diff, changes, diff, patched, same
from flowcore.diffing._paths import Named, Order, parse, render
from flowcore.errors import ConflictError
from flowcore.model import Edge, Node, Position, Workflow

texts = st.text(max_size=4) | st.sampled_from(["name", "port", "a.b/c", "x[0]", "8080", "*", 'say "hi"', ""])
scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, 1.5, 8080.0, 8080]) | texts
named_item = st.fixed_dictionaries({"name": texts}, optional={"value": scalars, "port": st.integers(1, 3)})
named_items = st.lists(named_item, max_size=5, unique_by=lambda item: item["name"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=4) | named_items,
    max_leaves=20,
)


@st.composite
def edited(draw: st.DrawFn, value: Any) -> Any:
    """Return a value that resembles *value*: parts are kept, dropped, doubled, moved or replaced."""
    if draw(st.integers(0, 9)) == 0:
        return draw(values)
    if isinstance(value, dict):
        kept = {key: draw(edited(item)) for key, item in value.items() if draw(st.integers(0, 5))}
        return kept | draw(st.dictionaries(texts, scalars, max_size=1))
    if isinstance(value, list):
        items = [draw(edited(item)) for item in value if draw(st.integers(0, 5))]
        is_named = bool(items) and all(isinstance(item, dict) and "name" in item for item in items)
        for _ in range(draw(st.integers(0, 2))):
            items.insert(draw(st.integers(0, len(items))), draw(named_item if is_named else values))
        return draw(st.permutations(items)) if draw(st.integers(0, 4)) == 0 else items
    return value


pairs = values.flatmap(lambda value: st.tuples(st.just(value), edited(value)))


@given(values)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert changes(value, _copied(value)) == ()


@given(pairs)
def test_no_changes_mean_equal_and_equal_means_no_changes(pair: tuple[Any, Any]) -> None:
    old, new = pair
    assert (changes(old, new) == ()) is (_canonical(old) == _canonical(new))
    assert same(old, new) is (changes(old, new) == ())


@given(pairs)
def test_the_changes_applied_to_the_old_value_give_the_new_one(pair: tuple[Any, Any]) -> None:
    old, new = pair
    before = _copied(old)
    assert same(patched(old, changes(old, new)), new)
    assert same(old, before), "patched() must leave its input alone"


@given(pairs)
def test_the_other_way_round_the_same_things_differ_with_their_sides_swapped(pair: tuple[Any, Any]) -> None:
    old, new = pair
    forth = Counter(repr((_canonical(c.old), _canonical(c.new), c.position)) for c in changes(old, new))
    back = Counter(repr((_canonical(c.new), _canonical(c.old), c.position)) for c in changes(new, old))
    assert forth == back


@given(pairs, values)
def test_changes_are_refused_by_a_value_they_were_not_made_from_or_fit_it_as_well(
    pair: tuple[Any, Any], other: Any
) -> None:
    found = changes(*pair)
    try:
        patched(other, found)
    except ConflictError:
        assert not same(other, pair[0])


@given(
    st.lists(
        texts
        | st.integers(0, 99)
        | st.builds(Named, st.sampled_from(["name", "port"]), texts | st.integers(-9, 9))
        | st.builds(Order, st.sampled_from(["name", "id"])),
        max_size=5,
    )
)
def test_a_path_is_read_as_it_was_written(steps: list[Any]) -> None:
    assert list(parse(render(steps))) == steps


nodes = st.lists(
    st.builds(
        Node,
        id=st.sampled_from(["n1", "n2", "n3", "n4"]),
        type=st.sampled_from(["deployment", "service"]),
        data=st.dictionaries(st.sampled_from(["name", "image", "_status", "ports"]), scalars, max_size=3),
        position=st.builds(Position, st.integers(0, 2), st.integers(0, 2)),
    ),
    max_size=4,
)
edges = st.lists(
    st.builds(
        Edge,
        id=st.sampled_from(["e1", "e2"]),
        source=st.sampled_from(["n1", "n2"]),
        target=st.sampled_from(["n1", "n2"]),
        source_handle=st.sampled_from(["", "a"]),
        data=st.dictionaries(st.sampled_from(["as", "_x"]), scalars, max_size=1),
    ),
    max_size=3,
)
drawings = st.builds(Workflow, name=st.just("w"), nodes=nodes, edges=edges)


@given(drawings)
def test_a_drawing_does_not_differ_from_itself(drawing: Workflow) -> None:
    assert diff(drawing, Workflow(name="other", nodes=list(drawing.nodes), edges=list(drawing.edges))).is_empty


@given(drawings, drawings)
def test_two_drawings_differ_alike_in_both_directions(old: Workflow, new: Workflow) -> None:
    swapped = {"added": "removed", "removed": "added"}

    def told(found: Diff, turn: bool) -> Counter[tuple[str, str]]:
        rows = [(item.node_id, item.status.value) for item in found.nodes]
        rows += [(item.edge_id, item.status.value) for item in found.edges]
        return Counter((name, swapped.get(status, status) if turn else status) for name, status in rows)

    assert told(diff(old, new), turn=False) == told(diff(new, old), turn=True)


@given(drawings, drawings)
def test_a_changed_node_is_made_new_by_its_changes(old: Workflow, new: Workflow) -> None:
    for item in diff(old, new).nodes:
        if item.old and item.new:
            assert same(patched(_document(item.old), item.changes), _document(item.new))


def _document(node: Node) -> dict[str, Any]:
    data = {key: value for key, value in node.data.items() if not key.startswith("_")}
    return {"type": node.type, "data": data, "position": {"x": node.position.x, "y": node.position.y}}


def _copied(value: Any) -> Any:
    """Return a copy with the keys of every mapping in another order, which does not count."""
    if isinstance(value, dict):
        return {key: _copied(value[key]) for key in reversed(value)}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _canonical(value: Any) -> Any:
    """Return what a value means, written independently of the code under test."""
    if isinstance(value, dict):
        return {"map": {key: _canonical(value[key]) for key in sorted(value)}}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, bool) or value is None or value is ABSENT:
        return repr(value)
    return ("number", float(value)) if isinstance(value, int | float) else ("text", value)


def test_a_change_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ConflictError, match="image"):
        patched({"image": "nginx"}, [Change("image", "redis", "nginx:2")])
