"""Positions for nodes: columns by dependency, few crossings, components side by side, nothing over anything."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import sqrt

from attrs import evolve, frozen

from flowcore.layout._columns import ordered
from flowcore.layout._floor import Floor
from flowcore.layout._heights import CARD_GAP, heights
from flowcore.layout._ranks import Component, Link, components
from flowcore.layout._sizes import Box, Size, Sizer, box_of, card_size
from flowcore.model import Edge, Node, Position

#: Where an arranged drawing begins.
_ORIGIN = 100.0
#: Room between columns and between components.
_COLUMN_GAP, _PACK_GAP = 110.0, 70.0
#: Height of the slot that a passing wire takes in a column.
_SLOT = 6.0
#: How wide a packed drawing is for its height.
_ASPECT = 1.6
#: How wide rows are tried, for the width that the usual shape would have; blocks never fill it to the edge.
_ROW_WIDTHS = (1.0, 0.8, 1.25, 1.5)


@frozen
class _Block:
    """Places of some nodes from (0, 0) on, and how much room they take together."""

    places: dict[int, tuple[float, float]]
    width: float
    height: float


def arrange(
    nodes: Iterable[Node], edges: Iterable[Edge], *, keep: Collection[str] = frozenset(), size: Sizer = card_size
) -> tuple[Node, ...]:
    """Return the nodes in their order with positions; the same drawing always gets the same positions.

    Wires point from left to right; one that closes a cycle points back. Wires to nodes that are not there are left out
    of account.

    Args:
        nodes: the nodes.
        edges: the wires between them.
        keep: ids of nodes that stay where they are; the others are placed around them, next to what they are wired to.
        size: tells width and height of a node's card.
    """
    drawn = tuple(nodes)
    where: dict[str, int] = {}
    for index, node in enumerate(drawn):
        where.setdefault(node.id, index)
    links = [
        (where[edge.source], where[edge.target]) for edge in edges if edge.source in where and edge.target in where
    ]
    sizes = [size(node) for node in drawn]
    kept = {index: box_of(node, size) for index, node in enumerate(drawn) if node.id in keep}
    if kept:
        places = _around(kept, links, sizes)
    else:
        places = _packed(_blocks(components(len(drawn), links), sizes)).places
        places = {index: (x + _ORIGIN, y + _ORIGIN) for index, (x, y) in places.items()}
    return tuple(
        node if index in kept else evolve(node, position=Position(round(places[index][0]), round(places[index][1])))
        for index, node in enumerate(drawn)
    )


def _blocks(found: Sequence[Component], sizes: Sequence[Size]) -> list[_Block]:
    """Return a block for every component, large ones first, and one for all nodes without a wire."""
    single = [component.members[0] for component in found if len(component.members) == 1]
    joined = sorted((component for component in found if len(component.members) > 1), key=lambda c: -len(c.members))
    blocks = [_layered(component, sizes) for component in joined]
    if single:
        widest = max((block.width for block in blocks), default=0.0)
        blocks.append(_packed([_alone(index, sizes) for index in single], CARD_GAP, at_least=widest))
    return blocks


def _alone(index: int, sizes: Sequence[Size]) -> _Block:
    return _Block({index: (0.0, 0.0)}, *sizes[index])


def _layered(component: Component, sizes: Sequence[Size]) -> _Block:
    drawing = ordered(component)
    height = {node: sizes[node][1] if node >= 0 else _SLOT for column in drawing.columns for node in column}
    top = heights(drawing, height)
    first = min(top[node] for node in component.members)
    places: dict[int, tuple[float, float]] = {}
    x = 0.0
    for column in drawing.columns:
        real = [node for node in column if node >= 0]
        places |= {node: (x, top[node] - first) for node in real}
        x += max((sizes[node][0] for node in real), default=0.0) + _COLUMN_GAP
    lowest = max(places[node][1] + sizes[node][1] for node in component.members)
    return _Block(places, x - _COLUMN_GAP, lowest)


def _packed(blocks: Sequence[_Block], gap: float = _PACK_GAP, *, at_least: float = 0.0) -> _Block:
    """Put blocks beside each other in rows that together make a picture of a usual shape."""
    usual = sqrt(sum((block.width + gap) * (block.height + gap) for block in blocks) * _ASPECT)
    widest = max([at_least, *(block.width for block in blocks)])
    tried = [_in_rows(blocks, gap, max(widest, usual * part)) for part in _ROW_WIDTHS]
    return min(tried, key=lambda block: max(block.width / _ASPECT, block.height))


def _in_rows(blocks: Sequence[_Block], gap: float, limit: float) -> _Block:
    places: dict[int, tuple[float, float]] = {}
    x = y = row = widest = 0.0
    for block in blocks:
        if x and x + block.width > limit:
            x, y, row = 0.0, y + row + gap, 0.0
        places |= {index: (x + left, y + top) for index, (left, top) in block.places.items()}
        widest, row = max(widest, x + block.width), max(row, block.height)
        x += block.width + gap
    return _Block(places, widest, y + row)


def _around(kept: dict[int, Box], links: Sequence[Link], sizes: Sequence[Size]) -> dict[int, tuple[float, float]]:
    """Return places for all nodes that are not kept: wired ones beside neighbours, the others as blocks below."""
    floor = Floor(kept.values())
    done = dict(kept)
    neighbours: list[list[tuple[int, bool]]] = [[] for _ in sizes]
    for source, target in links:
        neighbours[source].append((target, False))
        neighbours[target].append((source, True))
    waiting = [other for index in kept for other, _ in neighbours[index] if other not in kept]
    for index in waiting:  # grows while it is walked, outwards from what is kept
        if index not in done:
            done[index] = floor.place(_beside(index, neighbours[index], done, sizes), CARD_GAP)
            waiting += [other for other, _ in neighbours[index] if other not in done]
    rest = [index for index in range(len(sizes)) if index not in done]
    number = {index: position for position, index in enumerate(rest)}
    inner = [(number[source], number[target]) for source, target in links if source in number and target in number]
    block = _packed(_blocks(components(len(rest), inner), [sizes[index] for index in rest]))
    left, below = min(box.x for box in done.values()), max(box.bottom for box in done.values()) + _PACK_GAP
    moved = {rest[position]: (left + x, below + y) for position, (x, y) in block.places.items()}
    return {index: (box.x, box.y) for index, box in done.items() if index not in kept} | moved


def _beside(index: int, neighbours: Sequence[tuple[int, bool]], done: dict[int, Box], sizes: Sequence[Size]) -> Box:
    """Return the best place for a node: right of what leads to it, else left of what it leads to."""
    width, height = sizes[index]
    before = [done[other] for other, comes_in in neighbours if comes_in and other in done]
    after = [done[other] for other, comes_in in neighbours if not comes_in and other in done]
    near = before or after
    x = max(box.right for box in before) + _COLUMN_GAP if before else min(box.x for box in after) - _COLUMN_GAP - width
    return Box(x, sum(box.middle for box in near) / len(near) - height / 2, width, height)
