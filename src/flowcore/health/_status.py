"""The six words for how an object is, and the worst of several."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from attrs import frozen


class HealthStatus(StrEnum):
    """How a live object is, in Argo CD's words."""

    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"
    SUSPENDED = "Suspended"
    MISSING = "Missing"
    UNKNOWN = "Unknown"


@frozen
class Health:
    """A verdict and its reason.

    Attributes:
        status: the word.
        message: one or two sentences for people, empty when there is nothing to add.
    """

    status: HealthStatus
    message: str = ""


#: From best to worst, as Argo CD weighs them for an application.
_ORDER = (
    HealthStatus.HEALTHY,
    HealthStatus.SUSPENDED,
    HealthStatus.PROGRESSING,
    HealthStatus.MISSING,
    HealthStatus.DEGRADED,
    HealthStatus.UNKNOWN,
)
_RANK = {status: rank for rank, status in enumerate(_ORDER)}


def worst(healths: Iterable[Health]) -> Health:
    """Return the worst of several healths, the first of equals; healthy when there are none."""
    return max(healths, key=lambda health: _RANK[health.status], default=Health(HealthStatus.HEALTHY))


def healthy(message: str = "") -> Health:
    """Make a healthy verdict."""
    return Health(HealthStatus.HEALTHY, message)


def progressing(message: str = "") -> Health:
    """Make a verdict for what is still on its way."""
    return Health(HealthStatus.PROGRESSING, message)


def degraded(message: str = "") -> Health:
    """Make a verdict for what is broken."""
    return Health(HealthStatus.DEGRADED, message)


def suspended(message: str = "") -> Health:
    """Make a verdict for what is paused on purpose."""
    return Health(HealthStatus.SUSPENDED, message)


def unknown(message: str = "") -> Health:
    """Make a verdict for what cannot be judged."""
    return Health(HealthStatus.UNKNOWN, message)
