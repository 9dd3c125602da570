"""Order of ids: waves in which everything comes after what it needs, and cycles with their path."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeAlias

from flowcore.errors import Finding, InvalidInputError, Place

#: (what must come first, what comes after it)
Pair: TypeAlias = tuple[str, str]


def cycles(ids: Sequence[str], pairs: Iterable[Pair]) -> list[tuple[str, ...]]:
    """Return cycles that share no id, each from an id to itself in the order of the pairs; none when there is none."""
    remaining = dict.fromkeys(ids)
    kept = list(pairs)
    found: list[tuple[str, ...]] = []
    while True:
        try:
            _sorter(remaining, kept).prepare()
        except CycleError as error:
            cycle = tuple(error.args[1])
            found.append(cycle)
            remaining = {id_: None for id_ in remaining if id_ not in cycle}
            kept = [pair for pair in kept if pair[0] in remaining and pair[1] in remaining]
        else:
            return found


def waves(ids: Sequence[str], pairs: Iterable[Pair], *, rank: Callable[[str], Any] = lambda _: 0) -> list[list[str]]:
    """Return the ids in waves: every id stands in the first wave that comes after all it needs.

    Args:
        ids: all ids in drawing order.
        pairs: what comes before what; ids that are not among *ids* are ignored.
        rank: sorts a wave; equals keep drawing order.

    Raises:
        InvalidInputError: the pairs run in circles; one finding for each circle.
    """
    known = dict.fromkeys(ids)
    sorter = _sorter(known, pairs)
    try:
        sorter.prepare()
    except CycleError as error:
        raise InvalidInputError([cycle_finding(error.args[1], {})], code="graph.cycle") from error
    position = {id_: (rank(id_), number) for number, id_ in enumerate(known)}
    found: list[list[str]] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=position.__getitem__)
        found.append(ready)
        sorter.done(*ready)
    return found


def _sorter(ids: Iterable[str], pairs: Iterable[Pair]) -> TopologicalSorter[str]:
    needs: dict[str, list[str]] = {id_: [] for id_ in ids}
    for before, after in pairs:
        if before in needs and after in needs:
            needs[after].append(before)
    return TopologicalSorter(needs)


def cycle_finding(cycle: Sequence[str], edges: dict[Pair, str]) -> Finding:
    """Return the finding about a cycle.

    Args:
        cycle: the ids from one to itself.
        edges: id of the edge that makes a pair, where there is one.
    """
    steps = list(itertools.pairwise(cycle))
    ids = [edges[step] for step in steps if step in edges]
    one = f"one of the edges {', '.join(ids)}" if ids else "one of these dependencies"
    return Finding(
        rule="graph-cycle",
        message=f"these need each other in a circle: {' → '.join(cycle)}",
        place=Place(node=cycle[0], edge=ids[0] if ids else ""),
        why="each of them would have to exist before the other, so none can be applied",
        fix=f"remove {one}",
    )
