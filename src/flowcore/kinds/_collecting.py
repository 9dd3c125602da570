"""Collects findings about one node or one edge."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from attrs import define, field

from flowcore.errors import Finding, Place, Severity


@define
class Collector:
    """The findings about one subject; ``found`` may be shared between subjects.

    Attributes:
        node: id of the node they are about; empty for none.
        edge: id of the edge they are about; empty for none.
        found: the findings so far.
    """

    node: str = ""
    edge: str = ""
    found: list[Finding] = field(factory=list)

    def add(
        self,
        rule: str,
        message: str,
        path: str = "",
        *,
        severity: Severity = Severity.ERROR,
        why: str = "",
        fix: str = "",
    ) -> None:
        """Note one finding at a field *path* of the subject."""
        place = Place(node=self.node, edge=self.edge, path=path)
        self.found.append(Finding(rule=rule, severity=severity, message=message, place=place, why=why, fix=fix))


def nearest(word: str, known: Iterable[str]) -> str:
    """Return advice that names the known word most like *word*, or all of them when none is."""
    choices = sorted(known)
    close = get_close_matches(word, choices, n=1, cutoff=0.6) or [
        choice for choice in choices if choice.lower() == word.lower()
    ]
    if close:
        return f"did you mean {close[0]}?"
    shown = ", ".join(choices[:20]) + (", …" if len(choices) > 20 else "")
    return f"known are: {shown}" if shown else ""
