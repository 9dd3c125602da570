"""How a service is reached: inside the cluster under its name, and from outside through its published ports."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flowcore.compose._images import known_ports
from flowcore.compose._ingress import draw_ingress, wants_ingress
from flowcore.compose._labels import choice_label, flag_label, number_label, wrong_label
from flowcore.compose._marks import Value
from flowcore.compose._ports import Port, parse_exposed
from flowcore.compose._scope import Expose, Scope
from flowcore.compose._units import whole_number

_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?\Z")
_OWN_NAME = re.compile(r"(tcp|udp|sctp)-\d+\Z")
_TYPES = {Expose.NODEPORT: "NodePort", Expose.LOADBALANCER: "LoadBalancer"}
_KOMPOSE_TYPES = {"nodeport": Expose.NODEPORT, "loadbalancer": Expose.LOADBALANCER, "clusterip": Expose.CLUSTERIP}
_POLICY = "kompose.service.external-traffic-policy"
_HOST_PORT = ("kompose.controller.port.expose", "kompose.controller.expose.port")
_FIRST_NODE_PORT, _LAST_NODE_PORT = 30000, 32767


def draw_network(scope: Scope, aliases: Iterable[str]) -> None:
    """Draw the services in front of a workload: under its name, under *aliases*, and for its published ports."""
    written = _published_ports(scope)
    inside = _inside_ports(scope, written)
    if inside:
        scope.data["ports"] = _container_ports(scope, inside)
    if scope.kind in ("job", "cronjob") and not inside:
        return
    if scope.host is not None and (scope.get("network_mode") or "") and not written:
        return  # it has no name of its own under Compose either
    outside = [port for port in written if port.published is not None and not port.is_local]
    expose = _expose(scope) if outside else Expose.CLUSTERIP
    for port in written:
        if port.is_local:
            _tell_local(scope, port)
    together = expose in _TYPES and _fits_one_service(inside, outside)
    own = scope.id
    _draw(scope, f"{own}-service", own, inside, outside if together else [], expose if together else Expose.CLUSTERIP)
    if outside and not together and expose in _TYPES:
        _draw_published(scope, outside, expose)
    elif outside and expose is Expose.INGRESS:
        draw_ingress(scope, outside)
    if outside:
        _tell_published(scope, outside, expose, f"{own}" if together else f"{own}-published")
    for alias in aliases:
        _draw(scope, f"{own}-{alias}-service", scope.drawing.name("service", alias), inside, [], Expose.CLUSTERIP)


def outside_ports(scope: Scope) -> list[tuple[int, str]]:
    """Return the container's ports that are reached from outside the cluster, with their protocols."""
    if scope.options.expose is Expose.CLUSTERIP and not scope.label("kompose.service.type"):
        return []
    ports = [port for port in _published_ports(scope) if port.published is not None and not port.is_local]
    inside = not ports or _expose(scope) is Expose.CLUSTERIP
    return [] if inside else list(dict.fromkeys((port.target, port.protocol) for port in ports))


def _published_ports(scope: Scope) -> list[Port]:
    rows: Value = scope.get("ports") or []
    ports = [
        Port(
            target=row["target"],
            published=whole_number(row.get("published")) or 0,
            protocol=row["protocol"],
            host_ip=row.get("host_ip", ""),
            name=row.get("name", ""),
            app_protocol=row.get("app_protocol", ""),
        )
        for row in rows
    ]
    if ports and scope.get("network_mode") == "host":
        scope.info("ports", "with network_mode host, ports are open on the node as they are", scope.place("ports"))
        return [Port(target=port.target, protocol=port.protocol, name=port.name) for port in ports]
    return ports


