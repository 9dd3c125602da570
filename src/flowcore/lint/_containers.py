"""Good practice for containers: images, resources, variables, ports and mounts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from flowcore.errors import Severity
from flowcore.lint._bundle import Bundle, Subject
from flowcore.lint._pods import Container, Pod
from flowcore.lint._rule import Change, Hit, Rule, at, mapping, mappings
from flowcore.manifests import quantity

IMAGE_LATEST: Final = Rule(
    id="image-latest",
    severity=Severity.WARNING,
    meaning="an image has no tag, or the tag latest",
    why="what runs changes without a change here, and cannot be rolled back",
    fix="name a version or a digest",
)
PULL_POLICY: Final = Rule(
    id="image-pull-policy",
    severity=Severity.WARNING,
    meaning="an image whose tag moves is not pulled again",
    why="nodes that have an older image keep running it",
    fix="set imagePullPolicy to Always, or name a version",
)
REQUESTS: Final = Rule(
    id="resources-requests-missing",
    severity=Severity.WARNING,
    meaning="a container requests no CPU or no memory",
    why="the scheduler cannot tell where it fits, and it is the first to be evicted",
    fix="set resources.requests to what it needs at rest",
)
MEMORY_LIMIT: Final = Rule(
    id="resources-memory-limit-missing",
    meaning="a container has no memory limit",
    why="a leak takes the memory of everything else on the node",
    fix="set resources.limits.memory",
)
CPU_LIMIT: Final = Rule(
    id="resources-cpu-limit-missing",
    meaning="a container has no CPU limit",
    why="a busy loop slows down what shares the node; some clusters want it so",
    fix="set resources.limits.cpu, or silence the rule where bursts are wanted",
)
OVER_LIMIT: Final = Rule(
    id="resources-request-over-limit",
    severity=Severity.ERROR,
    meaning="more is requested than the limit allows",
    why="the API server refuses it",
    fix="lower the request or raise the limit",
)
ENV_REPEATED: Final = Rule(
    id="env-repeated",
    severity=Severity.WARNING,
    meaning="a container has a variable twice",
    why="the last one wins, and server-side apply refuses the list",
    fix="keep one of them",
)
ENV_SECRET: Final = Rule(
    id="env-secret-value",
    severity=Severity.WARNING,
    meaning="a variable that looks like a secret has its value in the manifest",
    why="everyone who can read the workload or its history can read it",
    fix="put it into a secret and take it from there",
)
PORT_PRIVILEGED: Final = Rule(
    id="port-privileged",
    meaning="a container listens on a port below 1024",
    why="that takes root or a capability on some runtimes",
    fix="listen on a higher port and let the service map it",
)
PORT_UNNAMED: Final = Rule(
    id="port-unnamed",
    meaning="a container has several ports and one of them has no name",
    why="services and probes can only follow a port that moves by its name",
    fix="name every port",
)
MOUNT_UNKNOWN: Final = Rule(
    id="mount-without-volume",
    severity=Severity.ERROR,
    meaning="a container mounts a volume that the pod does not have",
    why="the API server refuses it",
    fix="declare the volume or drop the mount",
)
RULES: Final = (
    *(IMAGE_LATEST, PULL_POLICY, REQUESTS, MEMORY_LIMIT, CPU_LIMIT, OVER_LIMIT),
    *(ENV_REPEATED, ENV_SECRET, PORT_PRIVILEGED, PORT_UNNAMED, MOUNT_UNKNOWN),
)

_SECRET_WORDS: Final = frozenset(
    {"password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "credentials", "apikey"}
)
_SECRET_ENDS: Final = ("password", "passwd", "passphrase")
_KEY_WORDS: Final = frozenset({"api", "private", "access", "secret", "encryption", "signing", "auth", "master"})
_HARMLESS_ENDS: Final = frozenset(
    {"file", "path", "dir", "name", "id", "url", "uri", "host", "port", "user", "username", "enabled", "type"}
    | {"ttl", "timeout", "length", "size", "expiry", "expires", "expiration", "seconds", "minutes", "hours", "days"}
    | {"policy", "header", "algorithm", "issuer", "audience", "count", "limit", "min", "max", "required", "prefix"}
)
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_URL_PASSWORD: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@$]+@", re.IGNORECASE)
_NO_VALUES: Final = frozenset({"", "true", "false", "yes", "no", "on", "off", "none", "null"})


def is_moving(image: str) -> bool:
    """Say whether an image may be another one tomorrow: no digest, and no tag or the tag latest."""
    if "@" in image:
        return False
    _, colon, tag = image.rpartition("/")[2].partition(":")
    return not colon or tag in ("", "latest")


def images(container: Container, pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """An image names a version, else it is pulled every time."""
    image = container.spec.get("image")
    if not isinstance(image, str) or not image or not is_moving(image):
        return
    yield Hit(IMAGE_LATEST, f"container {container.name} runs {image}", (*container.path, "image"))
    if container.spec.get("imagePullPolicy") in ("IfNotPresent", "Never"):
        path = (*container.path, "imagePullPolicy")
        message = f"{image} is pulled {container.spec['imagePullPolicy']}"
        yield Hit(PULL_POLICY, message, path, Change(path, "Always"))


def resources(container: Container, pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A container says what it needs and how much it may take; limits of the whole pod count too."""
    own = mapping(container.spec.get("resources"))
    path = (*container.path, "resources")
    yield from _over_limit(container, own)
    if not container.keeps_running:
        return
    shared = mapping(pod.spec.get("resources"))
    requests, limits = ({**mapping(shared.get(key)), **mapping(own.get(key))} for key in ("requests", "limits"))
    missing = [name for name in ("cpu", "memory") if name not in requests and name not in limits]
    if missing:
        message = f"container {container.name} requests no {' and no '.join(missing)}"
        yield Hit(REQUESTS, message, (*path, "requests"))
    if "memory" not in limits:
        yield Hit(MEMORY_LIMIT, f"container {container.name} has no memory limit", (*path, "limits", "memory"))
    if "cpu" not in limits:
        yield Hit(CPU_LIMIT, f"container {container.name} has no CPU limit", (*path, "limits", "cpu"))


