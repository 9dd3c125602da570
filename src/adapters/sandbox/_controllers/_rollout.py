"""How a Deployment moves from old ReplicaSets to a new one: pure arithmetic over counts."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, frozen

from adapters.sandbox._controllers._objects import share, spec, status
from flowcore.model import Manifest


@frozen
class SetSize:
    """One ReplicaSet during a rollout.

    Attributes:
        name: its name.
        wanted: pods it asks for.
        available: pods of it that are available.
    """

    name: str
    wanted: int
    available: int = 0

    @classmethod
    def of(cls, replica_set: Manifest) -> SetSize:
        """Return the size of a ReplicaSet."""
        available = int(status(replica_set).get("availableReplicas") or 0)
        return cls(str(replica_set["metadata"]["name"]), int(spec(replica_set).get("replicas", 1)), available)


@frozen
class Limits:
    """How far a rolling update may deviate from the wanted number.

    Attributes:
        surge: pods above the wanted number.
        unavailable: pods that may be missing.
    """

    surge: int
    unavailable: int

    @classmethod
    def of(cls, deployment: Manifest) -> Limits:
        """Return a Deployment's limits, with Kubernetes' defaults and rounding."""
        wanted = int(spec(deployment).get("replicas", 1))
        rolling = (spec(deployment).get("strategy") or {}).get("rollingUpdate") or {}
        surge = share(rolling.get("maxSurge", "25%"), wanted, up=True)
        unavailable = share(rolling.get("maxUnavailable", "25%"), wanted, up=False)
        if surge == 0 and unavailable == 0:
            unavailable = 1
        return cls(surge, min(unavailable, wanted))


def first_size(wanted: int, limits: Limits, old: Sequence[SetSize]) -> int:
    """Return with how many pods a new set starts."""
    return min(wanted, max(wanted + limits.surge - sum(one.wanted for one in old), 0))


def rolling_step(wanted: int, limits: Limits, new: SetSize, old: Sequence[SetSize]) -> tuple[SetSize, list[SetSize]]:
    """Return the next sizes of a rolling update: up as the surge allows, else down as availability allows."""
    total = new.wanted + sum(one.wanted for one in old)
    if new.wanted > wanted:
        return evolve(new, wanted=wanted), list(old)
    if new.wanted < wanted:
        room = max(wanted + limits.surge - total, 0)
        grown = new.wanted + min(room, wanted - new.wanted)
        if grown > new.wanted:
            return evolve(new, wanted=grown), list(old)
    return new, _shrink(wanted, limits, new, old)


def _shrink(wanted: int, limits: Limits, new: SetSize, old: Sequence[SetSize]) -> list[SetSize]:
    least = wanted - limits.unavailable
    total = new.wanted + sum(one.wanted for one in old)
    removable = total - least - (new.wanted - new.available)
    if removable <= 0:
        return list(old)
    cleaned = []
    for one in old:
        sick = min(removable, max(one.wanted - one.available, 0))
        removable -= sick
        cleaned.append(evolve(one, wanted=one.wanted - sick))
    spare = sum(min(one.available, one.wanted) for one in cleaned) + new.available - least
    result = []
    for one in cleaned:
        drop = max(min(spare, one.wanted), 0)
        spare -= drop
        result.append(evolve(one, wanted=one.wanted - drop))
    return result
