"""Probes that labels of kompose ask for, over those that the healthcheck gives."""

from __future__ import annotations

import json
from typing import Any

from flowcore.compose._arguments import secret_option
from flowcore.compose._environment import escape
from flowcore.compose._labels import flag_label, number_label, seconds_label, wrong_label
from flowcore.compose._scope import Scope
from flowcore.compose._words import split_words

_READY = "kompose.service.healthcheck.readiness."
_LIVE = "kompose.service.healthcheck.liveness."
_LAST_PORT, _MOST_RETRIES = 65535, 1000


def draw_labelled_probes(scope: Scope) -> None:
    """Change the workload's probes as its labels say; without a healthcheck they take Kubernetes' own timing."""
    action = _action(scope, _LIVE)
    if action:
        for name in ("livenessProbe", "startupProbe"):
            if name == "livenessProbe" or name in scope.data:
                scope.data[name] = {**_timing(scope.data.get(name, {})), **action}
    if flag_label(scope, _READY + "disable"):
        if scope.data.pop("readinessProbe", None):
            scope.info(
                "healthcheck", "its label switches the readiness probe off", scope.label_place(_READY + "disable")
            )
        return
    action = _action(scope, _READY)
    changes = _changes(scope)
    if action:
        scope.data["readinessProbe"] = {**_timing(scope.data.get("readinessProbe", {})), **changes, **action}
    elif changes and "readinessProbe" in scope.data:
        scope.data["readinessProbe"].update(changes)
    elif changes:
        message = "labels set the timing of a readiness probe, but nothing says what it tests; they were left out"
        scope.warn("label", message, scope.place("labels"), fix=f"set {_READY}test or {_READY}http_get_port")


def _timing(probe: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in probe.items() if key not in ("exec", "httpGet", "tcpSocket")}


def _action(scope: Scope, prefix: str) -> dict[str, Any]:
    """Return what a probe does: an HTTP request, a TCP connection or a command; empty when no label says so."""
    path, port = scope.label(prefix + "http_get_path"), number_label(scope, prefix + "http_get_port", 1, _LAST_PORT)
    if port is not None:
        return {"httpGet": {"path": path or "/", "port": port}}
    if path:
        message = f"the label {prefix}http_get_path has no effect without {prefix}http_get_port"
        scope.warn("label", message, scope.label_place(prefix + "http_get_path"))
    port = number_label(scope, prefix + "tcp_port", 1, _LAST_PORT)
    if port is not None:
        return {"tcpSocket": {"port": port}}
    words = _test(scope) if prefix == _READY else []
    return {"exec": {"command": words}} if words else {}


def _changes(scope: Scope) -> dict[str, int]:
    found = {
        "periodSeconds": seconds_label(scope, _READY + "interval"),
        "timeoutSeconds": seconds_label(scope, _READY + "timeout"),
        "initialDelaySeconds": seconds_label(scope, _READY + "start_period", least=0),
        "failureThreshold": number_label(scope, _READY + "retries", 1, _MOST_RETRIES),
    }
    return {name: number for name, number in found.items() if number is not None}


def _test(scope: Scope) -> list[str]:
    text = scope.label(_READY + "test").strip()
    if not text:
        return []
    try:
        words = [str(word) for word in json.loads(text)] if text.startswith("[") else ["CMD", *split_words(text)]
    except (ValueError, RecursionError):
        words = []
    if words[:1] == ["CMD-SHELL"] and len(words) > 1:
        words = ["/bin/sh", "-c", " ".join(words[1:])]
    elif words[:1] == ["CMD"]:
        words = words[1:]
    if not words:
        wrong_label(scope, _READY + "test", 'a test like ["CMD", "curl", "localhost"]')
    secret = secret_option(words)
    if secret:
        message = f"the value of {secret} in the label's test is a secret that stands in the drawing as it is"
        scope.warn("healthcheck-secret", message, scope.label_place(_READY + "test"))
    return [escape(word) for word in words]
