"""A run as a state machine without I/O: events in, the next state and effects out."""

from flowcore.runs._events import (
    Apply,
    CancelRequested,
    DeadlinePassed,
    ExecutorLost,
    Finish,
    NodeApplied,
    NodeHealthChanged,
    NodeRejected,
    Prune,
    Pruned,
    RollBack,
    RunEffect,
    RunEvent,
    RunResumed,
    RunStarted,
)
from flowcore.runs._machine import advance, due_nodes
from flowcore.runs._transitions import TRANSITIONS

__all__ = [
    "TRANSITIONS",
    "Apply",
    "CancelRequested",
    "DeadlinePassed",
    "ExecutorLost",
    "Finish",
    "NodeApplied",
    "NodeHealthChanged",
    "NodeRejected",
    "Prune",
    "Pruned",
    "RollBack",
    "RunEffect",
    "RunEvent",
    "RunResumed",
    "RunStarted",
    "advance",
    "due_nodes",
]
