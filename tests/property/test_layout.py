"""Laws of layout: nothing overlaps, wires run forwards and between cards, every picture is well formed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from xml.etree import ElementTree

from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from flowcore.layout import arrange, card_size, to_dot, to_json_graph, to_mermaid, to_svg
from flowcore.layout._picture import picture
from flowcore.layout._routes import routes
from flowcore.layout._sizes import Box, box_of
from flowcore.model import Edge, Node, Position, Workflow

COUNT = 12
names = st.text(min_size=1, max_size=30)
numbers = st.integers(0, COUNT - 1)


@st.composite
def drawings(draw: st.DrawFn) -> Workflow:
    count = draw(st.integers(0, COUNT))
    nodes = [
        Node(
            id=f"n{number}",
            type=draw(st.sampled_from(["deployment", "service", "configmap", "odd"])),
            data={"name": draw(st.sampled_from(["web", "a-service-with-quite-a-long-name", "db"]))},
            position=Position(draw(st.integers(-900, 900)), draw(st.integers(-900, 900))),
        )
        for number in range(count)
    ]
    ends = st.tuples(numbers, numbers)
    wires = draw(st.lists(ends, max_size=16)) if count else []
    edges = [
        Edge(id=f"e{index}", source=f"n{source % count}", target=f"n{target % count}")
        for index, (source, target) in enumerate(wires)
    ]
    return Workflow(name="drawing", nodes=nodes, edges=edges)


def _overlapping(nodes: tuple[Node, ...]) -> list[tuple[str, str]]:
    boxes = [(node.id, box_of(node)) for node in nodes]
    return [(a, b) for index, (a, one) in enumerate(boxes) for b, two in boxes[:index] if one.overlaps(two)]


@given(drawings())
def test_arranged_cards_never_overlap_and_nothing_but_places_changes(drawing: Workflow) -> None:
    nodes = arrange(drawing.nodes, drawing.edges)
    assert not _overlapping(nodes)
    assert [evolve(node, position=Position()) for node in nodes] == [
        evolve(node, position=Position()) for node in drawing.nodes
    ]


@given(drawings())
def test_the_same_drawing_is_always_arranged_alike(drawing: Workflow) -> None:
    assert arrange(drawing.nodes, drawing.edges) == arrange(list(drawing.nodes), iter(drawing.edges))


@given(drawings())
def test_wires_without_cycles_run_from_left_to_right(drawing: Workflow) -> None:
    forward = [edge for edge in drawing.edges if int(edge.source[1:]) < int(edge.target[1:])]
    boxes = {node.id: box_of(node) for node in arrange(drawing.nodes, forward)}
    assert all(boxes[edge.source].right < boxes[edge.target].x for edge in forward)


@given(drawings(), st.sets(numbers))
def test_kept_nodes_stay_and_new_ones_stand_clear_of_everything(drawing: Workflow, kept: set[int]) -> None:
    keep = {f"n{number}" for number in kept}
    nodes = arrange(drawing.nodes, drawing.edges, keep=keep)
    assert [node for node in nodes if node.id in keep] == [node for node in drawing.nodes if node.id in keep]
    assert all(a in keep and b in keep for a, b in _overlapping(nodes))


#: Three wires leave n3 on one side: the lowest of them set out below the middle, and ran through n6.
_CROWDED = Workflow(
    name="drawing",
    nodes=[Node(id=f"n{number}", type="deployment", data={"name": "web"}) for number in range(7)],
    edges=[
        Edge(id=f"e{index}", source=f"n{source}", target=f"n{target}")
        for index, (source, target) in enumerate(
            [(0, 4), (1, 0), (2, 4), (3, 1), (3, 3), (3, 4), (4, 1), (4, 5), (6, 0), (6, 1)]
        )
    ],
)


@example(_CROWDED)
@given(drawings())
def test_wires_of_an_arranged_drawing_pass_between_the_cards(drawing: Workflow) -> None:
    arranged = evolve(drawing, nodes=arrange(drawing.nodes, drawing.edges))
    shown = picture(arranged)
    for wire, way in zip(shown.wires, routes(shown), strict=True):
        others = [card.box for card in shown.cards if card.id not in (wire.source.id, wire.target.id)]
        for x, y in _sampled(way.path):
            assert not any(_inside(x, y, box) for box in others), (wire.source.id, wire.target.id, x, y)


def _inside(x: float, y: float, box: Box) -> bool:
    return box.x < x < box.right and box.y < y < box.bottom


def _sampled(path: str) -> Iterator[tuple[float, float]]:
    """Yield points of a path that is made of M, L and C pieces."""
    at = (0.0, 0.0)
    for piece in re.findall(r"[MLC][^MLC]*", path):
        numbers = [float(found) for found in re.findall(r"-?[\d.]+(?:e[+-]?\d+)?", piece)]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if piece[0] == "C":
            for step in range(21):
                yield _bezier(at, points, step / 20)
        at = points[-1]
        yield at


def _bezier(start: tuple[float, float], points: list[tuple[float, float]], t: float) -> tuple[float, float]:
    weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
    corners = (start, *points)
    x = sum(weight * corner[0] for weight, corner in zip(weights, corners, strict=True))
    y = sum(weight * corner[1] for weight, corner in zip(weights, corners, strict=True))
    return (x, y)


@st.composite
def odd_drawings(draw: st.DrawFn) -> Workflow:
    """Drawings whose every text may be anything."""
    ids = draw(st.lists(names, min_size=1, max_size=4))
    nodes = [Node(id=node_id, type=draw(names), data={"name": draw(names)}) for node_id in ids]
    ends = st.sampled_from(ids) | names
    edges = draw(
        st.lists(
            st.builds(Edge, id=names, source=ends, target=ends, data=st.fixed_dictionaries({"condition": names})),
            max_size=4,
        )
    )
    return Workflow(name=draw(names), nodes=nodes, edges=edges)


@given(odd_drawings(), names)
def test_an_svg_is_well_formed_whatever_things_are_called(drawing: Workflow, status: str) -> None:
    root = ElementTree.fromstring(to_svg(drawing, statuses={drawing.nodes[0].id: status}))
    assert len([path for path in root.iter() if path.get("class") == "fc-wire"]) == len(drawing.edges)


@given(odd_drawings())
def test_a_mermaid_chart_has_one_line_for_each_thing_whatever_it_is_called(drawing: Workflow) -> None:
    lines = to_mermaid(drawing).splitlines()
    assert lines[0] == "flowchart LR"
    node_line = re.compile(r'    \w+\["[^"\[\]]*<br/><b>[^"<>]*</b>"\]|    \w+\["[^"]*"\]')
    wire_line = re.compile(r'    \w+ -->(\|"[^"]*"\|)? \w+')
    style_line = re.compile(r"    (classDef|class) [\w,#:]+ ?[\w,#: ]*")
    assert all(any(form.fullmatch(line) for form in (node_line, wire_line, style_line)) for line in lines[1:])
    assert sum(bool(wire_line.fullmatch(line)) for line in lines) == len(drawing.edges)


@given(odd_drawings())
def test_a_dot_graph_has_balanced_quotes_whatever_things_are_called(drawing: Workflow) -> None:
    for line in to_dot(drawing).splitlines()[4:-1]:
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', "_", line)
        assert re.fullmatch(r"    \w+( -> \w+)?( \[[\w=,_ ]*\])?", bare), line


@given(odd_drawings())
def test_a_json_graph_names_every_end_of_every_wire(drawing: Workflow) -> None:
    graph = json.loads(json.dumps(to_json_graph(drawing)))["graph"]
    assert all(edge["source"] in graph["nodes"] and edge["target"] in graph["nodes"] for edge in graph["edges"])


@given(names)
def test_a_card_is_as_wide_as_its_name_within_limits(name: str) -> None:
    width, height = card_size(Node(id="n", type="t", data={"name": name}))
    assert 200 <= width <= 300
    assert height == 64
