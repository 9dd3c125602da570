"""Drawings as pictures in plain text."""

from __future__ import annotations

import re
from time import perf_counter
from xml.etree import ElementTree

from attrs import evolve

from flowcore.layout import Look, arrange, to_dot, to_json_graph, to_mermaid, to_svg
from flowcore.layout._sizes import text_width
from flowcore.model import Edge, Node, Position, Workflow

NODES = (
    Node(id="node-1", type="deployment", data={"name": "web"}),
    Node(id="node-2", type="statefulset", data={"name": 'db "main" <1>'}),
    Node(id="node 3", type="gadget", data={"name": "odd\nname"}),
)
EDGES = (
    Edge(id="e1", source="node-1", target="node-2", data={"condition": "healthy"}),
    Edge(id="e2", source="node 3", target="node-1", data={"as": "files", "_status": "x"}),
)
DRAWING = Workflow(name="shop & co", nodes=arrange(NODES, EDGES), edges=EDGES)
SVG = "{http://www.w3.org/2000/svg}"


def _texts(svg: str, style: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text") if text.get("class") == style]


def test_mermaid_shows_kind_name_and_condition() -> None:
    assert to_mermaid(DRAWING).splitlines()[:6] == [
        "flowchart LR",
        '    n_node_1["Deployment<br/><b>web</b>"]',
        '    n_node_2["StatefulSet<br/><b>db #34;main#34; #60;1#62;</b>"]',
        '    n_node_3["gadget<br/><b>odd name</b>"]',
        '    n_node_1 -->|"healthy"| n_node_2',
        "    n_node_3 --> n_node_1",
    ]


def test_a_name_cannot_start_a_mermaid_directive() -> None:
    node = Node(id="a", type="t", data={"name": '%%{init: {"theme": "dark"}}%% `x` $$y$$'})
    text = to_mermaid(Workflow(name="w", nodes=[node]))
    assert not {"%", "{", "`", "$"} & set(text)


def test_ids_that_look_alike_in_a_picture_are_told_apart() -> None:
    nodes = [Node(id="a-b", type="t"), Node(id="a_b", type="t"), Node(id="a b", type="t")]
    text = to_mermaid(Workflow(name="w", nodes=nodes))
    assert all(f"    {key}[" in text for key in ("n_a_b", "n_a_b__2", "n_a_b__3"))


def test_dot_quotes_what_could_end_a_string() -> None:
    node = Node(id="a", type="t", data={"name": 'back\\slash "quote"\n'})
    assert r'label="t\nback\\slash \"quote\" "' in to_dot(Workflow(name="w", nodes=[node]))


def test_dot_labels_the_condition_of_an_edge() -> None:
    assert '    n_node_1 -> n_node_2 [label="healthy"]' in to_dot(DRAWING)


def test_a_json_graph_tells_waves_and_leaves_the_services_own_fields_out() -> None:
    graph = to_json_graph(DRAWING, [["node-1"], ["node-2"]])["graph"]
    assert graph["label"] == "shop & co"
    assert graph["nodes"]["node-2"]["metadata"]["wave"] == 1
    assert "wave" not in graph["nodes"]["node 3"]["metadata"]
    assert graph["edges"][1]["metadata"] == {"label": "", "data": {"as": "files"}}


def test_an_end_that_is_not_drawn_is_shown_as_missing() -> None:
    drawing = evolve(DRAWING, edges=[Edge(id="e", source="node-1", target="ghost")])
    assert to_json_graph(drawing)["graph"]["nodes"]["ghost"]["metadata"] == {"missing": True}
    assert "not drawn" in _texts(to_svg(drawing), "fc-kind")
    assert "dashed" in to_dot(drawing)
    assert "missing1" in to_mermaid(drawing)


def test_an_svg_shows_names_kinds_conditions_and_statuses() -> None:
    svg = to_svg(DRAWING, statuses={"node-1": "Healthy", "node-2": "<odd>"})
    assert _texts(svg, "fc-name") == ["web", 'db "main" <1>', "odd name"]
    assert _texts(svg, "fc-kind") == ["Deployment", "● Healthy", "StatefulSet", "● <odd>", "gadget"]
    assert _texts(svg, "fc-label") == ["healthy"]


def test_an_svg_suits_dark_screens_and_needs_nothing_from_outside() -> None:
    svg = to_svg(DRAWING)
    assert "prefers-color-scheme: dark" in svg
    assert "http" not in svg.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_looks_decide_label_and_colour() -> None:
    svg = to_svg(DRAWING, looks={"gadget": Look("Gadget", "storage")})
    assert "Gadget" in _texts(svg, "fc-kind")
    assert 'class="fc-storage"' in svg


def test_a_long_name_is_shortened_and_told_in_full_on_hover() -> None:
    name = "a-name-that-is-much-longer-than-any-card-can-show"
    svg = to_svg(Workflow(name="w", nodes=[Node(id="a", type="job", data={"name": name})]))
    assert _texts(svg, "fc-name")[0].endswith("…")
    assert f"Job {name}" in svg


def test_a_drawing_that_was_never_laid_out_is_arranged_for_the_picture() -> None:
    heap = evolve(DRAWING, nodes=[evolve(node, position=Position()) for node in DRAWING.nodes])
    assert to_svg(heap) == to_svg(DRAWING)


def test_a_wire_between_cards_above_each_other_swings_out_to_the_right() -> None:
    nodes = [Node(id=str(y), type="t", position=Position(0, y * 120)) for y in range(3)]
    drawing = Workflow(name="w", nodes=nodes, edges=[Edge(id="e", source="0", target="2")])
    path = next(
        element for element in ElementTree.fromstring(to_svg(drawing)).iter() if element.get("class") == "fc-wire"
    )
    assert path.get("d") == "M200,32 C242.7,32 242.7,272 200,272"


def test_wires_that_share_a_gap_keep_apart_and_a_wire_back_leaves_at_the_left() -> None:
    nodes = [
        Node(id="a", type="t", position=Position(0, 0)),
        Node(id="wall", type="t", position=Position(300, 0)),
        Node(id="b", type="t", position=Position(600, 0)),
    ]
    edges = [Edge(id="1", source="a", target="b"), Edge(id="2", source="b", target="a")]
    root = ElementTree.fromstring(to_svg(Workflow(name="w", nodes=nodes, edges=edges)))
    there, back = [element.get("d") or "" for element in root.iter() if element.get("class") == "fc-wire"]
    assert "L512,-12" in there
    assert "L288,76" in back
    assert back.startswith("M600,")


def test_an_empty_drawing_is_a_picture_too() -> None:
    assert ElementTree.fromstring(to_svg(Workflow(name=""))).tag == f"{SVG}svg"
    assert to_mermaid(Workflow(name="w")) == "flowchart LR\n"


def _numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text)]


