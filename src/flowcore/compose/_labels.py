"""The labels of kompose: each is honoured, or there is a finding that says why not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from flowcore.compose._scope import Scope
from flowcore.compose._units import whole_number, whole_seconds, yes_or_no

PREFIX = "kompose."
_READY = "kompose.service.healthcheck.readiness."
_LIVE = "kompose.service.healthcheck.liveness."
#: Labels of a service that are carried out.
HONOURED = frozenset(
    {
        "kompose.controller.expose.port", "kompose.controller.port.expose", "kompose.controller.type",
        "kompose.cronjob.backoff_limit", "kompose.cronjob.concurrency_policy", "kompose.cronjob.schedule",
        "kompose.hpa.cpu", "kompose.hpa.memory", "kompose.hpa.replicas.max", "kompose.hpa.replicas.min",
        "kompose.image-pull-policy", "kompose.image-pull-secret",
        "kompose.init.containers.command", "kompose.init.containers.image", "kompose.init.containers.name",
        "kompose.security-context.fsgroup", "kompose.serviceaccount-name",
        "kompose.service.expose", "kompose.service.expose.ingress-class-name", "kompose.service.expose.tls-secret",
        "kompose.service.external-traffic-policy", "kompose.service.group", "kompose.service.nodeport.port",
        "kompose.service.type", "kompose.volume.selector", "kompose.volume.size", "kompose.volume.storage-class-name",
        "kompose.volume.sub-path", "kompose.volume.subpath", "kompose.volume.type",
        *(_LIVE + name for name in ("http_get_path", "http_get_port", "tcp_port")),
        *(_READY + name for name in ("disable", "http_get_path", "http_get_port", "interval", "retries")),
        *(_READY + name for name in ("start_period", "tcp_port", "test", "timeout")),
    }
)  # fmt: skip
#: Labels of a top-level volume that are carried out.
OF_VOLUMES = frozenset({"kompose.volume.selector", "kompose.volume.size", "kompose.volume.storage-class-name"})
#: Labels that are not: why, and what to do.
_REFUSED = {
    f"kompose.service.suffix-lb{part}": (
        "it names a second load balancer for one protocol; one service offers all protocols here",
        "rename the service node",
    )
    for part in ("", "-tcp", "-udp")
}
_OBJECT_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_IMAGE = re.compile(
    r"([a-zA-Z0-9][a-zA-Z0-9.-]*(:\d{1,5})?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?\Z"
)
_RUN = ("command", "test")
Choice = TypeVar("Choice")


def tell_labels(scope: Scope) -> None:
    """Report the labels of kompose that are not carried out."""
    for name in scope.get("labels") or {}:
        if not name.startswith(PREFIX) or name in HONOURED:
            continue
        why, fix = _REFUSED.get(name, ("no version of kompose that we know documents it", "set it on the node"))
        scope.warn("label", f"the label {name} was left out", scope.label_place(name), why=why, fix=fix)


def number_label(scope: Scope, name: str, least: int, most: int) -> int | None:
    """Return a label that is a whole number; None when it is absent, or wrong, which is told."""
    text = scope.label(name)
    number = whole_number(text.strip().removesuffix("%")) if text else None
    if text and (number is None or not least <= number <= most):
        wrong_label(scope, name, f"a number from {least} to {most}")
        return None
    return number


def seconds_label(scope: Scope, name: str, least: int = 1) -> int | None:
    """Return a label that is a duration, in whole seconds; None when it is absent, or wrong, which is told."""
    text = scope.label(name)
    seconds = whole_seconds(text, least) if text else None
    if text and seconds is None:
        wrong_label(scope, name, "a duration like 10s")
    return seconds


def flag_label(scope: Scope, name: str) -> bool:
    """Return whether a label says yes; what is neither yes nor no is told."""
    text = scope.label(name)
    answer = yes_or_no(text) if text else False
    if answer is None:
        wrong_label(scope, name, "true or false")
    return bool(answer)


def name_label(scope: Scope, name: str) -> str:
    """Return a label that names an object of the cluster; empty when it is absent, or wrong, which is told."""
    text = scope.label(name).strip()
    if text and not is_object_name(text):
        wrong_label(scope, name, "a name of small letters, digits, dashes and dots")
        return ""
    return text


def is_object_name(text: str) -> bool:
    """Whether Kubernetes takes *text* as the name of an object."""
    return bool(_OBJECT_NAME.match(text))


def image_label(scope: Scope, name: str) -> str:
    """Return a label that names an image; empty when it is absent, or wrong, which is told."""
    text = scope.label(name).strip()
    if text and not _IMAGE.match(text):
        wrong_label(scope, name, "an image like busybox:1.37")
        return ""
    return text


def choice_label(scope: Scope, name: str, choices: Mapping[str, Choice]) -> Choice | None:
    """Return what a label chooses, upper or lower case; None when it is absent, or wrong, which is told."""
    text = scope.label(name).lower()
    if text and text not in choices:
        wrong_label(scope, name, f"one of {', '.join(choices)}")
    return choices.get(text)


def wrong_label(scope: Scope, name: str, wanted: str) -> None:
    """Tell that a label's value means nothing."""
    # What is run may hold a password, so it is not repeated.
    value = "" if name.endswith(_RUN) else f"is {scope.label(name)!r}, which "
    message = f"the label {name} {value}is not {wanted}; it was left out"
    scope.warn("label", message, scope.label_place(name), fix=f"write {wanted}")
