"""Live events inside one process: publishing never waits, any number may listen."""

from adapters.sse._feed import InProcessEventFeed

__all__ = ["InProcessEventFeed"]
