"""The simulated controllers of the sandbox cluster: they bring objects to a realistic status over a short time."""

from adapters.sandbox._controllers._behaviour import ANNOTATION
from adapters.sandbox._controllers._clock import Clock, LoopClock, VirtualClock
from adapters.sandbox._controllers._fixtures import seed_cluster
from adapters.sandbox._controllers._simulation import Controllers

__all__ = ["ANNOTATION", "Clock", "Controllers", "LoopClock", "VirtualClock", "seed_cluster"]
