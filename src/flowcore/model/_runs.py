"""A run: one deployment of one version, with the state of every node."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from flowcore.model._workflows import as_texts


class RunStatus(StrEnum):
    """How a run stands; all but ``pending`` and ``running`` are final."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self not in (RunStatus.PENDING, RunStatus.RUNNING)


class NodePhase(StrEnum):
    """How far a node has come in a run."""

    WAITING = "waiting"
    APPLYING = "applying"
    APPLIED = "applied"
    HEALTHY = "healthy"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def is_final(self) -> bool:
        """Whether the run is done with the node."""
        return self in (NodePhase.HEALTHY, NodePhase.FAILED, NodePhase.SKIPPED)


class FailurePolicy(StrEnum):
    """What happens to the cluster when a run fails: nothing more, or the last good version comes back."""

    STOP = "stop"
    ROLLBACK = "rollback"


@frozen(kw_only=True)
class RunOptions:
    """How a run goes about its work; everything that a process must know that takes the run over.

    Attributes:
        timeout: seconds from its start until every node must be healthy.
        policy: what happens when it fails.
        generate_secrets: make up values for secret keys that exist nowhere, instead of failing.
        prune: delete objects of the workflow that are no longer in the drawing.
        prune_claims: delete persistent volume claims among them too.
        force: take over fields that another manager owns.
        given_env: names (never values) of environment variables that came with the request, by node id; the values
            live in the memory of the process that took the request.
    """

    timeout: float = 300
    policy: FailurePolicy = FailurePolicy.STOP
    generate_secrets: bool = False
    prune: bool = True
    prune_claims: bool = False
    force: bool = False
    given_env: Mapping[str, tuple[str, ...]] = field(factory=dict)


@frozen(kw_only=True)
class NodeState:
    """One node in a run.

    Attributes:
        phase: how far it has come.
        health: Argo CD's word for its live objects: Healthy, Progressing, Degraded, Suspended, Missing or Unknown.
        message: for people, without secrets.
        operation: what applying did: created, configured, unchanged; empty before.
        wave: position of its wave, from 0.
        gates: what must have happened to other nodes before this one is applied: their ids with ``healthy`` or
            ``completed``.
        changed_at: when this state was reached, in UTC.
    """

    phase: NodePhase = NodePhase.WAITING
    health: str = "Missing"
    message: str = ""
    operation: str = ""
    wave: int = 0
    gates: Mapping[str, str] = field(factory=dict)
    changed_at: datetime | None = None


@frozen(kw_only=True)
class Run:
    """A run record; nothing secret is ever in it.

    Attributes:
        version: number of the version that is deployed.
        node_states: state by node id.
        logs: lines for people, oldest first.
        error: why it failed, empty while it has not.
        fencing: token of the lease under which it was last written; an older writer is refused.
        deadline: moment in UTC by which every node must be healthy.
        cancel_requested: somebody asked to stop it.
        options: how it goes about its work.
    """

    id: str
    workflow_id: str
    version: int
    owner_id: str = ""
    cluster_id: str = ""
    status: RunStatus = RunStatus.PENDING
    started_at: datetime
    completed_at: datetime | None = None
    deadline: datetime | None = None
    node_states: Mapping[str, NodeState] = field(factory=dict)
    logs: tuple[str, ...] = field(default=(), converter=as_texts)
    error: str = ""
    triggered_by: str = "manual"
    user_id: str = ""
    cancel_requested: bool = False
    options: RunOptions = field(factory=RunOptions)
    fencing: int = 0
    revision: int = 0
