"""The machine's clock, its resolver of names, and its source of ids and secrets."""

from adapters.system._clock import SystemClock
from adapters.system._ids import SystemIds
from adapters.system._resolver import SystemResolver

__all__ = ["SystemClock", "SystemIds", "SystemResolver"]
