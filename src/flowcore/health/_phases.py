"""What the words, switches and errors in the status of a custom resource say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flowcore.health._families import family_words
from flowcore.health._reading import Tree, part, text
from flowcore.health._status import Health, HealthStatus, degraded, healthy, progressing
from flowcore.health._words import meaning, tells_failure, tells_movement

#: Fields that say how the object as a whole is.
_WHOLE = ("phase", "state", "status", "currentState", "overallStatus", "currentStatus", "health", "printableStatus")
#: Endings of other fields that may hold such a word, and of mappings and lists whose items do.
_ENDINGS = (
    "phase",
    "state",
    "states",
    "status",
    "statuses",
    "health",
    "compliant",
    "result",
    "operation",
    "environments",
)
#: Words in those fields that say something about the whole.
_TELLING = (HealthStatus.HEALTHY, HealthStatus.PROGRESSING, HealthStatus.DEGRADED)
_ERRORS = ("failureMessage", "errorDescription", "errorMessage", "error")
_SWITCHES = ("ready", "healthy", "readyToUse")
#: Endings of kinds that run and end: while they run, they are on their way.
_ENDING_KINDS = ("Job", "Run", "Workflow", "Experiment", "Task", "Backup", "Restore", "Build", "Migration", "Analysis")


def from_phases(obj: Tree) -> Iterator[Health]:
    """Yield what a status says in words, by switches and by an error."""
    status = part(obj, "status")
    told = text(status, "message") or text(status, "reason")
    for key, value in status.items():
        found = _of_field(obj, key, value)
        if found:
            yield Health(found, told or str(value))
    yield from _of_errors(status)
    yield from _of_switches(status)
    for key, value in status.items():
        if key.lower().endswith(_ENDINGS):
            yield from _inside(obj, value)


def _of_field(obj: Tree, key: str, value: Any) -> HealthStatus | None:
    if key in _WHOLE:
        return family_words(obj, value) or _read(obj, value)
    if key.lower().endswith(_ENDINGS):
        found = _read(obj, value)
        return found if found in _TELLING else None
    return None


def _read(obj: Tree, value: Any) -> HealthStatus | None:
    """Return what a phase says: as a whole, by its first word, or by a word that tells of failure or movement."""
    start = value.replace(",", " ").split() if isinstance(value, str) else []
    if not start:
        return None
    found = meaning(value)
    if found is HealthStatus.HEALTHY and value.lower() == "running" and text(obj, "kind").endswith(_ENDING_KINDS):
        return HealthStatus.PROGRESSING
    first = meaning(start[0])
    if found or first in _TELLING:
        return found or first
    if tells_failure(value):
        return HealthStatus.DEGRADED
    return HealthStatus.PROGRESSING if tells_movement(value) else None


def _of_errors(status: Tree) -> Iterator[Health]:
    for place in (status, part(status, "reconciliationStatus")):
        for key in _ERRORS:
            told = text(place, key) or text(part(place, key), "message")
            if told:
                yield degraded(told)


def _of_switches(status: Tree) -> Iterator[Health]:
    for key in _SWITCHES:
        if status.get(key) is True:
            yield healthy()
        elif status.get(key) is False:
            yield progressing("Not ready yet")


def _inside(obj: Tree, value: Any) -> Iterator[Health]:
    """Yield what a mapping of states, its items, or the items of a list of states say."""
    places: list[Any] = (
        [value, *value.values()] if isinstance(value, Mapping) else value if isinstance(value, list) else []
    )
    for place in places:
        if isinstance(place, Mapping):
            for key, word in place.items():
                found = _of_field(obj, key, word)
                if found and (found in _TELLING or family_words(obj, word)):
                    yield Health(found, text(place, "reason") or text(place, "message") or str(word))