def test_the_frame_holds_every_card_and_every_wire() -> None:
    nodes = [
        Node(id="a", type="t", position=Position(-500, 40)),
        Node(id="wall", type="t", position=Position(0, 0)),
        Node(id="b", type="t", position=Position(600, 90)),
    ]
    edges = [Edge(id=str(number), source="a", target="b") for number in range(9)]
    root = ElementTree.fromstring(to_svg(Workflow(name="w", nodes=nodes, edges=edges)))
    x, y, width, height = _numbers(root.get("viewBox") or "")
    ends = [_numbers(element.get("d") or "") for element in root.iter() if element.get("class") == "fc-wire"]
    cards = [element for element in root.iter(f"{SVG}rect") if element.get("class") == "fc-card"]
    xs = [value for path in ends for value in path[::2]] + [float(card.get("x") or 0) for card in cards] + [800.0]
    ys = [value for path in ends for value in path[1::2]] + [float(card.get("y") or 0) for card in cards] + [154.0]
    assert x + 20 < min(xs)
    assert max(xs) + 20 < x + width
    assert y + 20 < min(ys)
    assert max(ys) + 20 < y + height


def test_missing_ends_stand_in_a_row_below_the_drawing() -> None:
    edges = [Edge(id="1", source="node-1", target="x"), Edge(id="2", source="node-1", target="y")]
    root = ElementTree.fromstring(to_svg(evolve(DRAWING, edges=edges)))
    rows = {
        style: [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == style]
        for style in ("fc-card", "fc-missing")
    }
    lowest = max(float(rect.get("y") or 0) + 64 for rect in rows["fc-card"])
    assert [float(rect.get("y") or 0) for rect in rows["fc-missing"]] == [lowest + 48] * 2
    assert len({rect.get("x") for rect in rows["fc-missing"]}) == 2


def test_a_swing_stays_clear_of_the_card_beside_it_and_carries_its_label() -> None:
    nodes = [
        Node(id="a", type="t", position=Position(0, 0)),
        Node(id="b", type="t", position=Position(0, 300)),
        Node(id="near", type="t", position=Position(224, 150)),
        Node(id="far", type="t", position=Position(900, 150)),
    ]
    wire = Edge(id="e", source="a", target="b", data={"condition": "healthy"})
    root = ElementTree.fromstring(to_svg(Workflow(name="w", nodes=nodes, edges=[wire])))
    path = next(element.get("d") or "" for element in root.iter() if element.get("class") == "fc-wire")
    label = next(element for element in root.iter() if element.get("class") == "fc-label")
    control = _numbers(path)[2]
    assert 200 < 200 + (control - 200) * 0.75 < 224
    assert float(label.get("y") or 0) == (32 + 332) / 2 + 4


def test_a_shortened_name_fits_its_card() -> None:
    svg = to_svg(Workflow(name="w", nodes=[Node(id="a", type="t", data={"name": "m" * 80})]))
    assert text_width(_texts(svg, "fc-name")[0]) <= 300 - 34


def test_a_json_graph_is_directed() -> None:
    assert to_json_graph(DRAWING)["graph"]["directed"] is True


def test_a_crowded_picture_is_drawn_in_no_time() -> None:
    nodes = [Node(id=f"n{number}", type="t") for number in range(1000)]
    edges = [
        Edge(id=f"{number}-{step}", source=f"n{number}", target=f"n{min(number + step, 999)}")
        for number in range(999)
        for step in (1, 13, 137)
    ]
    start = perf_counter()
    to_svg(Workflow(name="w", nodes=nodes, edges=edges))
    assert perf_counter() - start < 5