def _inside_ports(scope: Scope, written: list[Port]) -> list[Port]:
    """Return each port of the container once: those that are written, known of its image, or used by other services.

    A service of the cluster opens only what it lists, while under Compose every port of a container is open.
    """
    exposed: list[str] = scope.get("expose") or []
    every = [*written, *(port for entry in exposed for port in parse_exposed(entry))]
    found = {(port.target, port.protocol): port for port in reversed(every)}
    ports = [found[key] for key in dict.fromkeys((port.target, port.protocol) for port in every)]
    if scope.kind in ("job", "cronjob"):
        return ports
    ports += _known(scope, ports)
    # Without any port the service is headless, which opens them all.
    return [*ports, *_reached(scope, ports)] if ports else []


def _known(scope: Scope, ports: list[Port]) -> list[Port]:
    image = scope.data["image"]
    known = [number for number in known_ports(image) if (number, "tcp") not in {(p.target, p.protocol) for p in ports}]
    if known:
        numbers = ", ".join(str(number) for number in known)
        scope.info(
            "known-port",
            f"the image {image} is known to listen on {numbers}, which is not written; it is open inside the cluster",
            scope.place("image"),
            fix="add expose if it listens on another port",
        )
    return [Port(target=number) for number in known]


def _reached(scope: Scope, ports: list[Port]) -> list[Port]:
    known = {port.target for port in ports}
    numbers = [number for number in scope.reached if number not in known]
    for number in numbers:
        scope.info(
            "reached-port",
            f"{scope.reached[number]} names it with port {number}, which is not written; it is open inside the cluster",
            scope.place("ports" if scope.get("ports") else ""),
            fix="list it under expose",
        )
    return [Port(target=number) for number in numbers]


def _port_names(ports: list[Port]) -> list[str]:
    names: list[str] = []
    for port in ports:
        wish = port.name.lower()
        fallback = f"{port.protocol}-{port.target}"
        is_usable = _PORT_NAME.match(wish) and wish not in names and not _OWN_NAME.match(wish)
        names.append(wish if is_usable else fallback)
    return names


