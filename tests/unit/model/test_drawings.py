"""Nodes and edges to JSON and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcore.errors import InvalidInputError
from flowcore.model import (
    Edge,
    Node,
    Position,
    Workflow,
    drawing_from_json,
    edge_to_json,
    from_document,
    node_to_json,
    to_document,
)

texts = st.text(min_size=1, max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
data = st.dictionaries(st.text(max_size=6), values, max_size=4)
numbers = st.floats(-1e6, 1e6)
nodes = st.builds(Node, id=texts, type=texts, data=data, position=st.builds(Position, numbers, numbers))
edges = st.builds(
    Edge,
    id=texts,
    source=texts,
    target=texts,
    source_handle=st.text(max_size=4),
    target_handle=st.text(max_size=4),
    data=data,
)


@given(st.lists(nodes, max_size=4), st.lists(edges, max_size=4))
def test_what_is_written_as_json_is_read_back_equal(some_nodes: list[Node], some_edges: list[Edge]) -> None:
    raw = {"nodes": [node_to_json(node) for node in some_nodes], "edges": [edge_to_json(edge) for edge in some_edges]}
    assert drawing_from_json(raw) == (tuple(some_nodes), tuple(some_edges))


@given(st.lists(nodes, max_size=3), st.lists(edges, max_size=3))
def test_a_stored_workflow_is_read_back_equal(some_nodes: list[Node], some_edges: list[Edge]) -> None:
    workflow = Workflow(name="shop", nodes=some_nodes, edges=some_edges)
    assert from_document(to_document(workflow), Workflow) == workflow


def test_every_problem_of_a_drawing_is_told_at_once_with_its_place() -> None:
    raw = {
        "nodes": [{"type": "service"}, 7, {"id": "a", "type": "service", "data": [], "position": {"x": "left"}}],
        "edges": [{"source": "a"}],
    }
    with pytest.raises(InvalidInputError) as caught:
        drawing_from_json(raw)
    assert [finding.place.path for finding in caught.value.findings] == [
        "nodes[0].id", "nodes[1]", "nodes[2].data", "nodes[2].position.x", "edges[0].target",
    ]  # fmt: skip


def test_keys_that_only_a_canvas_knows_are_left_out() -> None:
    raw = {"nodes": [{"id": "a", "type": "job", "selected": True, "measured": {"width": 1}}]}
    (node,), _ = drawing_from_json(raw)
    assert node_to_json(node) == {"id": "a", "type": "job", "position": {"x": 0.0, "y": 0.0}, "data": {}}


def test_an_edge_without_an_id_gets_one_from_its_ends() -> None:
    _, (edge,) = drawing_from_json({"edges": [{"source": "web", "target": "db", "sourceHandle": "p1"}]})
    assert edge.id == "web-p1-db"
