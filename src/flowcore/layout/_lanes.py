"""Lanes: where a wire can pass between the cards on its way."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from enum import Enum

from attrs import frozen

from flowcore.layout._sizes import Box

#: Room that a wire leaves around cards, and between itself and another wire in the same gap.
ROOM, LANE = 12.0, 8.0
#: Width of the stripes by which taken lanes are found again.
_STRIPE = 300.0
#: How often a way is looked for again when its lanes have led it past further cards.
_TRIES = 4


class Height(Enum):
    """What the height of a lane follows: a gap between cards, or the end of the wire at one of its cards."""

    GAP = "gap"
    LEFT_END = "left end"
    RIGHT_END = "right end"


@frozen
class Lane:
    """A level piece of a wire's way, from left to right."""

    left: float
    right: float
    y: float
    height: Height = Height.GAP


@frozen
class End:
    """Where a wire ends: at the side of a card, as far from its middle as *spread* up or down."""

    box: Box
    spread: float = 0.0


class Cards:
    """The cards of a picture, and the lanes that wires have taken between them."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        self._boxes = sorted(boxes, key=lambda box: (box.x, box.y))
        self._lefts = [box.x for box in self._boxes]
        self._widest = max((box.width for box in self._boxes), default=0.0)
        self._taken: dict[int, list[Lane]] = {}

    def between(self, left: float, right: float) -> list[Box]:
        """Return the cards that reach into a range of x, from left to right."""
        start = bisect_left(self._lefts, left - self._widest)
        end = bisect_left(self._lefts, right)
        return [box for box in self._boxes[start:end] if box.right > left]

    def way(self, left: End, right: End) -> list[Lane]:
        """Return the lanes that lead from one card past others to a card further right, and take them."""
        own = (left.box, right.box)
        others = [box for box in self.between(left.box.right, right.box.x) if box not in own]
        lanes: list[Lane] = []
        for _ in range(_TRIES):
            levels = [end.box.middle + way for end in (left, right) for way in (-end.spread, end.spread)]
            levels += [lane.y for lane in lanes]
            top, bottom = min(levels) - ROOM, max(levels) + ROOM
            near = [box for box in others if box.y < bottom and top < box.bottom]
            again = self._through(left, right, _columns(near), others)
            if again == lanes:
                break
            lanes = again
        for lane in lanes:
            if lane.height is Height.GAP:
                self._take(lane)
        return lanes

    def _through(
        self, start_at: End, end_at: End, columns: Sequence[tuple[float, float]], others: Sequence[Box]
    ) -> list[Lane]:
        lanes: list[Lane] = []
        left, right = start_at.box, end_at.box
        x, y = left.right, left.middle
        for first, last in columns:
            start, end = max(first - ROOM, left.right), min(last + ROOM, right.x)
            inside = [box for box in others if box.x < last + ROOM and first - ROOM < box.right]
            if first - ROOM <= left.right and _is_free(start_at, inside):
                lane = Lane(start, end, left.middle, Height.LEFT_END)
            elif last + ROOM >= right.x and _is_free(end_at, inside):
                lane = Lane(start, end, right.middle, Height.RIGHT_END)
            else:
                wish = y + (right.middle - y) * (start - x) / max(right.x - x, 1.0)
                lane = Lane(start, end, self._free(wish, first, last, inside))
            lanes.append(lane)
            x, y = lane.right, lane.y
        return lanes

    def _free(self, wish: float, left: float, right: float, inside: Sequence[Box]) -> float:
        """Return the y nearest to the wish at which a level line meets neither a card nor another lane."""
        blocked = [(box.y - ROOM, box.bottom + ROOM) for box in inside]
        blocked += [
            (lane.y - LANE, lane.y + LANE)
            for lane in self._taken_between(left, right)
            if lane.left < right and left < lane.right
        ]
        above = below = wish
        for top, bottom in sorted(blocked):
            if top < below < bottom:
                below = bottom
        for top, bottom in sorted(blocked, key=lambda block: -block[1]):
            if top < above < bottom:
                above = top
        return above if wish - above <= below - wish else below

    def _taken_between(self, left: float, right: float) -> set[Lane]:
        return {lane for cell in _cells(left, right) for lane in self._taken.get(cell, ())}

    def _take(self, lane: Lane) -> None:
        for cell in _cells(lane.left, lane.right):
            self._taken.setdefault(cell, []).append(lane)


def _cells(left: float, right: float) -> range:
    """Return the numbers of the upright stripes of the plane that a range of x touches."""
    return range(int(left // _STRIPE), int(right // _STRIPE) + 1)


def _is_free(end: End, boxes: Iterable[Box]) -> bool:
    """Say whether a level line from anywhere that the wire can end meets none of the cards."""
    top, bottom = end.box.middle - end.spread - ROOM, end.box.middle + end.spread + ROOM
    return not any(box.y < bottom and top < box.bottom for box in boxes)


def _columns(boxes: Iterable[Box]) -> list[tuple[float, float]]:
    """Return the x ranges that cards take, joined where too little room is left between them."""
    found: list[tuple[float, float]] = []
    for box in boxes:
        if found and box.x <= found[-1][1] + 3 * ROOM:
            found[-1] = (found[-1][0], max(found[-1][1], box.right))
        else:
            found.append((box.x, box.right))
    return found
