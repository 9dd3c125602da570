"""Services that share a pod: ``network_mode: service:x`` and kompose's groups become further containers of one pod."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import define, field

from flowcore.compose._names import Names
from flowcore.compose._scope import Drawing, Scope
from flowcore.model import Edge, Node

#: How a network mode begins that joins the network of another container.
SHARED = ("service:", "container:")
_GROUP = "kompose.service.group"
#: What every container is promised that asks for nothing, as the kinds say.
_REQUESTS = {"cpu": "50m", "memory": "64Mi"}
#: Kinds whose pods run until they are stopped; a job would never end with a second container beside it.
_HOSTS = frozenset({"deployment", "statefulset", "daemonset"})
_CONTAINER = (
    "image", "imagePullPolicy", "command", "args", "workingDir", "stdin", "tty", "ports", "resources", "livenessProbe",
    "readinessProbe", "startupProbe", "lifecycle", "securityContext",
)  # fmt: skip
#: Parameters of the pod that the guest leaves to its host without a loss.
_OWN = frozenset({"name", "podSecurity", "overrides", "replicas", "strategy", "serviceName", "volumeMounts", "env"})


def choose_hosts(scopes: dict[str, Scope]) -> None:
    """Set the host of every service that runs in another one's pod."""
    groups: dict[str, Scope] = {}
    for scope in scopes.values():
        group = scope.label(_GROUP)
        wish = _shared_network(scope, scopes)
        if wish is None and _is_shared(scope):
            _tell_unknown(scope)
        if wish is None:
            wish = groups.setdefault(group, scope) if group else scope
        if wish is not scope:
            _move(scope, wish)


def _shared_network(scope: Scope, scopes: dict[str, Scope]) -> Scope | None:
    how, _, name = (scope.get("network_mode") or "").partition(":")
    if how == "service":
        return scopes.get(name)
    named = [other for other in scopes.values() if how == "container" and other.get("container_name") == name]
    return named[0] if named else None


def _is_shared(scope: Scope) -> bool:
    return str(scope.get("network_mode") or "").startswith(SHARED)


def _tell_unknown(scope: Scope) -> None:
    scope.warn(
        "network-mode",
        f"network_mode: {scope.get('network_mode')} has no counterpart, because no service here is called so; "
        "it has a pod and a network of its own",
        scope.place("network_mode"),
        fix="name a service of this file, and both become containers of one pod",
    )


def _move(scope: Scope, wish: Scope) -> None:
    host = wish.pod
    key = "network_mode" if scope.get("network_mode") else "labels"
    if host is scope or host.kind not in _HOSTS or scope.kind in ("job", "cronjob"):
        reason = "each would be in the other's" if host is scope else f"{host.name} is a {host.kind}"
        reason = f"it is a {scope.kind}" if scope.kind in ("job", "cronjob") else reason
        scope.warn(
            "network-mode",
            f"it does not share the pod of {host.name}, because {reason}; it has a pod and a network of its own",
            scope.place(key),
            fix=f"reach {host.name} under its name in the place of localhost",
        )
        return
    scope.host = host
    scope.info(
        "sidecar",
        f"it is a further container in the pod of {host.name}, so that both share one network and localhost",
        scope.place(key),
        why="a pod is the one thing in a cluster whose containers share a network",
    )


@define
class _Guest:
    """A service on its way into another one's pod: the container it becomes, and the volumes that it brings."""

    scope: Scope
    nodes: dict[str, Node]
    container: dict[str, Any] = field(factory=dict)
    volumes: list[dict[str, Any]] = field(factory=list)
    names: Names = field(factory=Names)

    def build(self, edges: Iterable[Edge]) -> None:
        data = self.scope.data
        self.container = {"name": self.scope.id, **{key: data[key] for key in _CONTAINER if key in data}}
        if data.get("env"):
            self.container["env"] = [{"name": name, "value": value} for name, value in data["env"].items()]
        for mount in data.get("volumeMounts", ()):
            self._mount(mount["type"], mount.get("name", ""), mount)
        self.container.setdefault("resources", {"requests": dict(_REQUESTS)})
        for edge in edges:
            self._link(self.nodes[edge.source], edge.data)

    def _link(self, node: Node, data: Any) -> None:
        name = node.data["name"]
        if data.get("as") == "envFrom":
            key = "configMapRef" if node.type == "configmap" else "secretRef"
            self.container.setdefault("envFrom", []).append({key: {"name": name}})
            return
        kinds = {"configmap": "configMap", "secret": "secret"}
        self._mount(kinds.get(node.type, "persistentVolumeClaim"), name, data)

    def _mount(self, kind: str, name: str, data: Any) -> None:
        wish = f"{self.scope.id}-{name or data['mountPath']}"
        volume = {"name": self.names.take(wish, 60), **_source(kind, name, data)}
        self.volumes.append(volume)
        mount = {"name": volume["name"], "mountPath": data["mountPath"]}
        mount |= {key: data[key] for key in ("subPath", "readOnly") if key in data}
        self.container.setdefault("volumeMounts", []).append(mount)


