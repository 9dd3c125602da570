"""Ways for wires: smooth curves that leave and enter at the cards' sides and pass between the cards on their way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from attrs import frozen

from flowcore.layout._lanes import LANE, Cards, End, Height, Lane
from flowcore.layout._picture import Card, Picture, Wire
from flowcore.layout._sizes import Box

Point = tuple[float, float]
#: Most room between the ends of two wires on one side of a card.
_PORT_GAP = 16.0
#: How far a wire swings out that connects cards above each other, or comes back to its own card.
_SWING = 32.0
#: Pictures with more pairs of a card and a wire are too crowded for lanes: their wires run straight across.
_MOST_PAIRS = 2_000_000


@frozen
class Route:
    """The way of a wire.

    Attributes:
        path: the curve in SVG's path language.
        middle: where a label belongs.
        points: the points it passes, for knowing how far the picture reaches.
    """

    path: str
    middle: Point
    points: tuple[Point, ...]


def routes(shown: Picture) -> list[Route]:
    """Return the way of every wire of a picture, in its order."""
    cards = Cards(card.box for card in shown.cards)
    is_crowded = len(shown.cards) * len(shown.wires) > _MOST_PAIRS
    users = _users(shown.wires)
    lanes = [[] if is_crowded else _lanes(wire, cards, users) for wire in shown.wires]
    ends = _ports(shown.wires, lanes)
    return [
        _swing(start, end, cards) if _swings(wire) else _curve(_points(taken, start, end))
        for wire, taken, (start, end) in zip(shown.wires, lanes, ends, strict=True)
    ]


def _sides(wire: Wire) -> tuple[str, str]:
    """Return at which side of its source a wire leaves, and at which side of its target it arrives."""
    source, target = wire.source.box, wire.target.box
    if target.x >= source.right:
        return "right", "left"
    if target.right <= source.x:
        return "left", "right"
    return "right", "right"


def _swings(wire: Wire) -> bool:
    """Whether a wire connects cards that stand above each other."""
    return _sides(wire) == ("right", "right")


def _users(wires: Sequence[Wire]) -> Counter[tuple[str, str]]:
    """Return how many wires end at every side of every card."""
    users: Counter[tuple[str, str]] = Counter()
    for wire in wires:
        out, into = _sides(wire)
        users[wire.source.key, out] += 1
        users[wire.target.key, into] += 1
    return users


def _lanes(wire: Wire, cards: Cards, users: Counter[tuple[str, str]]) -> list[Lane]:
    """Return the lanes of a wire from left to right."""
    if _swings(wire):
        return []
    ends = [End(card.box, _spread(card.box, users[card.key, side])) for card, side in _cards_and_sides(wire)]
    left, right = sorted(ends, key=lambda end: end.box.x)
    return cards.way(left, right)


def _cards_and_sides(wire: Wire) -> list[tuple[Card, str]]:
    return list(zip((wire.source, wire.target), _sides(wire), strict=True))


def _gap(box: Box, count: int) -> float:
    """Return the room between the ends of so many wires on one side of a card."""
    return min(_PORT_GAP, (box.height - 16) / max(count - 1, 1))


def _spread(box: Box, count: int) -> float:
    """Return how far from the middle of its side a wire can end."""
    return _gap(box, count) * (count - 1) / 2


def _ports(wires: Sequence[Wire], lanes: Sequence[Sequence[Lane]]) -> list[tuple[Point, Point]]:
    """Return start and end of every wire; those of one side of a card stand apart, in the order of where they go."""
    users: dict[tuple[str, str], list[tuple[float, int, bool]]] = {}
    for index, (wire, taken) in enumerate(zip(wires, lanes, strict=True)):
        out, into = _sides(wire)
        on_way = [lane.y for lane in taken if lane.height is Height.GAP][:: 1 if out == "right" else -1]
        goes_to = on_way[0] if on_way else wire.target.box.middle
        comes_from = on_way[-1] if on_way else wire.source.box.middle
        users.setdefault((wire.source.key, out), []).append((goes_to, index, True))
        users.setdefault((wire.target.key, into), []).append((comes_from, index, False))
    found: dict[tuple[int, bool], Point] = {}
    for (_, side), entries in users.items():
        entries.sort()
        for place, (_, index, is_start) in enumerate(entries):
            box = (wires[index].source if is_start else wires[index].target).box
            y = box.middle - _spread(box, len(entries)) + place * _gap(box, len(entries))
            found[index, is_start] = (box.right if side == "right" else box.x, y)
    return [(found[index, True], found[index, False]) for index in range(len(wires))]


def _points(lanes: Sequence[Lane], start: Point, end: Point) -> list[Point]:
    """Return the points of a wire's way from its start through its lanes to its end."""
    left, right = sorted((start, end))
    points = [left]
    for lane in lanes:
        if lane.height is Height.LEFT_END:
            points.append((lane.right, left[1]))
        elif lane.height is Height.RIGHT_END:
            points.append((lane.left, right[1]))
        else:
            points += [(lane.left, lane.y), (lane.right, lane.y)]
    points.append(right)
    return points if left == start else points[::-1]


def _curve(points: Sequence[Point]) -> Route:
    """Return the smooth way through some points, level at each of them; its label belongs on the longest piece."""
    path = [f"M{_at(points[0])}"]
    for before, after in pairwise(points):
        if before[1] == after[1]:
            path.append(f"L{_at(after)}")
        else:
            half = (before[0] + after[0]) / 2
            path.append(f"C{_at((half, before[1]))} {_at((half, after[1]))} {_at(after)}")
    longest = max(pairwise(points), key=lambda pair: abs(pair[1][0] - pair[0][0]))
    middle = ((longest[0][0] + longest[1][0]) / 2, (longest[0][1] + longest[1][1]) / 2)
    return Route(" ".join(path), middle, tuple(points))


def _swing(start: Point, end: Point, cards: Cards) -> Route:
    """Return the way between cards that stand above each other: out to the right, around what is between, and in."""
    edge = max(start[0], end[0])
    top, bottom = sorted((start[1], end[1]))
    beside = [
        box for box in cards.between(min(start[0], end[0]), edge + 1_000) if box.y <= bottom and top <= box.bottom
    ]
    for box in beside:
        if box.x <= edge:
            edge = max(edge, box.right)
    free = min((box.x - edge for box in beside if box.x > edge), default=2 * _SWING)
    reach = min(_SWING, max(free - LANE, LANE))
    out = edge + reach / 0.75  # a curve comes as far as three quarters of the way to its control points
    path = f"M{_at(start)} C{_at((out, start[1]))} {_at((out, end[1]))} {_at(end)}"
    return Route(path, (edge + reach, (start[1] + end[1]) / 2), (start, (edge + reach, start[1]), end))


def _at(point: Point) -> str:
    return ",".join(f"{value:.1f}".removesuffix(".0") for value in point)
