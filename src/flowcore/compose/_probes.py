"""Healthchecks to probes: readiness as written, liveness gentler, and startup with the time to come up."""

from __future__ import annotations

import math
from typing import Any

from flowcore.compose._arguments import secret_option
from flowcore.compose._environment import escape
from flowcore.compose._marks import Value
from flowcore.compose._probe_labels import draw_labelled_probes
from flowcore.compose._scope import Scope
from flowcore.compose._sensitive import why_sensitive
from flowcore.compose._units import seconds_of, whole_seconds

_INTERVAL, _TIMEOUT, _RETRIES, _START_INTERVAL = 30, 30, 3, 5
_MAX_RETRIES = 1000
#: Shorter values stand in commands by chance.
_SHORTEST_SECRET = 6
#: Seconds that a container at least gets to come up. Docker never restarts an unhealthy container, a cluster does, and
#: a database that is killed while it fills its folder for the first time may never start again.
_PATIENCE = 300


def draw_probes(scope: Scope) -> None:
    """Set the workload's probes from ``healthcheck``, and from labels, which win."""
    check: Value = scope.get("healthcheck")
    command = _test(scope, check) if check is not None else []
    if command and scope.kind in ("job", "cronjob"):
        scope.info("healthcheck", "a job needs no healthcheck, it was left out", scope.place("healthcheck"))
    elif command:
        _tell_secret(scope, check, command)
        _draw(scope, check, command)
    draw_labelled_probes(scope)


def _tell_secret(scope: Scope, check: Value, command: list[str]) -> None:
    option = secret_option(command) or _secret_variable(scope, " ".join(command))
    if option:
        scope.warn(
            "healthcheck-secret",
            f"the value of {option} in the healthcheck is a secret that stands in the drawing as it is",
            scope.place("healthcheck", "test", check),
            fix="give it as a variable, and let the check read that: write $$NAME in the place of the value",
        )


def _secret_variable(scope: Scope, command: str) -> str:
    """Return the name of a secret variable whose value stands in a command; empty for none."""
    values = ((name, value) for name, value in scope.variables.items() if len(value) >= _SHORTEST_SECRET)
    return next((name for name, value in values if value in command and why_sensitive(name, value)), "")


def _draw(scope: Scope, check: Value, command: list[str]) -> None:
    interval = _duration(scope, check, "interval", _INTERVAL)
    timeout = _duration(scope, check, "timeout", _TIMEOUT)
    retries = min(max(1, check.get("retries") or _RETRIES), _MAX_RETRIES)
    probe: dict[str, Any] = {"exec": {"command": command}, "periodSeconds": interval, "timeoutSeconds": timeout}
    scope.data["readinessProbe"] = {**probe, "failureThreshold": retries}
    # A restart does more harm than a pod that gets no traffic for a while, so liveness waits twice as long.
    scope.data["livenessProbe"] = {**probe, "failureThreshold": max(3, 2 * retries)}
    start = _seconds(scope, check, "start_period", 0)
    pace = _duration(scope, check, "start_interval", min(interval, _START_INTERVAL))
    # Failures in the start period do not count, and after it the retries still hold.
    failures = math.ceil(start / pace) + math.ceil(max(retries * interval, _PATIENCE) / pace)
    scope.data["startupProbe"] = {**probe, "periodSeconds": pace, "failureThreshold": failures}


def _test(scope: Scope, check: Value) -> list[str]:
    """Return the command to run, empty when there is none."""
    test: list[str] = check.get("test") or []
    if check.get("disable") or test[:1] == ["NONE"]:
        scope.info("healthcheck", "the healthcheck is switched off", scope.place("healthcheck"))
        return []
    if not test:
        scope.warn(
            "healthcheck",
            "the healthcheck has no test; the image may have its own, which a cluster does not run",
            scope.place("healthcheck"),
            fix="write the test in the file",
        )
        return []
    if test[0] == "CMD":
        return [escape(word) for word in test[1:]]
    if test[0] == "CMD-SHELL":
        return ["/bin/sh", "-c", escape(" ".join(test[1:]))] if len(test) > 1 else []
    # Docker refuses a list without CMD; what was meant is clear all the same.
    return [escape(word) for word in test]


def _seconds(scope: Scope, check: Value, key: str, default: float) -> float:
    if check.get(key) is None:
        return default
    found = seconds_of(check[key])
    if found is None or found > 10**6:
        scope.error("duration", f"{check[key]!r} is not a duration like 1m30s", scope.place("healthcheck", key, check))
        return default
    return found


def _duration(scope: Scope, check: Value, key: str, default: int) -> int:
    return whole_seconds(_seconds(scope, check, key, default)) or default