def _source(kind: str, name: str, data: Any) -> dict[str, Any]:
    rest = {key: data[key] for key in ("items", "defaultMode", "optional") if key in data}
    sources: dict[str, dict[str, Any]] = {
        "configMap": {"name": name, **rest},
        "secret": {"secretName": name, **rest},
        "persistentVolumeClaim": {"claimName": name},
        "emptyDir": {key: data[key] for key in ("medium", "sizeLimit") if key in data},
        "hostPath": {"path": data.get("hostPath", "")},
    }
    return {kind: sources[kind]}


def fold_guests(scopes: dict[str, Scope], drawing: Drawing) -> None:
    """Put every guest's container into its host, and lead the edges of the guest there."""
    for scope in scopes.values():
        if scope.host is not None:
            _fold(scope, scope.pod, drawing)
    for scope in scopes.values():
        if scope.host is None and scope.data.get("initContainers"):
            _name_apart(scope, drawing)
    moved = {scope.id: scope.pod.id for scope in scopes.values() if scope.host is not None}
    drawing.lead(moved)


def _name_apart(host: Scope, drawing: Drawing) -> None:
    """Give init containers names that no other container of the pod has."""
    names = Names()
    for taken in (host.data.get("containerName") or host.id, *(each["name"] for each in host.data.get("sidecars", ()))):
        names.take(taken)
    apart = [{**each, "name": names.take(each["name"])} for each in host.data["initContainers"]]
    for before, after in zip(host.data["initContainers"], apart, strict=True):
        if before != after:
            message = f"the init container {before['name']} is called {after['name']}: another one has its name"
            host.info("init-container-name", message, host.place("labels"))
    host.data["initContainers"] = apart
    drawing.change(host.id, host.data)


def _fold(scope: Scope, host: Scope, drawing: Drawing) -> None:
    nodes = {node.id: node for node in drawing.nodes}
    used = [e for e in drawing.edges if e.target == scope.id and nodes[e.source].type in _BRINGS]
    drawing.drop(used)
    guest = _Guest(scope, nodes)
    guest.build(used)
    host.data.setdefault("sidecars", []).append(guest.container)
    if guest.volumes:
        pod = host.data["overrides"]["spec"]["template"]["spec"]
        pod.setdefault("volumes", []).extend(guest.volumes)
    linked = {edge.source for edge in drawing.edges}
    for node in (nodes[edge.source] for edge in used if nodes[edge.source].type in _TOLD):
        if node.id not in linked:
            # The use stands in the host by name, where the rule about unused nodes does not look.
            reason = f"config-unused the container {scope.id} of {host.id} uses it"
            drawing.change(node.id, {**node.data, "ignoreRules": [reason]})
    _pod_settings(scope, host)
    drawing.change(host.id, host.data)
    drawing.origins_of_guests.setdefault(f"services.{scope.name}", []).append(host.id)


_TOLD = frozenset({"configmap", "secret"})
_BRINGS = frozenset({"configmap", "secret", "persistentvolumeclaim"})


def _pod_settings(scope: Scope, host: Scope) -> None:
    """Give the host what its guest says about the pod, and tell what both say differently."""
    for key, value in scope.data.items():
        if key in _OWN or key in _CONTAINER:
            continue
        own = host.data.get(key)
        if own is None:
            host.data[key] = value
        elif isinstance(own, dict) and isinstance(value, dict):
            host.data[key] = {**value, **own}
        elif isinstance(own, list) and isinstance(value, list):
            host.data[key] = [*own, *(entry for entry in value if entry not in own)]
        elif own != value:
            message = f"{key} of the pod is that of {host.name}, whose pod it shares"
            scope.warn("sidecar", message, scope.place())
    if scope.data.get("replicas", 1) != host.data.get("replicas", 1):
        message = f"the number of replicas is that of {host.name}, whose pod it shares"
        scope.warn("sidecar", message, scope.place("deploy" if scope.get("deploy") else "scale"))
