"""Random drawings for property tests: every kind with any values its parameters accept, and any links it may have."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from flowcore.kinds import Kind, Parameter, core_catalogue
from flowcore.model import Edge, Node, Workflow
from tests.drawings import LEAST

CORE = core_catalogue()
#: The kinds that model something; what a raw manifest may hold is tested beside it.
KINDS = tuple(kind for kind in CORE.kinds if kind.object_kind != "*")
FREE_TEXTS = st.text(max_size=12) | st.sampled_from(
    ["yes", "08", "0", "", "a: b\n- c", "${name}", "{{ x }}", "---", "null"]
)
LABELS = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
#: Texts of every format.
FORMATTED: dict[str, st.SearchStrategy[str]] = {
    "dns-label": LABELS,
    "dns-subdomain": LABELS,
    "service-name": LABELS,
    "host": LABELS.map(lambda label: f"{label}.example.com"),
    "label-key": LABELS | LABELS.map(lambda label: f"example.com/{label}"),
    "label-value": st.sampled_from(["", "yes", "1.0", "A_b"]),
    "image": st.sampled_from(["nginx", "ghcr.io/a/b:1", "localhost:5000/x@sha256:" + "a" * 64]),
    "quantity": st.sampled_from(["1", "500m", "64Mi", "0.5"]),
    "port-name": LABELS,
    "env-name": st.from_regex(r"[A-Z][A-Z0-9_.-]{0,5}", fullmatch=True),
    "config-key": st.from_regex(r"[a-z][a-zA-Z0-9._-]{0,5}", fullmatch=True),
    "absolute-path": LABELS.map(lambda label: f"/{label}"),
    "relative-path": LABELS,
    "url-path": LABELS.map(lambda label: f"/{label}"),
    "cidr": st.sampled_from(["10.0.0.0/8", "fd00::/8"]),
    "cluster-ip": st.sampled_from(["None", "10.96.0.10"]),
    "ip": st.sampled_from(["10.0.0.1", "fd00::1"]),
    "base64": st.sampled_from(["", "aGk="]),
    "cron": st.sampled_from(["0 3 * * 1-5", "@daily", "*/5 * * jan ?"]),
    "time-zone": st.sampled_from(["Etc/UTC", "Europe/Berlin"]),
    "percentage": st.sampled_from(["10%", "100%"]),
}
#: What Kubernetes would take for parameters that are handed over as they are.
RAW: dict[str, Any] = {
    "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}},
    "capabilities": {"add": ["NET_ADMIN"]},
    "matchExpressions": [{"key": "tier", "operator": "In", "values": ["web"]}],
    "from": [
        {"type": "podSelector", "podSelector": {"app": "web"}},
        {"type": "namespaceSelector", "namespaceSelector": {"matchLabels": {"team": "a"}}},
    ],
    "to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}],
    "metrics": [
        {"type": "Pods", "pods": {"metric": {"name": "q"}, "target": {"type": "AverageValue", "averageValue": "5"}}}
    ],
    "envFrom": [{"configMapRef": {"name": "shared"}}],
    "claims": [{"name": "gpu"}],
    "livenessProbe": {"httpGet": {"path": "/", "port": 80.0}},
    "readinessProbe": {"exec": {"command": ["true"]}},
    "startupProbe": {"tcpSocket": {"port": "http"}, "periodSeconds": 5},
    "lifecycle": {"preStop": {"exec": {"command": ["true"]}}},
    "securityContext": {"privileged": True},
    "podSecurityContext": {"runAsUser": 0, "seccompProfile": {"type": "Unconfined"}},
    "tolerations": [{"operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
    "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}],
    "dnsConfig": {"nameservers": ["10.0.0.1"]},
    "initContainers": [{"name": "init", "image": "x"}],
    "sidecars": [{"name": "proxy", "image": "x", "securityContext": {"runAsUser": 1}}],
    "strategy": {"type": "Recreate"},
    "updateStrategy": {"type": "OnDelete"},
    "selector": {"matchLabels": {"a": "b"}},
    "dataSource": {"kind": "PersistentVolumeClaim", "name": "other"},
    "tls": [{"hosts": ["a.example.com"], "secretName": "t"}],
    "defaultBackend": {"service": {"name": "a", "port": {"number": 80}}},
    "overrides": {"metadata": {"annotations": {"a": "b"}}},
}
SHARED = list(RAW.values())


def values_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Return a strategy of the values that a parameter accepts."""
    if parameter.options:
        return st.sampled_from(parameter.options)
    if parameter.name == "nodePort":
        return st.integers(30000, 32767)
    if parameter.name in RAW and (parameter.type != "map"):
        return st.just(RAW[parameter.name])
    if parameter.fields:
        return objects_of(parameter.fields)
    if parameter.type in ("integer", "number", "port"):
        low = int(parameter.minimum or (1 if parameter.type == "port" else 0))
        numbers = st.integers(low, int(parameter.maximum or 500))
        return numbers | numbers.map(float) | numbers.map(str)
    if parameter.type == "list":
        assert parameter.items is not None, parameter.name
        key = (lambda item: item.get(parameter.unique)) if parameter.unique else repr
        return st.lists(values_of(parameter.items), max_size=3, unique_by=key)
    if parameter.type == "map":
        keys = FORMATTED[parameter.keys] if parameter.keys else st.sampled_from(["cpu", "memory"])
        assert parameter.values is not None, parameter.name
        return st.dictionaries(keys, values_of(parameter.values), max_size=3)
    if parameter.type == "choice":
        return st.one_of(
            [values_of(choice) for choice in parameter.choices if choice.type != "object" or choice.fields]
        )
    scalars = {
        "boolean": st.booleans(),
        "intOrText": st.integers(1, 65535) | FORMATTED.get(parameter.format, LABELS),
        "string": FORMATTED.get(parameter.format, FREE_TEXTS),
    }
    return scalars[parameter.type]


def objects_of(parameters: tuple[Parameter, ...]) -> st.SearchStrategy[dict[str, Any]]:
    needed = {one.name: values_of(one) for one in parameters if one.required}
    others = {one.name: values_of(one) for one in parameters if not one.required}
    return st.fixed_dictionaries(needed, optional=others)


def data_of(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    return objects_of(kind.parameters).map(lambda data: {**LEAST.get(kind.name, {}), **data})


@st.composite
def drawings(draw: st.DrawFn) -> Workflow:
    """Draw nodes of any kind with any data and edges that are allowed; depends_on points to earlier nodes only."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=5))
    nodes = [
        Node(id=f"n{number}", type=kind.name, data={**draw(data_of(kind)), "name": f"{kind.name[:10]}-{number}"})
        for number, kind in enumerate(kinds)
    ]
    edges: list[Edge] = []
    for number, source in enumerate(nodes):
        for target in nodes[:number]:
            for start, end in ((source, target), (target, source)):
                for link in CORE.links_between(start.type, end.type):
                    is_free = link.first != "target" or start is source
                    if is_free and draw(st.booleans()):
                        data = draw(objects_of(link.parameters))
                        handle = link.handle or draw(st.sampled_from(["", *handles_of(start)]))
                        edges.append(
                            Edge(
                                id=f"e{len(edges)}",
                                source=start.id,
                                target=end.id,
                                source_handle=handle,
                                data=data,
                            )
                        )
    return Workflow(name="random", nodes=tuple(nodes), edges=tuple(edges))


def handles_of(node: Node) -> list[str]:
    """Return the ids of the parts of a node that edges can start at."""
    lists = [one.each for one in CORE.kind(node.type).handles if one.each]
    return [item["id"] for name in lists for item in node.data.get(name, []) if item.get("id")]
