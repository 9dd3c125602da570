"""Laws of merging: twice is once, nothing of others is touched, nothing clashes, nothing dangles."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from flowcore.kinds import core_catalogue
from flowcore.layout import arrange, card_size
from flowcore.merging import Merged, OnConflict, merge_drawing
from flowcore.merging._names import group_of
from flowcore.model import Edge, Node, Workflow
from flowcore.usecases.imports.merging import Import, merge

CORE = core_catalogue()
_IDS = st.sampled_from(["a", "b", "a-2", "a-3", "b-2", "web"])
_TYPES = st.sampled_from(["deployment", "statefulset", "service", "configmap", "secret"])


@st.composite
def drawings(draw: st.DrawFn) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    ids = draw(st.lists(_IDS, unique=True, max_size=5))
    nodes: list[Node] = []
    names: set[tuple[object, str]] = set()
    for id_ in ids:
        data = {"name": draw(_IDS), "targetApp": draw(_IDS), "replicas": draw(st.integers(0, 1))}
        node = Node(id=id_, type=draw(_TYPES), data=data)
        if (group_of(node, CORE), node.name) not in names:
            names.add((group_of(node, CORE), node.name))
            nodes.append(node)
    known = [node.id for node in nodes]
    pairs = draw(st.lists(st.tuples(st.sampled_from(known), st.sampled_from(known)), max_size=4)) if known else []
    return tuple(nodes), tuple(Edge(id=f"e{n}", source=s, target=t) for n, (s, t) in enumerate(dict.fromkeys(pairs)))


def _workflow(drawing: tuple[tuple[Node, ...], tuple[Edge, ...]]) -> Workflow:
    nodes, edges = drawing
    return Workflow(name="w", nodes=arrange(nodes, edges), edges=edges)


def _after(workflow: Workflow, merged: Merged) -> Workflow:
    return evolve(workflow, nodes=merged.nodes, edges=merged.edges, origins=merged.origins)


@given(own=drawings(), imported=drawings(), choice=st.sampled_from(OnConflict))
def test_twice_is_once(
    own: tuple[tuple[Node, ...], tuple[Edge, ...]],
    imported: tuple[tuple[Node, ...], tuple[Edge, ...]],
    choice: OnConflict,
) -> None:
    workflow = _workflow(own)
    once = _after(workflow, merge_drawing(workflow, *imported, catalogue=CORE, project="p", on_conflict=choice))
    assert _after(once, merge_drawing(once, *imported, catalogue=CORE, project="p", on_conflict=choice)) == once


@given(own=drawings(), first=drawings(), second=drawings(), choice=st.sampled_from(OnConflict))
def test_nothing_clashes_and_nothing_dangles(
    own: tuple[tuple[Node, ...], tuple[Edge, ...]],
    first: tuple[tuple[Node, ...], tuple[Edge, ...]],
    second: tuple[tuple[Node, ...], tuple[Edge, ...]],
    choice: OnConflict,
) -> None:
    workflow = _workflow(own)
    for drawing in (first, second):
        merged = merge_drawing(workflow, *drawing, catalogue=CORE, project="p", on_conflict=choice)
        before = {node.id: node for node in _workflow(own).nodes}
        workflow = _after(workflow, merged)
        assert {node.id: node for node in workflow.nodes if node.id in before} == before
        ids = [node.id for node in workflow.nodes]
        assert len(ids) == len(set(ids))
        names = [(group_of(node, CORE), node.name) for node in workflow.nodes]
        assert len(names) == len(set(names))
        assert len({edge.id for edge in workflow.edges}) == len(workflow.edges)
        assert {end for edge in workflow.edges for end in (edge.source, edge.target)} <= set(ids)


@given(own=drawings(), imported=drawings())
def test_nothing_moves_and_nothing_stands_on_anything(
    own: tuple[tuple[Node, ...], tuple[Edge, ...]], imported: tuple[tuple[Node, ...], tuple[Edge, ...]]
) -> None:
    workflow = _workflow(own)
    nodes, edges = imported
    after = merge(workflow, Import(nodes=nodes, edges=edges, project="p"), CORE).workflow
    assert after.nodes[: len(workflow.nodes)] == workflow.nodes
    boxes = [(node.position.x, node.position.y, *card_size(node)) for node in after.nodes]
    for position, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, other_width, other_height in boxes[position + 1 :]:
            apart = x + width <= other_x or other_x + other_width <= x
            assert apart or y + height <= other_y or other_y + other_height <= y
