"""What is refused in services, ingresses and network policies."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from adapters.sandbox._pod_validation import PROTOCOLS
from adapters.sandbox._problems import Problems
from adapters.sandbox._status import Object
from adapters.sandbox._workload_validation import check_selector

SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_NODE_PORTS = (30000, 32767)


def check_service(spec: Object, problems: Problems) -> None:
    """Check a Service's spec."""
    kind = spec.get("type")
    problems.one_of("spec.type", kind, SERVICE_TYPES)
    problems.one_of("spec.sessionAffinity", spec.get("sessionAffinity"), ("ClientIP", "None"))
    problems.labels("spec.selector", spec.get("selector", {}))
    if kind == "ExternalName":
        if not spec.get("externalName"):
            problems.required("spec.externalName")
        else:
            problems.subdomain("spec.externalName", spec["externalName"].rstrip("."))
        if spec.get("clusterIP"):
            problems.forbidden("spec.clusterIPs[0]", "may not be set for ExternalName services")
    elif not spec.get("ports") and spec.get("clusterIP") != "None":
        problems.required("spec.ports")
    if kind in ("NodePort", "LoadBalancer") and spec.get("clusterIP") == "None":
        problems.invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services")
    _check_address(spec.get("clusterIP"), "spec.clusterIPs[0]", problems)
    if spec.get("externalTrafficPolicy"):
        problems.one_of("spec.externalTrafficPolicy", spec["externalTrafficPolicy"], ("Cluster", "Local"))
        if kind not in ("NodePort", "LoadBalancer"):
            text = "may only be set for externally-accessible services"
            problems.invalid("spec.externalTrafficPolicy", spec["externalTrafficPolicy"], text)
    _check_service_ports(spec, problems)


