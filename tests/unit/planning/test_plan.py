"""Plans: order, gates, run-time values, refusal."""

from __future__ import annotations

from typing import Any

import pytest

from flowcore.errors import InvalidInputError
from flowcore.kinds import core_catalogue
from flowcore.model import Manifest, Node, Workflow
from flowcore.planning import Gate, Plan, plan, waves
from tests.drawings import drawing, edge, node

CORE = core_catalogue()


def steps(planned: Plan) -> dict[str, Manifest]:
    return {step.node_id: step.manifest for step in planned.steps}


def container(manifest: Manifest) -> dict[str, Any]:
    found: dict[str, Any] = manifest["spec"]["template"]["spec"]["containers"][0]
    return found


def rules(workflow: Workflow) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        plan(workflow, CORE)
    return [finding.rule for finding in caught.value.findings]


def test_what_is_used_comes_before_what_uses_it() -> None:
    workflow = drawing(
        node("web", "deployment"),
        node("ing", "ingress"),
        node("svc", "service"),
        node("cfg", "configmap"),
        node("pvc", "persistentvolumeclaim"),
        node("sec", "secret"),
        edge("ing", "svc"),
        edge("svc", "web"),
        edge("cfg", "web"),
        edge("pvc", "web"),
        edge("sec", "web"),
    )
    assert waves(workflow, CORE) == [["sec", "cfg", "pvc", "svc"], ["web", "ing"]]
    assert [[step.node_id for step in wave.steps] for wave in plan(workflow, CORE).waves] == waves(workflow, CORE)


def test_conditions_of_depends_on_become_gates_in_a_later_wave() -> None:
    workflow = drawing(
        node("web", "deployment"),
        node("migrate", "job"),
        node("db", "statefulset"),
        node("cache", "deployment"),
        edge("web", "migrate", condition="completed"),
        edge("web", "db", condition="healthy"),
        edge("web", "db", condition="healthy", id_="again"),
        edge("web", "cache"),
    )
    planned = plan(workflow, CORE)
    assert [[step.node_id for step in wave.steps] for wave in planned.waves] == [["cache", "db", "migrate"], ["web"]]
    assert planned.waves[1].steps[0].waits_for == (Gate("migrate", "completed"), Gate("db", "healthy"))


def test_the_namespace_is_the_nodes_own_else_the_given_one_else_none() -> None:
    workflow = drawing(node("a", "configmap", namespace="own"), node("b", "configmap"))
    assert [one["metadata"].get("namespace") for one in steps(plan(workflow, CORE, namespace="given")).values()] == [
        "own",
        "given",
    ]
    assert "namespace" not in steps(plan(workflow, CORE))["b"]["metadata"]


def test_secret_values_are_only_those_of_the_run() -> None:
    secret = node("s", "secret", keys=[{"id": "1", "name": "A"}, {"id": "2", "name": "B"}, {"name": "_new_1"}])
    planned = plan(
        drawing(secret), CORE, secret_values={"s": {"A": "x", "EXTRA": "y", "_new_9": "z"}, "other": {"B": "n"}}
    )
    step = next(planned.steps)
    assert step.manifest["stringData"] == {"A": "x", "EXTRA": "y"}
    assert step.missing_secrets == ("B",)
    assert "'x'" not in repr(planned)


def test_variables_of_the_run_win_over_the_drawings() -> None:
    workflow = drawing(node("web", "deployment", env={"A": "1", "B": None, "C": "3"}))
    manifest = steps(plan(workflow, CORE, env_values={"web": {"B": "2", "C": "9"}}))["web"]
    assert container(manifest)["env"] == [
        {"name": "A", "value": "1"},
        {"name": "C", "value": "9"},
        {"name": "B", "value": "2"},
    ]


def test_given_labels_and_annotations_are_on_objects_but_not_on_pods() -> None:
    workflow = drawing(node("web", "deployment", labels={"mine": "1", "flowcore.dev/workflow": "no"}))
    planned = plan(workflow, CORE, labels={"flowcore.dev/workflow": "w1"}, annotations={"flowcore.dev/run": "r1"})
    manifest = steps(planned)["web"]
    assert manifest["metadata"]["labels"]["flowcore.dev/workflow"] == "w1"
    assert manifest["metadata"]["labels"]["mine"] == "1"
    assert manifest["metadata"]["annotations"] == {"flowcore.dev/run": "r1"}
    assert "annotations" not in manifest["spec"]["template"]["metadata"]
    assert manifest["spec"]["template"]["metadata"]["labels"]["app"] == "web"


