"""Laws of rendering, over random drawings: valid for Kubernetes, ordered, unique, whatever the values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowcore.errors import Finding, InvalidInputError
from flowcore.kinds import Kind, Parameter, core_catalogue, wire_up
from flowcore.manifests import from_yaml, to_yaml
from flowcore.model import Edge, Node, Workflow
from flowcore.planning import Plan, compare, plan
from tests.drawings import LEAST
from tests.schemas import violations

CORE = core_catalogue()
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
    "cidr": st.just("10.0.0.0/8"),
    "base64": st.sampled_from(["", "aGk="]),
}
#: What Kubernetes would take for parameters that are handed over as they are.
RAW: dict[str, Any] = {
    "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}},
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
    if parameter.fields:
        return objects_of(parameter.fields)
    if parameter.name in RAW and (parameter.type != "map"):
        return st.just(RAW[parameter.name])
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
        "intOrText": st.integers(1, 65535) | LABELS,
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
    kinds = draw(st.lists(st.sampled_from(CORE.kinds), min_size=1, max_size=5))
    nodes = [
        Node(id=f"n{number}", type=kind.name, data={**draw(data_of(kind)), "name": f"{kind.name[:10]}-{number}"})
        for number, kind in enumerate(kinds)
    ]
    edges: list[Edge] = []
    for number, source in enumerate(nodes):
        for target in nodes[:number]:
            for start, end in ((source, target), (target, source)):
                links = CORE.links_between(start.type, end.type)
                is_free = links and (links[0].first != "target" or start is source)
                if is_free and draw(st.booleans()):
                    data = draw(objects_of(links[0].parameters))
                    edges.append(Edge(id=f"e{len(edges)}", source=start.id, target=end.id, data=data))
    return Workflow(name="random", nodes=tuple(nodes), edges=tuple(edges))


def containers_of(value: Any) -> Iterator[Any]:
    """Yield every list and mapping in a value; RAW's are used by several nodes, which is not what is tested."""
    if isinstance(value, (dict, list)) and not any(value is one for one in SHARED):
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers_of(item)


def planned_or_refused(workflow: Workflow) -> tuple[Plan | None, tuple[Finding, ...]]:
    try:
        planned = plan(workflow, CORE, namespace="ns")
    except InvalidInputError as error:
        return None, error.findings
    return planned, planned.findings


@given(drawings())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_what_is_rendered_is_valid_ordered_unique_and_survives_yaml(workflow: Workflow) -> None:
    planned, findings = planned_or_refused(workflow)
    if planned is None:
        # Values that are allowed one by one may still clash; then a rule of a kind or link has said so.
        assert all(not finding.rule.startswith(("template-", "kind-", "graph-")) for finding in findings)
        return
    manifests = {step.node_id: step.manifest for step in planned.steps}
    assert sorted(manifests) == sorted(node.id for node in workflow.nodes)
    for manifest in manifests.values():
        assert violations(manifest) == []
        assert compare(manifest, manifest).action == "unchanged"
    containers = list(containers_of([*manifests.values(), *(node.data for node in workflow.nodes)]))
    assert len({id(one) for one in containers}) == len(containers)
    assert from_yaml(to_yaml(manifests.values())) == list(manifests.values())
    wave_of = {step.node_id: number for number, wave in enumerate(planned.waves) for step in wave.steps}
    for before, after in wire_up(workflow, CORE).orders():
        assert wave_of[before] < wave_of[after]
    for manifest in manifests.values():
        pod = (manifest["spec"].get("template") or {}).get("spec", {}) if "spec" in manifest else {}
        volumes = [volume["name"] for volume in pod.get("volumes", [])]
        assert len(volumes) == len(set(volumes))
        assert all(len(name) <= 63 for name in volumes)
        claims = [claim["metadata"]["name"] for claim in manifest.get("spec", {}).get("volumeClaimTemplates", [])]
        for container in pod.get("containers", [])[:1]:
            assert {mount["name"] for mount in container.get("volumeMounts", [])} <= {*volumes, *claims}


@given(st.data())
def test_texts_of_users_never_change_the_structure(data: st.DataObject) -> None:
    value = data.draw(FREE_TEXTS)
    node = Node(id="n", type="deployment", data={"name": "web", "image": "x", "env": {"A": value}, "args": [value]})
    manifest = next(plan(Workflow(name="w", nodes=(node,)), CORE).steps).manifest
    (read,) = from_yaml(to_yaml([manifest]))
    container = read["spec"]["template"]["spec"]["containers"][0]
    assert container["env"] == [{"name": "A", "value": value}]
    assert container["args"] == [value]
    assert read == manifest


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=5,
    ),
    st.sampled_from(CORE.kinds),
    st.data(),
)
def test_any_data_is_planned_or_refused_with_findings(junk: dict[str, Any], kind: Kind, data: st.DataObject) -> None:
    names = st.sampled_from([parameter.name for parameter in kind.parameters])
    crooked = {data.draw(names) if data.draw(st.booleans()) else key: value for key, value in junk.items()}
    node = Node(id="n", type=kind.name, data={**LEAST.get(kind.name, {}), **crooked})
    planned, findings = planned_or_refused(Workflow(name="w", nodes=(node,)))
    assert all(finding.place.node == "n" for finding in findings)
    if planned is not None:
        to_yaml([step.manifest for step in planned.steps])
