"""Laws of rendering, over random drawings: valid for Kubernetes, ordered, unique, whatever the values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import evolve
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from flowcore.errors import Finding, InvalidInputError
from flowcore.kinds import FUNCTIONS, Kind, Wire, wire_up
from flowcore.manifests import from_yaml, to_yaml
from flowcore.model import Manifest, Node, Workflow
from flowcore.planning import Plan, compare, plan
from tests.drawings import LEAST
from tests.random_drawings import CORE, FREE_TEXTS, SHARED, drawings
from tests.schemas import violations


def selects(labels: dict[str, str], selector: Any) -> bool:
    return bool(FUNCTIONS["matching"]([{"labels": labels}], "labels", selector))


def containers_of(value: Any) -> Iterator[Any]:
    """Yield every list and mapping in a value; RAW's are used by several nodes, which is not what is tested."""
    if isinstance(value, (dict, list)) and not any(value is one for one in SHARED):
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers_of(item)


#: What in a node's data takes the place of what a link would give, or of the whole manifest.
OWN_WORDS = {"selector", "overrides", "namespace", "labels", "podLabels", "serviceType"}


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
        spec = manifest.get("spec", {})
        pod = spec.get("jobTemplate", {}).get("spec", spec).get("template", {}).get("spec", {})
        volumes = [volume["name"] for volume in pod.get("volumes", [])]
        assert len(volumes) == len(set(volumes))
        assert all(len(name) <= 63 for name in volumes)
        claims = [claim["metadata"]["name"] for claim in manifest.get("spec", {}).get("volumeClaimTemplates", [])]
        for container in pod.get("containers", [])[:1]:
            assert {mount["name"] for mount in container.get("volumeMounts", [])} <= {*volumes, *claims}


def pod_template(manifest: Manifest) -> dict[str, Any]:
    spec = manifest.get("spec", {})
    template: dict[str, Any] = spec.get("jobTemplate", {}).get("spec", spec).get("template", {})
    return template


def names_in(value: Any) -> Iterator[str]:
    """Yield every text in a value that could name an object."""
    if isinstance(value, dict):
        for item in value.values():
            yield from names_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from names_in(item)
    elif isinstance(value, str):
        yield value


def leads_to(source: Manifest, target: Manifest, wire: Wire) -> bool:
    """Say whether what a link gave to one manifest names the other one, or finds its pods."""
    name = target["metadata"]["name"]
    labels = pod_template(target).get("metadata", {}).get("labels", {})
    match source["kind"]:
        case "Service":
            return selects(labels, source["spec"].get("selector", {}))
        case "HorizontalPodAutoscaler":
            reference = source["spec"]["scaleTargetRef"]
            return (reference["kind"], reference["name"]) == (target["kind"], name)
        case "NetworkPolicy" if wire.link.handle:
            return selects(labels, source["spec"]["podSelector"])
        case "NetworkPolicy":
            rules = [*source["spec"].get("ingress", []), *source["spec"].get("egress", [])]
            peers = [peer for rule in rules for peer in [*rule.get("from", []), *rule.get("to", [])]]
            return any(selects(labels, peer.get("podSelector")) for peer in peers)
        case "Ingress":
            return name in names_in(source["spec"])
        case "ConfigMap" | "Secret" | "PersistentVolumeClaim":
            return source["metadata"]["name"] in names_in(pod_template(target))
    return True


@given(drawings())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_what_links_give_leads_to_the_other_end(workflow: Workflow) -> None:
    # What people say themselves wins over links, so they say nothing here.
    quiet = [evolve(node, data={k: v for k, v in node.data.items() if k not in OWN_WORDS}) for node in workflow.nodes]
    workflow = evolve(workflow, nodes=tuple(quiet))
    planned, _ = planned_or_refused(workflow)
    assume(planned is not None)
    assert planned is not None
    manifests = {step.node_id: step.manifest for step in planned.steps}
    for wire in wire_up(workflow, CORE).wires:
        ends = (manifests[wire.source.node.id], manifests[wire.target.node.id])
        assert leads_to(*ends, wire) or wire.values.get("as") == "env", (wire.edge, *ends)


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
