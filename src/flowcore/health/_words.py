"""The words controllers use for how things are, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from flowcore.health._reading import named
from flowcore.health._status import HealthStatus

_PHRASES: Mapping[HealthStatus, str] = {
    HealthStatus.HEALTHY: (
        "accepted active applied atlatestknown available bound completed compliant configinsync connected created "
        "deployed done established exists finished green healthy initialized insync installed loaded ok online pass "
        "passed promoted provisioned ready reconciled reconciliationsucceeded running scheduled stable started "
        "succeeded success successful successfully synced synchronized true up uptodate updated valid validated "
        "clusterrunning normal bootstrapped operational"
    ),
    HealthStatus.PROGRESSING: (
        "applying applyingchanges bootstrapping building checkpointing cloning configuring creating deleting deploying "
        "deployednotready downloading draining finalising finalizing importinprogress importscheduled init "
        "initial initializing initialising inprogress installing installready joining launching migrating new "
        "notready notreconciled notstarted pending pendingrerun planning preparing processing progressing promoting "
        "provisioning queued reconciling recovering requested restarting restoring resizing rolling rollingout "
        "rollingupgrade running scaling scalingdown scalingup scheduling setup starting stopping submitted syncing "
        "terminating unavailable unbound unset updating upgrading upgradepending uploading validating waiting "
        "waitingforfirstconsumer waitingforfirstsync yellow"
    ),
    HealthStatus.DEGRADED: (
        "aborted alert badrequest bindingfailed broken cancelled canceled conflict configerror corrupt crash "
        "crashloopbackoff degraded denied deploymentfailed down err error errored errors expired fail failed failing "
        "failure false fatal forbidden inactive incompatible incomplete invalid lost misconfigured noncompliant "
        "offline outofsync red rejected rollbackfailed stalled timedout timeout unauthorized unhealthy unreachable "
        "unrecoverable unsupported violated warn warning"
    ),
    HealthStatus.SUSPENDED: (
        "disabled halted hibernated hibernating inactive paused pausing reconcilepaused stopped suspended suspending"
    ),
    HealthStatus.MISSING: "missing notfound",
    HealthStatus.UNKNOWN: "inconclusive unknown",
}
#: The first meaning of a word holds.
_MEANINGS: dict[str, HealthStatus] = {}
for _status, _words in _PHRASES.items():
    for _word in _words.split():
        _MEANINGS.setdefault(_word, _status)

_BAD = named(
    """
    abort aborted bad broken cannot conflict crash crashing denied degraded err errored error errors exceeded
    exception expired fail failed failing fails failure failures fatal forbidden ignored incompatible invalid lost
    mismatch misconfigured rejected stalled timeout timedout unauthorized unhealthy unreachable unresolved
    unsatisfiable unsupported
    """
)
_MOVING = named(
    """
    await awaiting booting cloning configuring creating deleting deploying initializing installing launching
    migrating pending preparing progress progressing promoting provisioning reconciling restarting restoring rolling
    running scaling scheduling starting syncing terminating unavailable updating upgrading validating wait waiting
    yet
    """
)
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def meaning(phrase: str) -> HealthStatus | None:
    """Return what a phase or state says as a whole, None when its word is not known."""
    return _MEANINGS.get(re.sub(r"[^a-z]", "", phrase.lower().removeprefix("health_")))


def words(reason: str) -> list[str]:
    """Return the words of a reason in lower case: ``ErrImagePull`` gives err, image, pull."""
    return [word.lower() for word in _HUMPS.findall(reason)]


#: What follows "not" or "un" in a reason when waiting may still help.
_AWAITED = named("all ready started available initialized reconciled bound complete completed running synced created")


def tells_failure(reason: str) -> bool:
    """Whether one of the words of a reason says that something went wrong, or is not allowed, found or supported."""
    found = words(reason)
    denied = any(first == "not" and second not in _AWAITED for first, second in pairwise(found))
    return denied or any(word in _BAD for word in found)


def tells_movement(reason: str) -> bool:
    """Whether one of the words of a reason says that something is on its way, or is not ready yet."""
    found = words(reason)
    awaited = any(first == "not" and second in _AWAITED for first, second in pairwise(found))
    return awaited or is_under_way(reason)


def is_under_way(reason: str) -> bool:
    """Whether one of the words of a reason says that something is on its way."""
    return any(word in _MOVING for word in words(reason))
