"""Laws of order: every pair is respected, nothing is lost, ties stay as drawn, the answer is always the same."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcore.errors import InvalidInputError
from flowcore.graph import cycles, waves

IDS = st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=3), min_size=1, max_size=12, unique=True)


@st.composite
def acyclic(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, str]]]:
    """Draw ids in any order, and pairs that all point the same way along another order."""
    ids = draw(IDS)
    order = draw(st.permutations(ids))
    possible = [(order[a], order[b]) for a in range(len(order)) for b in range(a + 1, len(order))]
    return ids, draw(st.lists(st.sampled_from(possible), max_size=20)) if possible else []


@given(acyclic())
def test_everything_comes_once_and_after_what_it_needs(graph: tuple[list[str], list[tuple[str, str]]]) -> None:
    ids, pairs = graph
    found = waves(ids, pairs)
    wave_of = {id_: number for number, wave in enumerate(found) for id_ in wave}
    assert sorted(id_ for wave in found for id_ in wave) == sorted(ids)
    assert all(wave_of[before] < wave_of[after] for before, after in pairs)
    assert all(wave for wave in found)


@given(acyclic())
def test_nothing_waits_longer_than_it_must(graph: tuple[list[str], list[tuple[str, str]]]) -> None:
    ids, pairs = graph
    found = waves(ids, pairs)
    for earlier, later in pairwise(found):
        assert all(any((before, id_) in pairs for before in earlier) for id_ in later)


@given(acyclic(), st.dictionaries(st.text(max_size=3), st.integers(0, 3)))
def test_waves_are_sorted_by_rank_and_then_as_drawn(
    graph: tuple[list[str], list[tuple[str, str]]], ranks: dict[str, int]
) -> None:
    ids, pairs = graph
    for wave in waves(ids, pairs, rank=lambda id_: ranks.get(id_, 0)):
        keys = [(ranks.get(id_, 0), ids.index(id_)) for id_ in wave]
        assert keys == sorted(keys)


@given(IDS, st.data())
def test_circles_are_found_exactly_when_there_are_some(ids: list[str], data: st.DataObject) -> None:
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids)), max_size=15))
    found = cycles(ids, pairs)
    for cycle in found:
        assert cycle[0] == cycle[-1]
        assert all(step in pairs for step in pairwise(cycle))
    if found:
        with pytest.raises(InvalidInputError):
            waves(ids, pairs)
    else:
        assert sum(map(len, waves(ids, pairs))) == len(ids)
