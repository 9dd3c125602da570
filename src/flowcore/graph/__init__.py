"""Questions about the shape of a graph: is it sound, and what comes before what."""

from flowcore.graph._order import Pair, cycle_finding, cycles, waves
from flowcore.graph._shape import shape_problems

__all__ = ["Pair", "cycle_finding", "cycles", "shape_problems", "waves"]
