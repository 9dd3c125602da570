"""Automatic positions."""

from __future__ import annotations

from time import perf_counter

from flowcore.layout import arrange
from flowcore.layout._sizes import Box, box_of
from flowcore.model import Edge, Node, Position


def _nodes(*ids: str) -> list[Node]:
    return [Node(id=node_id, type="deployment", data={"name": node_id}) for node_id in ids]


def _edges(*wires: str) -> list[Edge]:
    return [Edge(id=wire, source=wire.split(">")[0], target=wire.split(">")[1]) for wire in wires]


def _x(nodes: tuple[Node, ...]) -> dict[str, float]:
    return {node.id: node.position.x for node in nodes}


def test_what_leads_to_something_stands_left_of_it() -> None:
    x = _x(arrange(_nodes("c", "b", "a"), _edges("a>b", "b>c")))
    assert x["a"] < x["b"] < x["c"]


def test_settings_of_a_late_workload_stand_right_before_it() -> None:
    x = _x(arrange(_nodes("a", "b", "c", "config"), _edges("a>b", "b>c", "config>c")))
    assert x["config"] == x["b"]


def test_a_cycle_is_drawn_with_one_wire_going_back() -> None:
    x = _x(arrange(_nodes("a", "b", "c"), _edges("a>b", "b>c", "c>a", "a>a")))
    assert x["a"] < x["b"] < x["c"]


def test_wires_that_need_not_cross_do_not() -> None:
    nodes = arrange(_nodes("a", "b", "c", "x", "y", "z"), _edges("a>z", "b>y", "c>x", "a>y", "b>x"))
    y = {node.id: node.position.y for node in nodes}
    assert y["a"] < y["b"] < y["c"]
    assert y["z"] < y["y"] < y["x"]


def test_components_stand_clear_of_each_other_and_lone_nodes_in_a_grid() -> None:
    nodes = arrange(_nodes(*"abcdefghijkl"), _edges("a>b", "b>c", "d>e"))
    boxes = [box_of(node) for node in nodes]
    assert not any(one.overlaps(two, 20) for index, one in enumerate(boxes) for two in boxes[:index])
    assert len({node.position.y for node in nodes[5:]}) < len(nodes[5:])


def test_an_empty_drawing_stays_empty() -> None:
    assert arrange([], []) == ()


def test_wires_to_nowhere_do_not_matter() -> None:
    assert arrange(_nodes("a"), _edges("a>ghost", "ghost>a"))[0].position == Position(100, 100)


def test_the_given_size_is_kept_clear() -> None:
    nodes = arrange(_nodes("a", "b", "c"), _edges("a>b", "a>c"), size=lambda node: (500, 400))
    assert nodes[1].position.x - nodes[0].position.x > 500
    assert abs(nodes[1].position.y - nodes[2].position.y) > 400


def test_new_nodes_are_placed_beside_the_kept_ones_they_are_wired_to() -> None:
    kept = Node(id="api", type="deployment", data={"name": "api"}, position=Position(1000, 500))
    nodes = arrange([kept, *_nodes("before", "after", "apart")], _edges("before>api", "api>after"), keep={"api"})
    api, before, after, apart = nodes
    assert api is kept
    assert before.position.x < 1000 < after.position.x
    assert (before.position.y, after.position.y) == (500, 500)
    assert apart.position.y > 500 + 64


def test_a_taken_place_beside_a_kept_node_is_left_alone() -> None:
    kept = [
        Node(id="api", type="deployment", data={"name": "api"}, position=Position(0, 0)),
        Node(id="there", type="deployment", data={"name": "there"}, position=Position(310, 0)),
    ]
    new = arrange([*kept, *_nodes("next")], _edges("api>next"), keep={"api", "there"})[2]
    assert new.position.x == 310
    assert abs(new.position.y) >= 64 + 36


