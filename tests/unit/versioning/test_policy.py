"""The rules of versions."""

from __future__ import annotations

from datetime import UTC, datetime

from attrs import evolve

from flowcore.model import Edge, Node, Version, Workflow
from flowcore.versioning import droppable, next_number, restored, snapshot, with_drawing

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORKFLOW = Workflow(
    id="w",
    name="shop",
    nodes=[Node(id="a", type="service", data={"name": "a", "_status": {"state": "healthy"}})],
    edges=[Edge(id="e", source="a", target="a")],
)


def a_version(number: int, **fields: object) -> Version:
    plain = Version(id=str(number), workflow_id="w", number=number, created_at=NOW, is_automatic=True)
    return evolve(plain, **fields)


def test_the_first_number_is_one() -> None:
    assert next_number(0) == 1


def test_a_snapshot_holds_the_drawing_without_what_only_tells_how_it_stood() -> None:
    version = snapshot(WORKFLOW, id_="v", number=1, at=NOW, by="u", run_id="r")
    assert version.nodes[0].data == {"name": "a"}
    assert version.edges == WORKFLOW.edges
    assert version.is_automatic
    assert version.run_id == "r"


def test_a_restore_is_a_new_version_that_is_drawn_like_the_old_one() -> None:
    old = snapshot(WORKFLOW, id_="v1", number=1, at=NOW, by="u", name="good", tag="v1.0")
    new = restored(old, id_="v5", number=5, at=NOW, by="u")
    assert (new.nodes, new.edges, new.restored_from) == (old.nodes, old.edges, 1)
    assert (new.name, new.tag) == ("", "")
    assert with_drawing(Workflow(name="x"), new).nodes == old.nodes


def test_retention_keeps_the_named_the_newest_the_good_and_their_sources() -> None:
    versions = [
        a_version(1),
        a_version(2, name="release"),
        a_version(3, run_status="completed"),
        a_version(4),
        a_version(5, is_automatic=False, restored_from=1),
        a_version(6),
        a_version(7),
    ]
    assert [version.number for version in droppable(versions, keep=1)] == [4, 6]
    assert droppable(versions, keep=0) == ()


def test_retention_keeps_what_is_still_to_be_run() -> None:
    versions = [a_version(1, run_status="failed"), a_version(2, run_status="pending"), a_version(3), a_version(4)]
    assert [version.number for version in droppable(versions, keep=1)] == [1, 3]
