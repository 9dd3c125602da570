"""Laws of versions."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from flowcore.model import Node, Version, Workflow
from flowcore.versioning import droppable, restored, snapshot, with_drawing

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DATA = st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(max_size=5), st.none()), max_size=4)
NODES = st.lists(st.builds(Node, id=st.text(min_size=1, max_size=4), type=st.just("service"), data=DATA), max_size=4)


def versions() -> st.SearchStrategy[list[Version]]:
    one = st.builds(
        Version,
        id=st.text(max_size=4),
        workflow_id=st.just("w"),
        number=st.integers(1, 40),
        created_at=st.just(NOW),
        name=st.sampled_from(["", "", "good"]),
        tag=st.sampled_from(["", "", "v1"]),
        is_automatic=st.booleans(),
        run_status=st.sampled_from(["", "completed", "failed"]),
    )
    return st.lists(one, max_size=15, unique_by=lambda version: version.number)


@given(NODES, NODES)
def test_restoring_and_restoring_back_gives_the_same_drawing(old: list[Node], new: list[Node]) -> None:
    first = snapshot(Workflow(id="w", name="a", nodes=old), id_="1", number=1, at=NOW, by="u")
    second = snapshot(Workflow(id="w", name="a", nodes=new), id_="2", number=2, at=NOW, by="u")
    third = restored(first, id_="3", number=3, at=NOW, by="u")
    fourth = restored(second, id_="4", number=4, at=NOW, by="u")
    workflow = with_drawing(with_drawing(Workflow(id="w", name="a"), third), fourth)
    assert third.nodes == first.nodes
    assert workflow.nodes == second.nodes


@given(NODES)
def test_a_snapshot_of_a_snapshot_is_the_same(nodes: list[Node]) -> None:
    once = snapshot(Workflow(id="w", name="a", nodes=nodes), id_="1", number=1, at=NOW, by="u")
    twice = snapshot(with_drawing(Workflow(id="w", name="a"), once), id_="2", number=2, at=NOW, by="u")
    assert twice.nodes == once.nodes


@given(versions(), st.integers(0, 5))
def test_retention_never_drops_the_named_the_manual_or_the_newest(kept: list[Version], keep: int) -> None:
    for version in droppable(kept, keep=keep):
        assert version.is_automatic
        assert not version.name
        assert not version.tag
        assert version.number != max(other.number for other in kept)