def _over_limit(container: Container, own: Mapping[str, Any]) -> Iterator[Hit]:
    limits = mapping(own.get("limits"))
    for name, request in mapping(own.get("requests")).items():
        if name in limits and _exceeds(request, limits[name]):
            path = (*container.path, "resources", "requests", name)
            message = f"container {container.name} requests {request} of {name}, more than its limit of {limits[name]}"
            yield Hit(OVER_LIMIT, message, path, Change(path, limits[name]))


def _exceeds(amount: Any, limit: Any) -> bool:
    try:
        return quantity(amount) > quantity(limit)
    except ValueError:
        return False


def variables(container: Container, pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A variable is given once, and secrets come from secrets."""
    places: dict[str, int] = {}
    for position, variable in mappings(container.spec.get("env")):
        name = str(variable.get("name", ""))
        path = (*container.path, "env", position)
        if name in places:
            earlier = (*container.path, "env", places[name])
            yield Hit(ENV_REPEATED, f"container {container.name} has {name} twice", path, Change(earlier, remove=True))
        places[name] = position
        value = variable.get("value")
        if value is not None and looks_secret(name, str(value)):
            message = f"the value of {name} stands in the manifest of container {container.name}"
            yield Hit(ENV_SECRET, message, (*path, "value"))


def looks_secret(name: str, value: str) -> bool:
    """Say whether a name sounds like a secret and its value could be one, or the value is an address with a password.

    References to other variables and plain words like ``true`` are no secrets.
    """
    if _URL_PASSWORD.search(value):
        return True
    if value.lower() in _NO_VALUES or value.startswith("$("):
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[-1] in _HARMLESS_ENDS:
        return False
    if words[-1] == "pass" or any(word in _SECRET_WORDS or word.endswith(_SECRET_ENDS) for word in words):
        return True
    return any(one in _KEY_WORDS and two == "key" for one, two in pairwise(words))


def ports(container: Container, pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """Ports are high, and have names where there are several."""
    found = list(mappings(container.spec.get("ports")))
    for position, port in found:
        number = port.get("containerPort")
        path = (*container.path, "ports", position)
        if isinstance(number, int) and 0 < number < 1024:
            yield Hit(PORT_PRIVILEGED, f"container {container.name} listens on {number}", (*path, "containerPort"))
        if len(found) > 1 and not port.get("name"):
            yield Hit(PORT_UNNAMED, f"the port {number} of container {container.name} has no name", path)


def mounts(container: Container, pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A container mounts only what its pod, or the claims of its stateful set, have."""
    known = [volume.get("name") for _, volume in mappings(pod.spec.get("volumes"))]
    known += [at(claim, "metadata", "name") for _, claim in mappings(subject.spec.get("volumeClaimTemplates"))]
    for position, mount in mappings(container.spec.get("volumeMounts")):
        if mount.get("name") not in known:
            message = f"container {container.name} mounts {mount.get('name')}, which the pod does not have"
            yield Hit(MOUNT_UNKNOWN, message, (*container.path, "volumeMounts", position))


CHECKS: Final = (images, resources, variables, ports, mounts)
