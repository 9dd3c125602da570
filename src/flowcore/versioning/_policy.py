"""The rules of versions; the history is append-only, so every one of them makes a new value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import evolve

from flowcore.model import Node, Version, Workflow


def next_number(newest: int) -> int:
    """Return the number that follows *newest*, which is 0 when there is no version yet."""
    return newest + 1


def without_runtime_fields(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Return the nodes without the fields that only tell how they stood (``data`` keys that start with ``_``)."""
    return tuple(
        evolve(node, data={key: value for key, value in node.data.items() if not key.startswith("_")}) for node in nodes
    )


def snapshot(
    workflow: Workflow,
    *,
    id_: str,
    number: int,
    at: datetime,
    by: str,
    run_id: str = "",
    name: str = "",
    tag: str = "",
    description: str = "",
) -> Version:
    """Return the workflow's drawing, whole, as a version; it is automatic when a run makes it."""
    return Version(
        id=id_,
        workflow_id=workflow.id,
        number=number,
        nodes=without_runtime_fields(workflow.nodes),
        edges=workflow.edges,
        name=name,
        tag=tag,
        description=description,
        created_at=at,
        created_by=by,
        is_automatic=bool(run_id),
        run_id=run_id,
        run_status="pending" if run_id else "",
    )


def restored(source: Version, *, id_: str, number: int, at: datetime, by: str, run_id: str = "") -> Version:
    """Return a new version that is drawn like *source*; name and tag stay with the old one."""
    return Version(
        id=id_,
        workflow_id=source.workflow_id,
        number=number,
        nodes=source.nodes,
        edges=source.edges,
        description=f"Restored from version {source.number}",
        created_at=at,
        created_by=by,
        restored_from=source.number,
        is_automatic=bool(run_id),
        run_id=run_id,
        run_status="pending" if run_id else "",
    )


def with_drawing(workflow: Workflow, version: Version) -> Workflow:
    """Return the workflow drawn like *version*."""
    return evolve(workflow, nodes=version.nodes, edges=version.edges)


def is_drawn_like(workflow: Workflow, version: Version) -> bool:
    """Say whether the workflow's drawing is the version's, live status aside."""
    return without_runtime_fields(workflow.nodes) == version.nodes and workflow.edges == version.edges


def droppable(versions: Sequence[Version], *, keep: int) -> tuple[Version, ...]:
    """Return the versions that may be forgotten, oldest first.

    The newest *keep* automatic versions stay. So do, always: what a person made, named or tagged; the newest version;
    what a run has still to deploy; the newest one that a run completed, because a rollback goes there; and what a kept
    version was restored from.

    Args:
        versions: all versions of one workflow, in any order.
        keep: how many automatic ones to keep; 0 keeps all of them.
    """
    if keep <= 0:
        return ()
    newest_first = sorted(versions, key=lambda version: version.number, reverse=True)
    automatic = [version for version in newest_first if version.is_automatic]
    kept = {version.number for version in automatic[:keep]} | {version.number for version in newest_first[:1]}
    kept |= {version.number for version in versions if not version.is_automatic or version.name or version.tag}
    kept |= {version.number for version in versions if version.run_status == "pending"}
    kept |= {next((version.number for version in newest_first if version.run_status == "completed"), 0)}
    kept |= {version.restored_from for version in versions if version.number in kept}
    return tuple(version for version in reversed(newest_first) if version.number not in kept)
