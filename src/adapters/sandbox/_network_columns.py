"""The printer columns of services, ingresses, endpoints and network policies."""

from __future__ import annotations

from adapters.sandbox._columns import AGE, NONE, Column, at, first_three, joined, made, text
from adapters.sandbox._scaling import selector_text
from adapters.sandbox._status import Object


def _external(obj: Object) -> str:
    kind = at(obj, "spec", "type")
    given = at(obj, "spec", "externalIPs", default=[])
    if kind == "ExternalName":
        return str(at(obj, "spec", "externalName", default=""))
    if kind == "LoadBalancer":
        given = [*_balancers(obj), *given]
        return ",".join(given) or "<pending>"
    return ",".join(given) or NONE


def _balancers(obj: Object) -> list[str]:
    ingress = at(obj, "status", "loadBalancer", "ingress", default=[])
    return [str(one.get("ip") or one.get("hostname", "")) for one in ingress]


def _service_ports(obj: Object) -> str:
    shown = []
    for port in at(obj, "spec", "ports", default=[]):
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        shown.append(f"{port['port']}{node}/{port.get('protocol', 'TCP')}")
    return ",".join(shown) or NONE


def _hosts(obj: Object) -> str:
    hosts = [rule["host"] for rule in at(obj, "spec", "rules", default=[]) if rule.get("host")]
    more = f" + {len(hosts) - 3} more..." if len(hosts) > 3 else ""
    return ",".join(hosts[:3]) + more if hosts else "*"


def _endpoints(obj: Object) -> str:
    found = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets") or ()
        for port in subset.get("ports", ())
        for address in subset.get("addresses", ())
    ]
    return first_three(found)


def _slice_addresses(obj: Object) -> str:
    return first_three([one for point in obj.get("endpoints") or () for one in point.get("addresses", ())])


def _slice_ports(obj: Object) -> str:
    return ",".join(str(port.get("port", "*")) for port in obj.get("ports") or ()) or "<unset>"


COLUMNS: dict[tuple[str, str], list[Column]] = {
    ("", "Service"): [
        text("Type", "spec", "type"),
        text("Cluster-IP", "spec", "clusterIP"),
        made("External-IP", _external),
        made("Port(s)", _service_ports),
        AGE,
        made("Selector", lambda obj: joined(at(obj, "spec", "selector", default={})), wide=True),
    ],
    ("", "Endpoints"): [made("Endpoints", _endpoints), AGE],
    ("discovery.k8s.io", "EndpointSlice"): [
        text("AddressType", "addressType"),
        made("Ports", _slice_ports),
        made("Endpoints", _slice_addresses),
        AGE,
    ],
    ("networking.k8s.io", "Ingress"): [
        text("Class", "spec", "ingressClassName"),
        made("Hosts", _hosts),
        made("Address", lambda obj: ",".join(_balancers(obj))),
        made("Ports", lambda obj: "80, 443" if at(obj, "spec", "tls") else "80"),
        AGE,
    ],
    ("networking.k8s.io", "IngressClass"): [
        text("Controller", "spec", "controller"),
        text("Parameters", "spec", "parameters", "name"),
        AGE,
    ],
    ("networking.k8s.io", "NetworkPolicy"): [
        made("Pod-Selector", lambda obj: selector_text(at(obj, "spec", "podSelector")) or NONE),
        AGE,
    ],
}
