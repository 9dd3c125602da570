"""Which nodes hang together, and in which column each belongs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

#: A wire between two nodes by their positions in the drawing.
Link = tuple[int, int]


@frozen
class Component:
    """Nodes that hang together, and their wires made free of cycles.

    Attributes:
        members: positions of the nodes, in drawing order.
        links: wires between members, each pointing to a later column; no wire is there twice.
        rank: column of each member, from 0.
    """

    members: tuple[int, ...]
    links: tuple[Link, ...]
    rank: dict[int, int]


def components(count: int, links: Iterable[Link]) -> list[Component]:
    """Return the components of a drawing of *count* nodes, in drawing order of their first nodes."""
    unique = list(dict.fromkeys(link for link in links if link[0] != link[1]))
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for source, target in unique:
        neighbours[source].append(target)
        neighbours[target].append(source)
    home = [-1] * count
    groups: list[list[int]] = []
    for start in range(count):
        if home[start] < 0:
            groups.append(_flood(start, neighbours, home, len(groups)))
    wires: list[list[Link]] = [[] for _ in groups]
    for link in unique:
        wires[home[link[0]]].append(link)
    return [_component(sorted(members), wire) for members, wire in zip(groups, wires, strict=True)]


def _flood(start: int, neighbours: Sequence[Sequence[int]], home: list[int], number: int) -> list[int]:
    home[start] = number
    found = [start]
    for node in found:  # grows while it is walked
        for other in neighbours[node]:
            if home[other] < 0:
                home[other] = number
                found.append(other)
    return found


def _component(members: Sequence[int], links: Sequence[Link]) -> Component:
    forward = _without_cycles(members, links)
    return Component(tuple(members), tuple(forward), _ranks(members, forward))


def _without_cycles(members: Sequence[int], links: Sequence[Link]) -> list[Link]:
    """Return the links with those turned round that close a cycle on the way from the first node."""
    following: dict[int, list[int]] = {node: [] for node in members}
    incoming = dict.fromkeys(members, 0)
    for source, target in links:
        following[source].append(target)
        incoming[target] += 1
    done: set[int] = set()
    turned: set[Link] = set()
    for start in sorted(members, key=lambda node: (incoming[node] > 0, node)):
        if start not in done:
            turned |= _closing_links(start, following, done)
    kept = ((target, source) if (source, target) in turned else (source, target) for source, target in links)
    return list(dict.fromkeys(kept))


def _closing_links(start: int, following: dict[int, list[int]], done: set[int]) -> set[Link]:
    """Return the links that lead back onto the path they were reached by, seen from *start*."""
    found: set[Link] = set()
    path = [start]
    on_path = {start}
    waiting = [iter(following[start])]
    while path:
        node = path[-1]
        other = next(waiting[-1], None)
        if other is None:
            path.pop()
            waiting.pop()
            on_path.discard(node)
            done.add(node)
        elif other in on_path:
            found.add((node, other))
        elif other not in done:
            path.append(other)
            on_path.add(other)
            waiting.append(iter(following[other]))
    return found


def _ranks(members: Sequence[int], links: Sequence[Link]) -> dict[int, int]:
    """Return the column of every node: as far left as its wires allow, but next to what it alone leads to."""
    following: dict[int, list[int]] = {node: [] for node in members}
    missing = dict.fromkeys(members, 0)
    for source, target in links:
        following[source].append(target)
        missing[target] += 1
    before = dict(missing)
    ready = [node for node in members if not missing[node]]
    rank = dict.fromkeys(ready, 0)
    for node in ready:  # grows while it is walked, in an order that respects the links
        for other in following[node]:
            rank[other] = max(rank.get(other, 0), rank[node] + 1)
            missing[other] -= 1
            if not missing[other]:
                ready.append(other)
    for node in reversed(ready):
        if following[node] and len(following[node]) > before[node]:
            rank[node] = min(rank[other] for other in following[node]) - 1
    lowest = min(rank.values(), default=0)
    return {node: column - lowest for node, column in rank.items()}