def test_labels_that_are_ours_cannot_be_taken_over() -> None:
    web = node("web", "deployment", labels={"app": "x", "app.kubernetes.io/managed-by": "helm"}, podLabels={"app": "y"})
    manifest = steps(plan(drawing(web), CORE))["web"]
    assert manifest["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "flowcore"
    assert manifest["spec"]["selector"]["matchLabels"] == {"app": "web"}
    assert manifest["spec"]["template"]["metadata"]["labels"]["app"] == "web"


def test_a_node_id_that_is_no_label_becomes_one() -> None:
    odd = Node(id="node one/ä", type="configmap", data={"name": "c"})
    label = steps(plan(drawing(odd), CORE))["node one/ä"]["metadata"]["labels"]["flowcore.dev/node"]
    other = Node(id="node one/ö", type="configmap", data={"name": "c"})
    assert label.startswith("node-one-")
    assert label != steps(plan(drawing(other), CORE))["node one/ö"]["metadata"]["labels"]["flowcore.dev/node"]


def test_a_node_without_a_name_is_called_by_its_id() -> None:
    assert steps(plan(drawing(Node(id="c1", type="configmap")), CORE))["c1"]["metadata"]["name"] == "c1"


def test_overrides_are_laid_over_last() -> None:
    overrides = {"spec": {"replicas": 5, "template": {"spec": {"containers": [{"name": "web", "image": "other"}]}}}}
    manifest = steps(plan(drawing(node("web", "deployment", replicas=1, overrides=overrides)), CORE))["web"]
    assert (manifest["spec"]["replicas"], container(manifest)["image"]) == (5, "other")


def test_a_drawing_with_errors_is_refused_with_all_of_them() -> None:
    workflow = drawing(
        Node(id="a", type="deployment", data={"name": "A B"}),
        node("b", "configmap"),
        Node(id="b", type="configmap", data={}),
        Node(id="c", type="nonsense", data={}),
        edge("b", "nope"),
        edge("b", "b"),
    )
    assert sorted(set(rules(workflow))) == [
        "field-format",
        "field-missing",
        "graph-dangling-edge",
        "graph-duplicate-node",
        "graph-self-edge",
        "kind-unknown",
    ]


def test_a_circle_is_refused_with_its_path_and_edges() -> None:
    workflow = drawing(node("a", "deployment"), node("b", "deployment"), edge("a", "b"), edge("b", "a"))
    with pytest.raises(InvalidInputError) as caught:
        plan(workflow, CORE)
    (finding,) = caught.value.findings
    assert finding.rule == "graph-cycle"
    assert "a-b" in finding.fix
    assert "b-a" in finding.fix


def test_one_object_from_two_nodes_is_refused() -> None:
    same = drawing(node("a", "configmap", name="x"), node("b", "configmap", name="x"))
    apart = drawing(node("a", "configmap", name="x"), node("b", "configmap", name="x", namespace="y"))
    assert rules(same) == ["object-duplicate"]
    assert len(list(plan(apart, CORE).steps)) == 2


def test_one_object_from_two_nodes_is_also_found_when_the_namespace_comes_with_the_plan() -> None:
    workflow = drawing(node("a", "configmap", name="x"), node("b", "configmap", name="x", namespace="y"))
    with pytest.raises(InvalidInputError) as caught:
        plan(workflow, CORE, namespace="y")
    assert [finding.rule for finding in caught.value.findings] == ["object-duplicate"]


def test_nothing_of_a_plan_is_shared_with_the_drawing() -> None:
    probe = {"httpGet": {"path": "/", "port": 80}}
    workflow = drawing(node("web", "deployment", livenessProbe=probe))
    container(steps(plan(workflow, CORE))["web"])["livenessProbe"]["httpGet"]["path"] = "/changed"
    assert probe == {"httpGet": {"path": "/", "port": 80}}


def test_an_empty_drawing_has_an_empty_plan() -> None:
    assert plan(drawing(), CORE).waves == ()
