"""Heights: every node near the middle of its neighbours, none over another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from flowcore.layout._columns import Columns

_ROUNDS = 6


#: Least room between the cards of a column, between a card and a passing wire, between two passing wires.
CARD_GAP, _WIRE_GAP, _WIRES_GAP = 36.0, 22.0, 10.0


def _gap(upper: int, lower: int) -> float:
    """Return the least room between two neighbours of a column; slots for passing wires have negative numbers."""
    if upper >= 0 and lower >= 0:
        return CARD_GAP
    return _WIRE_GAP if upper >= 0 or lower >= 0 else _WIRES_GAP


def heights(drawing: Columns, height: Mapping[int, float]) -> dict[int, float]:
    """Return the upper edge of every node, given the height of every node and slot."""
    top: dict[int, float] = {}
    for column in drawing.columns:
        top |= dict(zip(column, _offsets(column, height), strict=True))
    for round_ in range(_ROUNDS):
        to_right = round_ % 2 == 0
        for column in drawing.columns if to_right else drawing.columns[::-1]:
            _settle(column, drawing, top, height, to_right=to_right)
    return top


def _offsets(column: Sequence[int], height: Mapping[int, float]) -> list[float]:
    """Return the upper edges of a column's nodes when they stand as close as they may."""
    found = [0.0] if column else []
    for upper, lower in pairwise(column):
        found.append(found[-1] + height[upper] + _gap(upper, lower))
    return found


def _settle(
    column: Sequence[int],
    drawing: Columns,
    top: dict[int, float],
    height: Mapping[int, float],
    *,
    to_right: bool,
) -> None:
    """Move the nodes of a column as near as they can to the middle of their neighbours."""
    first, second = (drawing.before, drawing.after) if to_right else (drawing.after, drawing.before)
    wishes = []
    for node in column:
        others = first[node] or second[node]
        middle = sum(top[other] + height[other] / 2 for other in others) / len(others) if others else None
        wishes.append(top[node] if middle is None else middle - height[node] / 2)
    offsets = _offsets(column, height)
    level = _rising([wish - offset for wish, offset in zip(wishes, offsets, strict=True)])
    for node, value, offset in zip(column, level, offsets, strict=True):
        top[node] = value + offset


def _rising(wishes: Sequence[float]) -> list[float]:
    """Return the values nearest to the wishes (least squares) that never fall: neighbours that would, share a mean."""
    pools: list[tuple[float, int]] = []
    for wish in wishes:
        total, size = wish, 1
        while pools and pools[-1][0] / pools[-1][1] > total / size:
            total, size = total + pools[-1][0], size + pools[-1][1]
            pools.pop()
        pools.append((total, size))
    return [total / size for total, size in pools for _ in range(size)]