def _check_address(address: Any, path: str, problems: Problems) -> None:
    if address in (None, "", "None"):
        return
    try:
        ip_address(str(address))
    except ValueError:
        problems.invalid(path, address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")


def _check_service_ports(spec: Object, problems: Problems) -> None:
    ports = spec.get("ports", ())
    names: set[str] = set()
    numbers: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        place = f"spec.ports[{index}]"
        name, number = port.get("name", ""), (port.get("protocol"), port.get("port"))
        if name:
            problems.label(f"{place}.name", name)
            if name in names:
                problems.duplicate(f"{place}.name", name)
            names.add(name)
        elif len(ports) > 1:
            problems.required(f"{place}.name")
        _check_service_port(port, spec, place, problems)
        if number in numbers:
            problems.duplicate(place, {"port": number[1], "protocol": number[0]})
        numbers.add(number)


def _check_service_port(port: Object, spec: Object, path: str, problems: Problems) -> None:
    if "port" in port:
        problems.port(f"{path}.port", port["port"])
    problems.one_of(f"{path}.protocol", port.get("protocol"), PROTOCOLS)
    target = port.get("targetPort")
    if isinstance(target, int) and "port" in port:
        problems.port(f"{path}.targetPort", target)
    elif isinstance(target, str):
        problems.port_name(f"{path}.targetPort", target)
    node_port = port.get("nodePort")
    if not node_port:
        return
    if spec.get("type") not in ("NodePort", "LoadBalancer"):
        problems.forbidden(f"{path}.nodePort", "may not be used when `type` is 'ClusterIP'")
    elif not _NODE_PORTS[0] <= node_port <= _NODE_PORTS[1]:
        text = f"provided port is not in the valid range. The range of valid ports is {_NODE_PORTS[0]}-{_NODE_PORTS[1]}"
        problems.invalid(f"{path}.nodePort", node_port, text)


def check_ingress(spec: Object, problems: Problems) -> None:
    """Check an Ingress's spec."""
    if not spec.get("rules") and "defaultBackend" not in spec:
        problems.invalid("spec", spec, "either `defaultBackend` or `rules` must be specified")
    if "defaultBackend" in spec:
        _check_backend(spec["defaultBackend"], "spec.defaultBackend", problems)
    if spec.get("ingressClassName"):
        problems.subdomain("spec.ingressClassName", spec["ingressClassName"])
    for index, rule in enumerate(spec.get("rules", ())):
        place = f"spec.rules[{index}]"
        _check_host(rule.get("host", ""), f"{place}.host", problems)
        if "http" in rule and not rule["http"].get("paths"):
            problems.required(f"{place}.http.paths")
        for at, path in enumerate(rule.get("http", {}).get("paths", ())):
            _check_path(path, f"{place}.http.paths[{at}]", problems)
    for index, tls in enumerate(spec.get("tls", ())):
        for at, host in enumerate(tls.get("hosts", ())):
            _check_host(host, f"spec.tls[{index}].hosts[{at}]", problems)


def _check_host(host: str, path: str, problems: Problems) -> None:
    if not host:
        return
    try:
        ip_address(host)
        problems.invalid(path, host, "must be a DNS name, not an IP address")
    except ValueError:
        problems.subdomain(path, host.removeprefix("*."))


def _check_path(path: Object, place: str, problems: Problems) -> None:
    kind, text = path.get("pathType"), path.get("path", "")
    if kind is None:
        return
    if kind not in _PATH_TYPES:
        problems.unsupported(f"{place}.pathType", kind, _PATH_TYPES)
    elif kind != "ImplementationSpecific" or text:
        if not text.startswith("/"):
            problems.invalid(f"{place}.path", text, "must be an absolute path")
        for piece in ("//", "/./", "/../", "%2f", "%2F"):
            if piece in text and kind != "ImplementationSpecific":
                problems.invalid(f"{place}.path", text, f"must not contain '{piece}'")
    if "backend" in path:
        _check_backend(path["backend"], f"{place}.backend", problems)


def _check_backend(backend: Object, path: str, problems: Problems) -> None:
    service, resource = backend.get("service"), backend.get("resource")
    if service is None and resource is None:
        problems.required(path, "must specify one of: `service` or `resource`")
    elif service is not None and resource is not None:
        problems.invalid(path, "", "cannot set both resource and service backends")
    if not isinstance(service, dict):
        return
    if service.get("name"):
        problems.label_1035(f"{path}.service.name", service["name"])
    port = service.get("port", {})
    if port.get("name") and port.get("number"):
        problems.invalid(path, "", "cannot set both port name & port number")
    elif port.get("name"):
        problems.port_name(f"{path}.service.port.name", port["name"])
    elif port.get("number"):
        problems.port(f"{path}.service.port.number", port["number"])
    else:
        problems.required(path, "port name or number is required")


def check_network_policy(spec: Object, problems: Problems) -> None:
    """Check a NetworkPolicy's spec."""
    check_selector(spec.get("podSelector"), "spec.podSelector", problems)
    for index, kind in enumerate(spec.get("policyTypes", ())):
        problems.one_of(f"spec.policyTypes[{index}]", kind, ("Egress", "Ingress"))
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction, ())):
            place = f"spec.{direction}[{index}]"
            for at, port in enumerate(rule.get("ports", ())):
                if isinstance(port.get("port"), int):
                    problems.port(f"{place}.ports[{at}].port", port["port"])
                problems.one_of(f"{place}.ports[{at}].protocol", port.get("protocol"), PROTOCOLS)
            for at, peer in enumerate(rule.get(side, ())):
                _check_peer(peer, f"{place}.{side}[{at}]", problems)


def _check_peer(peer: Object, path: str, problems: Problems) -> None:
    if not peer:
        problems.required(path, "must specify a peer")
    for name in ("podSelector", "namespaceSelector"):
        check_selector(peer.get(name), f"{path}.{name}", problems)
    if "ipBlock" in peer:
        if len(peer) > 1:
            problems.forbidden(path, "may not specify both ipBlock and another peer")
        try:
            ip_network(str(peer["ipBlock"].get("cidr", "")), strict=False)
        except ValueError:
            text = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            problems.invalid(f"{path}.ipBlock.cidr", peer["ipBlock"].get("cidr"), text)
