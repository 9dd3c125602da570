"""What can happen to a run (events), and what has to be done because of it (effects)."""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen

from flowcore.model import RunStatus


@frozen
class RunStarted:
    """A process has begun to work on the run."""


@frozen
class RunResumed:
    """Another process has taken the run over; it does not know how far the applies under way have come."""


@frozen
class NodeApplied:
    """The cluster took the node's object.

    Attributes:
        operation: kubectl's word for what that changed.
        health: how the object is right after it; what was seen before says nothing about the new state.
    """

    node_id: str
    operation: str
    health: str = "Progressing"
    message: str = ""


@frozen
class NodeRejected:
    """The node cannot be applied: the cluster refused it, or something that it needs is missing."""

    node_id: str
    message: str


@frozen
class NodeHealthChanged:
    """The node's live objects look different; ``hopeless`` when they will never get better by themselves."""

    node_id: str
    health: str
    message: str = ""
    hopeless: bool = False


@frozen
class Pruned:
    """Objects that are no longer drawn are gone; ``problems`` tells which are not, and why."""

    deleted: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@frozen
class DeadlinePassed:
    """The run has had all its time."""


@frozen
class CancelRequested:
    """Somebody wants the run to stop."""


@frozen
class ExecutorLost:
    """Nobody can go on with the run, for ``reason``."""

    reason: str


RunEvent: TypeAlias = (
    RunStarted
    | RunResumed
    | NodeApplied
    | NodeRejected
    | NodeHealthChanged
    | Pruned
    | DeadlinePassed
    | CancelRequested
    | ExecutorLost
)


@frozen
class Apply:
    """Apply these nodes, all at once; tell NodeApplied or NodeRejected for each."""

    node_ids: tuple[str, ...]


@frozen
class Prune:
    """Delete what is no longer drawn; tell Pruned."""


@frozen
class Finish:
    """The run has ended like this; nothing is accepted any more."""

    status: RunStatus


@frozen
class RollBack:
    """Bring the last good version back."""


RunEffect: TypeAlias = Apply | Prune | Finish | RollBack