def _container_ports(scope: Scope, ports: list[Port]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = [
        {"name": name, "containerPort": port.target, "protocol": port.protocol.upper()}
        for name, port in zip(_port_names(ports), ports, strict=True)
    ]
    if any(flag_label(scope, name) for name in _HOST_PORT):
        for entry, port in zip(entries, ports, strict=True):
            if port.published is not None:
                entry["hostPort"] = port.published or port.target
        message = "the label opens its published ports on its node, so only one such pod fits on a node"
        scope.warn("ports", message, scope.place("labels"))
    return entries


def _fits_one_service(inside: list[Port], outside: list[Port]) -> bool:
    """Whether one service can be both: everything it offers is published, under the container's own numbers."""
    published = {(port.target, port.protocol) for port in outside if port.published in (0, port.target)}
    return published == {(port.target, port.protocol) for port in inside} and len(outside) == len(inside)


def _draw(scope: Scope, wish: str, name: str, inside: list[Port], outside: list[Port], expose: Expose) -> None:
    type_ = _TYPES.get(expose, "ClusterIP")
    data: dict[str, Any] = {"name": name, "serviceType": type_, "targetApp": scope.pod.id, **_policy(scope, type_)}
    if not inside or _wants_headless(scope, name, outside):
        data["headless"] = True
    if inside:
        data["ports"] = [
            _service_port(label, port, port.target, expose, outside)
            for label, port in zip(_port_names(inside), inside, strict=True)
        ]
        _fix_node_port(scope, data["ports"], expose)
    node_id = scope.drawing.ids.take(wish)
    scope.node("service", node_id, data)
    # An edge from a headless service would make it govern the stateful set, which has its own; this one only selects.
    if not (data.get("headless") and scope.pod.kind == "statefulset" and name != scope.pod.id):
        scope.drawing.edge(node_id, scope.pod.id)


def _wants_headless(scope: Scope, name: str, outside: list[Port]) -> bool:
    """A stateful set is governed by the headless service of its own name."""
    governs = scope.kind == "statefulset" and name == scope.id and not outside
    return governs or scope.label("kompose.service.type").lower() == "headless"


def _service_port(name: str, port: Port, number: int, expose: Expose, outside: list[Port]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "port": number, "targetPort": port.target, "protocol": port.protocol.upper()}
    if port.app_protocol:
        entry["appProtocol"] = port.app_protocol
    is_node_port = expose is Expose.NODEPORT and _FIRST_NODE_PORT <= (port.published or 0) <= _LAST_NODE_PORT
    if is_node_port and port in outside:
        entry["nodePort"] = port.published
    return entry


def _fix_node_port(scope: Scope, ports: list[dict[str, Any]], expose: Expose) -> None:
    """Give the first port the number that the label asks for."""
    number = _node_port(scope)
    if number is None or expose is not Expose.NODEPORT:
        return
    for entry in ports:
        if entry.get("nodePort") == number:
            entry.pop("nodePort")
    ports[0]["nodePort"] = number


def _draw_published(scope: Scope, outside: list[Port], expose: Expose) -> None:
    """Draw a second service with the published numbers only, so that nothing else becomes reachable from outside."""
    numbers: dict[tuple[int, str], Port] = {}
    for port in outside:
        numbers.setdefault((port.published or port.target, port.protocol), port)
    ports = [
        _service_port(f"{protocol}-{number}", port, number, expose, outside)
        for (number, protocol), port in numbers.items()
    ]
    name = scope.drawing.name("service", f"{scope.id}-published")
    _fix_node_port(scope, ports, expose)
    type_ = _TYPES[expose]
    data = {"name": name, "serviceType": type_, "targetApp": scope.pod.id, "ports": ports, **_policy(scope, type_)}
    node_id = scope.drawing.ids.take(f"{scope.id}-published")
    scope.node("service", node_id, data)
    scope.drawing.edge(node_id, scope.pod.id)


def _expose(scope: Scope) -> Expose:
    label = scope.label("kompose.service.type").lower()
    if label in _KOMPOSE_TYPES:
        return _KOMPOSE_TYPES[label]
    if label not in ("", "headless"):
        wrong_label(scope, "kompose.service.type", f"one of headless, {', '.join(_KOMPOSE_TYPES)}")
    if _node_port(scope) is not None:
        return Expose.NODEPORT
    return Expose.INGRESS if wants_ingress(scope) else scope.options.expose


def _node_port(scope: Scope) -> int | None:
    return number_label(scope, "kompose.service.nodeport.port", _FIRST_NODE_PORT, _LAST_NODE_PORT)


def _policy(scope: Scope, type_: str) -> dict[str, str]:
    """Return what the label says about where traffic from outside may go; it means nothing to services inside."""
    choice = choice_label(scope, _POLICY, {"cluster": "Cluster", "local": "Local"})
    return {"externalTrafficPolicy": choice} if choice and type_ != "ClusterIP" else {}


def _tell_local(scope: Scope, port: Port) -> None:
    scope.info(
        "port-local",
        f"port {port.target} is published on {port.host_ip} only, so it is reachable inside the cluster only",
        scope.place("ports"),
        fix=f"kubectl port-forward service/{scope.id} {port.published or port.target}:{port.target}",
    )


def _tell_published(scope: Scope, outside: list[Port], expose: Expose, name: str) -> None:
    numbers = ", ".join(f"{port.published or port.target}/{port.protocol}" for port in outside)
    ways = {
        Expose.LOADBALANCER: f"through the load balancer of the service {name}, at {numbers}",
        Expose.NODEPORT: f"on every node, at the node ports of the service {name} for {numbers}",
        Expose.INGRESS: "through the ingress, at its host name",
        Expose.CLUSTERIP: f"inside the cluster only; kubectl port-forward service/{scope.id} opens {numbers} for you",
    }
    scope.info("ports", f"published ports are reachable {ways[expose]}", scope.place("ports"))
    databases = [port.target for port in outside if port.target in known_ports(scope.data["image"])]
    if databases and expose in _TYPES:
        scope.warn(
            "ports",
            f"the database port {databases[0]} is published and will be reachable from outside the cluster",
            scope.place("ports"),
            why="a cluster's load balancer is often on the internet",
            fix="use expose instead of ports, or publish it on 127.0.0.1",
        )
