"""The order of the nodes in every column; long wires get a slot in each column they pass."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from attrs import define

from flowcore.layout._ranks import Component, Link

#: Wires that would need more slots than this altogether are drawn straight across.
_MOST_SLOTS = 20_000
_SWEEPS = 8


@define
class Columns:
    """A component in columns.

    Attributes:
        columns: nodes of every column from top to bottom; negative numbers are slots for passing wires.
        before: neighbours of every node one column to the left.
        after: neighbours of every node one column to the right.
    """

    columns: list[list[int]]
    before: dict[int, list[int]]
    after: dict[int, list[int]]


def ordered(component: Component) -> Columns:
    """Return the component's columns with few crossings; the same component gives the same order."""
    drawing, pieces = _with_slots(component)
    for source, target in pieces:
        drawing.after[source].append(target)
        drawing.before[target].append(source)
    if len(drawing.columns) > 1:
        _reduce_crossings(drawing)
    return drawing


def _with_slots(component: Component) -> tuple[Columns, list[Link]]:
    rank = component.rank
    columns: list[list[int]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for node in component.members:
        columns[rank[node]].append(node)
    slots = sum(rank[target] - rank[source] - 1 for source, target in component.links)
    pieces: list[Link] = []
    number = 0
    for source, target in component.links:
        last = source
        if slots <= _MOST_SLOTS:
            for column in range(rank[source] + 1, rank[target]):
                number -= 1
                columns[column].append(number)
                pieces.append((last, number))
                last = number
        pieces.append((last, target))
    everything = [node for column in columns for node in column]
    return Columns(columns, {node: [] for node in everything}, {node: [] for node in everything}), pieces


def _reduce_crossings(drawing: Columns) -> None:
    best = [list(column) for column in drawing.columns]
    fewest = _crossings(drawing)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        _sweep(drawing, to_right=sweep % 2 == 0)
        found = _crossings(drawing)
        if found < fewest:
            fewest, best = found, [list(column) for column in drawing.columns]
    drawing.columns = best


def _sweep(drawing: Columns, *, to_right: bool) -> None:
    """Put every node near the middle of its neighbours in the column before it on the way."""
    way = drawing.columns if to_right else drawing.columns[::-1]
    neighbours = drawing.before if to_right else drawing.after
    for fixed, column in pairwise(way):
        place = {node: index for index, node in enumerate(fixed)}
        wish: dict[int, float] = {}
        for index, node in enumerate(column):
            places = [place[other] for other in neighbours[node] if other in place]
            wish[node] = sum(places) / len(places) if places else float(index)
        column.sort(key=wish.__getitem__)


def _crossings(drawing: Columns) -> int:
    return sum(_crossings_between(left, right, drawing.after) for left, right in pairwise(drawing.columns))


def _crossings_between(left: Sequence[int], right: Sequence[int], after: dict[int, list[int]]) -> int:
    """Count the crossings of the wires between two columns: the inversions of their right ends."""
    place = {node: index for index, node in enumerate(right)}
    seen: list[int] = []
    count = 0
    for node in left:
        ends = sorted(place[other] for other in after[node] if other in place)
        count += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
        for end in ends:
            seen.insert(bisect_left(seen, end), end)
    return count
