"""What an annotation tells the sandbox's containers to do.

``flowcore.dev/sandbox`` on a pod (set it in the pod template) holds comma-separated words:

``ImagePullBackOff``   the image can never be pulled
``CrashLoopBackOff``   the container ends with exit code 1 soon after each start
``OOMKilled``          the container is killed with exit code 137 soon after each start
``exit=N``             the container ends with exit code N soon after each start
``run=N``              the container ends after N seconds (``run=5s``, ``run=500ms``), with code 0 or that of ``exit``
``slow-start=N``       the container becomes ready N seconds later
``not-ready``          the container starts and never becomes ready
``unschedulable``      no node takes the pod

A word with a container's name before it, like ``web:not-ready``, is for that container only.
"""

from __future__ import annotations

import re

from attrs import frozen

from adapters.sandbox._controllers._objects import annotations_of
from flowcore.model import Manifest

ANNOTATION = "flowcore.dev/sandbox"

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
_FLAGS = ("ImagePullBackOff", "ErrImagePull", "CrashLoopBackOff", "OOMKilled", "not-ready", "unschedulable")


@frozen(kw_only=True)
class Behaviour:
    """How one container behaves.

    Attributes:
        flags: the words without a value.
        exit_code: the code the container ends with; None when it is not told.
        run: seconds it runs before it ends; None when it is not told.
        slow_start: seconds by which it is ready later.
        unknown: words that mean nothing.
    """

    flags: frozenset[str] = frozenset()
    exit_code: int | None = None
    run: float | None = None
    slow_start: float = 0.0
    unknown: tuple[str, ...] = ()

    @property
    def pull_fails(self) -> bool:
        """Whether its image cannot be pulled."""
        return not self.flags.isdisjoint({"ImagePullBackOff", "ErrImagePull"})

    @property
    def is_ready(self) -> bool:
        """Whether it can become ready."""
        return "not-ready" not in self.flags

    @property
    def is_killed(self) -> bool:
        """Whether it is killed for its memory."""
        return "OOMKilled" in self.flags

    @property
    def told_exit(self) -> int | None:
        """The code it ends with soon after its start; None when it was not told to end."""
        if self.is_killed:
            return 137
        if self.exit_code is not None:
            return self.exit_code
        return 1 if "CrashLoopBackOff" in self.flags else 0 if self.run is not None else None


def behaviour(pod: Manifest, container: str = "") -> Behaviour:
    """Return what a pod's annotation tells one of its containers."""
    text = str(annotations_of(pod).get(ANNOTATION) or "")
    return _read(text, container) if text else _NORMAL


_NORMAL = Behaviour()


def _read(text: str, container: str) -> Behaviour:
    flags, unknown, values = set(), [], dict[str, float]()
    for part in filter(None, map(str.strip, text.split(","))):
        target, colon, word = part.rpartition(":")
        if colon and target.strip() != container:
            continue
        key, _, value = word.strip().partition("=")
        seconds = duration(value)
        if key in _FLAGS and not value:
            flags.add(key)
        elif key == "exit" and value.isdigit() and int(value) < 256:
            values[key] = int(value)
        elif key in ("run", "slow-start") and seconds is not None:
            values[key] = seconds
        else:
            unknown.append(part)
    return Behaviour(
        flags=frozenset(flags),
        exit_code=int(values["exit"]) if "exit" in values else None,
        run=values.get("run"),
        slow_start=values.get("slow-start", 0.0),
        unknown=tuple(unknown),
    )


def duration(text: str) -> float | None:
    """Return the seconds of ``5s``, ``500ms``, ``1m`` or ``5``; None when it is no duration."""
    match = _DURATION.fullmatch(text.strip())
    return float(match[1]) * _UNITS[match[2]] if match else None
