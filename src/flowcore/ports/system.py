"""Time, ids and chance."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """Return the current moment in UTC, aware, with microseconds cut to milliseconds (what every store keeps)."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class IdSource(Protocol):
    """New ids and secrets."""

    def new_id(self) -> str:
        """Return a new unique id: 24 lower-case hexadecimal digits, rising with time."""
        ...

    def new_secret(self, length: int = 32) -> str:
        """Return *length* letters and digits that nobody can guess."""
        ...