def test_nodes_that_hang_on_new_nodes_follow_them_outwards() -> None:
    kept = Node(id="a", type="deployment", data={"name": "a"}, position=Position(0, 0))
    x = _x(arrange([*_nodes("c", "b"), kept], _edges("a>b", "b>c"), keep={"a"}))
    assert 0 < x["b"] < x["c"]


def test_a_thousand_nodes_take_less_than_a_second() -> None:
    nodes = _nodes(*(f"n{number}" for number in range(1000)))
    edges = _edges(*(f"n{(number * 7919) % number}>n{number}" for number in range(1, 1000)))
    edges += _edges(*(f"n{number}>n{(number * 31) % 400 + 600}" for number in range(1, 600)))
    start = perf_counter()
    arrange(nodes, edges)
    assert perf_counter() - start < 1


def test_a_drawing_with_very_many_long_wires_is_arranged_too() -> None:
    count = 260
    nodes = _nodes(*(f"n{number}" for number in range(count)))
    edges = _edges(*(f"n{number}>n{number + 1}" for number in range(count - 1)))
    edges += _edges(*(f"n{number}>n{count - 1}" for number in range(count - 2)))
    x = _x(arrange(nodes, edges))
    assert sorted(x.values()) == list(x.values())


def test_a_chain_stands_in_one_line_whatever_the_heights() -> None:
    height = {"a": 60, "b": 200, "c": 60}
    nodes = arrange(_nodes("a", "b", "c"), _edges("a>b", "b>c"), size=lambda node: (200, height[node.id]))
    assert len({node.position.y + height[node.id] / 2 for node in nodes}) == 1


def test_a_node_stands_in_the_middle_of_what_it_leads_to() -> None:
    y = {node.id: node.position.y for node in arrange(_nodes("a", "x", "y", "z"), _edges("a>x", "a>y", "a>z"))}
    assert y["a"] == y["y"] == (y["x"] + y["z"]) / 2


def test_a_new_node_takes_the_nearest_free_place() -> None:
    def kept(node_id: str, y: float) -> Node:
        return Node(id=node_id, type="deployment", data={"name": node_id}, position=Position(310 if y else 0, y))

    wall = [kept(str(y), y) for y in (-100, -1, 100, 200)]
    new = arrange([kept("api", 0), *wall, *_nodes("new")], _edges("api>new"), keep={"api", "-100", "-1", "100", "200"})
    assert new[-1].position == Position(310, -200)


def test_boxes_that_only_touch_do_not_overlap_but_are_nearer_than_any_room() -> None:
    one, two = Box(0, 0, 10, 10), Box(10, 0, 10, 10)
    assert not one.overlaps(two)
    assert one.overlaps(two, 1)
    assert two.overlaps(one, 1)
    assert not one.overlaps(Box(15, 0, 10, 10), 5)


def test_three_components_share_rows_in_a_picture_of_a_usual_shape() -> None:
    wires = [f"{side}{number}>{hub}" for hub in ("db", "app") for side in hub for number in range(2)] + ["q>cache"]
    ids = dict.fromkeys(end for wire in wires for end in wire.split(">"))
    boxes = [box_of(node) for node in arrange(_nodes(*ids), _edges(*wires))]
    width = max(box.right for box in boxes) - min(box.x for box in boxes)
    height = max(box.bottom for box in boxes) - min(box.y for box in boxes)
    assert 1 < width / height < 3


def test_very_many_new_nodes_beside_one_fill_columns_next_to_it_and_stand_clear() -> None:
    kept = Node(id="hub", type="deployment", data={"name": "hub"}, position=Position(0, 0))
    new = [f"n{number}" for number in range(300)]
    nodes = arrange([kept, *_nodes(*new)], _edges(*(f"hub>{node_id}" for node_id in new)), keep={"hub"})
    boxes = [box_of(node) for node in nodes]
    assert not any(one.overlaps(two, 30) for index, one in enumerate(boxes) for two in boxes[:index])
    assert max(abs(box.y) for box in boxes) <= 4_100
    assert 1 < len({box.x for box in boxes[1:]}) < 10
