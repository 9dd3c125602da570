"""The machine's clock and its source of ids and secrets."""

from adapters.system._clock import SystemClock
from adapters.system._ids import SystemIds

__all__ = ["SystemClock", "SystemIds"]
