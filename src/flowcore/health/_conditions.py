"""What the conditions of a custom resource say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowcore.health._reading import Condition, Tree, generation, named, number, part, parts, read_conditions, text
from flowcore.health._status import Health, HealthStatus, degraded, healthy, progressing, suspended
from flowcore.health._words import is_under_way, meaning, tells_failure, tells_movement, words

#: Conditions that sum up an object; true is good.
_SUMMARIES = named(
    """
    Ready Healthy Available Synced Accepted Admitted Programmed ResolvedRefs Valid Installed Succeeded Deployed
    Compliant Reconciled Complete Completed
    """
)
#: Those of them that are a verdict over the wish itself; false is bad whatever the reason, unless it tells of waiting.
_VERDICTS = named("Accepted ResolvedRefs Valid Compliant")
#: Endings of conditions that tell about a part; true is good.
_PART_ENDINGS = tuple(
    sorted(
        named(
            """
            ready available healthy synced synchronized succeeded completed applied configured deployed accepted
            compliant advertised adopted discoverable successful created uptodate generated
            """
        )
    )
)
#: Conditions that tell of trouble; true is bad.
_TROUBLES = named(
    """
    Failed Failure Invalid Degraded Error Errored NotReady Stalled ReconcileError SpecError InvalidSpec ErrorOccurred
    HasErrors Orphan ResolutionFailed BundleUnpackFailed FetchFailed BuildFailed
    """
)
#: Conditions that tell of work under way; true is moving.
_MOVEMENTS = named(
    "Progressing Reconciling Issuing Running Updating RollingUpdate RolloutProgressing Launched Registered"
)
#: Conditions that tell of a rest on purpose; true is resting.
_RESTS = named("Paused Suspended Waiting Ignored Disrupting Hibernated hibernation")
#: Lists in a status whose items have conditions of their own, and where such an item names what it is about.
_PARTS = ("parents", "ancestors", "listeners", "ingress")
_NAMES = ("parentRef", "ancestorRef")


def from_conditions(items: Sequence[Tree], *, is_strict: bool = False) -> Iterator[Health]:
    """Yield what conditions say; parts are only asked where nothing sums them up, movements where no part does.

    With *is_strict*, not ready means broken unless the reason tells of work under way.
    """
    found = read_conditions(items)
    for entry in found:
        yield from _special(entry)
    telling = [entry for entry in found if entry.type in _SUMMARIES]
    telling = telling or [entry for entry in found if _is_of_a_part(entry.type.lower())]
    if any(entry.type == "Issuing" and entry.is_true for entry in found):
        telling = []  # what is being issued is not there yet, which is no failure
    if telling:
        yield from (_of_summary(entry, is_strict) for entry in telling)
        return
    yield from (progressing(entry.explained()) for entry in found if entry.type in _MOVEMENTS and entry.is_true)


def _is_of_a_part(kind: str) -> bool:
    return kind.endswith(_PART_ENDINGS) and not kind.endswith(("unhealthy", "unavailable", "notready"))


def _special(entry: Condition) -> Iterator[Health]:
    kind = entry.type.rpartition("/")[2]
    if entry.is_true and kind in _TROUBLES:
        yield degraded(entry.explained())
    if (entry.is_true and kind in _RESTS) or "paused" in words(entry.reason):
        yield suspended(entry.explained())
    if entry.is_false and kind in _MOVEMENTS and tells_failure(entry.reason):
        yield degraded(entry.explained())
    if entry.is_true and kind == "RolloutProgressing":
        yield progressing(entry.explained())


def _of_summary(entry: Condition, is_strict: bool) -> Health:
    told = entry.explained()
    if entry.is_true:
        ended = entry.type in ("Complete", "Completed")
        return degraded(told) if ended and tells_failure(entry.reason) else healthy(entry.message)
    if entry.status not in ("False", "Unknown", ""):
        return degraded(f"{entry.type} is {entry.status}")
    if _is_failure(entry) or (is_strict and entry.is_false and not is_under_way(entry.reason)):
        return degraded(told)
    return progressing(told or f"{entry.type} is not reached yet")


def _is_failure(entry: Condition) -> bool:
    """Whether the reason, or else the beginning of the message, tells of a failure rather than of a movement."""
    if tells_failure(entry.reason) or meaning(entry.reason) is HealthStatus.DEGRADED or entry.severity == "Error":
        return True
    if tells_failure((entry.message.split() or [""])[0]) or words(entry.reason)[:1] == ["no"]:
        return True
    return entry.is_false and entry.type in _VERDICTS and not tells_movement(entry.reason)


def from_parts(obj: Tree) -> Iterator[Health]:
    """Yield what the conditions of a route's parents, a gateway's listeners and the like say."""
    for key in _PARTS:
        for item in parts(obj, "status", key):
            name = text(item, "name") or next((text(part(item, ref), "name") for ref in _NAMES if item.get(ref)), "")
            yield from _of_part(name, parts(item, "conditions"), generation(obj))


def _of_part(name: str, items: Sequence[Tree], wished: int) -> Iterator[Health]:
    if any(number(item, "observedGeneration", wished) < wished for item in items):
        yield progressing(f"{name}: the newest settings have not been taken up yet".removeprefix(": "))
    for health in from_conditions(items):
        told = f"{name}: {health.message}" if name and health.message else health.message
        yield Health(health.status, told)
