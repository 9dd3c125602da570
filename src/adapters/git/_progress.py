"""Git's progress lines as one fraction."""

from __future__ import annotations

import re
from collections.abc import Callable

from flowcore.ports.git import GitProgress

_LINE = re.compile(r"(?:remote: )?(?P<step>[A-Z][a-z]+ (?:objects|deltas)): +(?P<percent>\d{1,3})%")

#: Where each step begins and ends in the whole.
_STEPS = {
    "Counting objects": (0.0, 0.05),
    "Compressing objects": (0.05, 0.15),
    "Receiving objects": (0.15, 0.9),
    "Resolving deltas": (0.9, 0.99),
}


class ProgressReader:
    """Reads lines and reports what goes forward."""

    def __init__(self, report: Callable[[GitProgress], None]) -> None:
        self._report = report
        self._fraction = 0.0

    def read(self, line: str) -> None:
        """Report the progress in a line, if there is any."""
        match = _LINE.match(line)
        if match is None or match["step"] not in _STEPS:
            return
        begin, end = _STEPS[match["step"]]
        self._advance(match["step"], begin + (end - begin) * min(int(match["percent"]), 100) / 100)

    def finish(self) -> None:
        """Report the end."""
        self._advance("Done", 1.0)

    def _advance(self, step: str, fraction: float) -> None:
        if fraction > self._fraction:
            self._fraction = fraction
            self._report(GitProgress(step=step, fraction=fraction))
