"""Plans: a drawing as ordered waves of manifests, and what a desired object would change in a cluster."""

from flowcore.planning._compare import HIDDEN, Change, Difference, compare
from flowcore.planning._plan import Gate, Plan, Step, Wave, plan, waves
from flowcore.planning._prune import prunable, raw_kinds

__all__ = [
    "HIDDEN",
    "Change",
    "Difference",
    "Gate",
    "Plan",
    "Step",
    "Wave",
    "compare",
    "plan",
    "prunable",
    "raw_kinds",
    "waves",
]
