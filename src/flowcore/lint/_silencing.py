"""Silencing: rules that somebody has decided to do without, and what they said for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import define, field, frozen

from flowcore.errors import Finding, Place, Severity
from flowcore.kinds import nearest
from flowcore.lint._rule import Rule

#: Annotation of an object that names rules to leave out, with a reason after them.
ANNOTATION: Final = "flowcore.dev/ignore"
#: Key of a node's data that lists rules to leave out, each with a reason after it.
IGNORE_KEY: Final = "ignoreRules"

UNUSED: Final = Rule(
    id="silence-unused",
    meaning="a silenced rule found nothing to silence, or cannot be silenced",
    why="it would hide the next mistake",
    fix="drop it",
)
_LIST: Final = re.compile(r"\s*([a-z0-9*-]+(?:\s*,\s*[a-z0-9*-]+)*)\s*(.*)", re.DOTALL)


@frozen
class Silence:
    """A rule that is silenced somewhere.

    Attributes:
        rule: its id, or the start of several ids and ``*``.
        reason: why; may be empty.
        place: where that is said; it holds for the node there, or everywhere when there is none.
    """

    rule: str
    reason: str = ""
    place: Place = field(factory=Place)

    def means(self, rule: str) -> bool:
        """Say whether a rule is meant."""
        return rule.startswith(self.rule[:-1]) if self.rule.endswith("*") else rule == self.rule


def parse_silences(text: str, place: Place | None = None) -> list[Silence]:
    """Return the silences of ``id, id reason``: ids with commas between them, then whatever was said for them."""
    match = _LIST.fullmatch(text)
    if match is None:
        return []
    reason = match[2].lstrip(":-–— ").strip()
    return [Silence(rule.strip(), reason, place or Place()) for rule in match[1].split(",")]


def silences_of_node(node_id: str, data: Mapping[str, Any]) -> list[Silence]:
    """Return what a node's data silences, in its list of rules and in its annotation."""
    listed = data.get(IGNORE_KEY)
    found: list[Silence] = []
    for position, text in enumerate(listed if isinstance(listed, (list, tuple)) else ()):
        place = Place(node=node_id, path=f"data.{IGNORE_KEY}[{position}]")
        found += parse_silences(text, place) if isinstance(text, str) else []
    annotations = data.get("annotations")
    text = annotations.get(ANNOTATION) if isinstance(annotations, Mapping) else None
    if isinstance(text, str):
        found += parse_silences(text, Place(node=node_id, path=f"data.annotations.{ANNOTATION}"))
    return found


@define
class Silencer:
    """Leaves silenced findings out and keeps count of what was silenced.

    Attributes:
        silences: everything that is silenced.
        known: ids of all rules, to tell a misspelt one.
    """

    silences: tuple[Silence, ...]
    known: frozenset[str]
    _used: set[Silence] = field(factory=set, init=False)
    _by_node: dict[str, list[Silence]] = field(init=False)

    @_by_node.default
    def _sort(self) -> dict[str, list[Silence]]:
        found: dict[str, list[Silence]] = {}
        for one in self.silences:
            found.setdefault(one.place.node, []).append(one)
        return found

    def filtered(self, findings: Iterable[Finding], *, firm: Iterable[Finding] = ()) -> list[Finding]:
        """Return the findings that nobody silenced, with a remark on every silence that silenced nothing.

        Args:
            findings: the findings.
            firm: those of them that cannot be silenced.
        """
        kept = set(map(id, firm))
        left = [finding for finding in findings if id(finding) in kept or not self._is_silent(finding)]
        return [*left, *self._unused(left)]

    def _is_silent(self, finding: Finding) -> bool:
        found = [one for one in self._about(finding) if one.means(finding.rule)]
        self._used.update(found)
        return bool(found)

    def _about(self, finding: Finding) -> list[Silence]:
        node = finding.place.node
        return [*self._by_node.get("", ()), *(self._by_node.get(node, ()) if node else ())]

    def _unused(self, left: list[Finding]) -> Iterator[Finding]:
        firm = {one for finding in left for one in self._about(finding) if one.means(finding.rule)}
        for one in self.silences:
            if one not in self._used:
                yield Finding(
                    rule=UNUSED.id,
                    severity=Severity.INFO,
                    message=self._remark(one, firm=one in firm),
                    place=one.place,
                    why="" if one in firm else UNUSED.why,
                    fix="mend what it finds" if one in firm else UNUSED.fix,
                )

    def _remark(self, silence: Silence, *, firm: bool) -> str:
        if firm:
            return f"{silence.rule} cannot be silenced: nothing can be planned while it finds errors"
        if not any(silence.means(rule) for rule in self.known):
            return f"there is no rule {silence.rule}; {nearest(silence.rule, self.known)}"
        return f"{silence.rule} is silenced, but finds nothing here"
