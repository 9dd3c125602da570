"""Good practice for the rights of containers, beyond what Pod Security asks at the level in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowcore.errors import Severity
from flowcore.lint._bundle import Bundle, Subject
from flowcore.lint._pod_security import Level
from flowcore.lint._pods import Container, Pod
from flowcore.lint._rule import Change, Hit, Rule, mappings

ROOT_FILES: Final = Rule(
    id="root-filesystem-writable",
    meaning="a container can write to its own image's files",
    why="an intruder can leave tools or replace programs",
    fix="set readOnlyRootFilesystem to true and mount an emptyDir where it must write",
)
RUN_AS_ROOT: Final = Rule(
    id="run-as-root",
    severity=Severity.WARNING,
    meaning="nothing keeps a container from running as root",
    why="root in a container is close to root on the node",
    fix="set runAsNonRoot to true, and runAsUser where the image has no user",
)
LOW_USER: Final = Rule(
    id="run-as-low-user",
    meaning="a container runs as a user below 10000",
    why="the number may be a user of the node too",
    fix="use a runAsUser of 10000 or more",
)
ESCALATION: Final = Rule(
    id="privilege-escalation",
    severity=Severity.WARNING,
    meaning="a container's processes may gain more rights than they started with",
    why="a set-user-ID program is enough to become root",
    fix="set allowPrivilegeEscalation to false",
)
TOKEN: Final = Rule(
    id="service-account-token",
    meaning="a pod gets the token of its namespace's default account",
    why="whoever gets into the pod can speak to the API server",
    fix="set automountServiceAccountToken to false, or use an account of its own",
)
DOCKER_SOCKET: Final = Rule(
    id="docker-socket",
    severity=Severity.WARNING,
    meaning="a pod mounts the socket of the node's container runtime",
    why="whoever can call it is root on the node",
    fix="build images and start containers some other way",
)
RULES: Final = (ROOT_FILES, RUN_AS_ROOT, LOW_USER, ESCALATION, TOKEN, DOCKER_SOCKET)

_SOCKETS: Final = ("docker.sock", "containerd.sock", "crio.sock", "podman.sock")


def rights(container: Container, pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A container has no more rights than it needs."""
    if pod.is_windows or container.role == "ephemeralContainers":
        return
    own, path = container.security, (*container.path, "securityContext")
    if own.get("readOnlyRootFilesystem") is not True:
        message = f"container {container.name} can write to its root file system"
        yield Hit(ROOT_FILES, message, (*path, "readOnlyRootFilesystem"))
    user = own.get("runAsUser", pod.security.get("runAsUser"))
    if isinstance(user, int) and 0 < user < 10000:
        yield Hit(LOW_USER, f"container {container.name} runs as user {user}", (*path, "runAsUser"))
    if bundle.level is not Level.RESTRICTED:
        yield from _beyond_baseline(container, pod)


def _beyond_baseline(container: Container, pod: Pod) -> Iterator[Hit]:
    own, path = container.security, (*container.path, "securityContext")
    non_root = own.get("runAsNonRoot", pod.security.get("runAsNonRoot"))
    user = own.get("runAsUser", pod.security.get("runAsUser"))
    if non_root is not True and not user and not pod.has_own_users:
        yield Hit(RUN_AS_ROOT, f"container {container.name} may run as root", (*path, "runAsNonRoot"))
    if own.get("allowPrivilegeEscalation") is not False and not own.get("privileged"):
        place = (*path, "allowPrivilegeEscalation")
        yield Hit(ESCALATION, f"container {container.name} may gain rights", place, Change(place, False))


def account(pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A pod that does not speak to the API server has no token for it."""
    if pod.spec.get("automountServiceAccountToken") is False:
        return
    name = pod.spec.get("serviceAccountName") or pod.spec.get("serviceAccount") or "default"
    known = bundle.named("ServiceAccount", subject.namespace, str(name))
    if name == "default" and not (known and known.obj.get("automountServiceAccountToken") is False):
        path = pod.place("spec", "automountServiceAccountToken")
        yield Hit(TOKEN, "the pods get the token of the default account", path, Change(path, False))


def sockets(pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A pod does not reach its node's container runtime."""
    for position, volume in mappings(pod.spec.get("volumes")):
        host = volume.get("hostPath")
        path = str(host.get("path", "")) if isinstance(host, dict) else ""
        if path.endswith(_SOCKETS):
            message = f"the volume {volume.get('name', '')} is {path} of the node"
            yield Hit(DOCKER_SOCKET, message, pod.place("spec", "volumes", position, "hostPath"))


CONTAINER_CHECKS: Final = (rights,)
POD_CHECKS: Final = (account, sockets)
