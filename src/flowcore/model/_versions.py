"""A version: one kept state of a workflow's drawing."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen

from flowcore.model._workflows import Edge, Node, as_edges, as_nodes


@frozen(kw_only=True)
class Version:
    """A full snapshot, never changed but for its name, tag, description and the run it belongs to.

    Attributes:
        number: from 1, rising by one inside the workflow without gaps.
        restored_from: number of the version this one copies; 0 when it is not a restore.
        is_automatic: made by a run, not by a person.
        run_id: the run that made it; empty when none did.
        run_status: how that run stands, in the words of ``RunStatus``; empty when there is none.
        created_by: id of the user.
    """

    id: str
    workflow_id: str
    number: int
    nodes: tuple[Node, ...] = field(default=(), converter=as_nodes)
    edges: tuple[Edge, ...] = field(default=(), converter=as_edges)
    name: str = ""
    tag: str = ""
    description: str = ""
    created_at: datetime
    created_by: str = ""
    restored_from: int = 0
    is_automatic: bool = False
    run_id: str = ""
    run_status: str = ""
    revision: int = 0
