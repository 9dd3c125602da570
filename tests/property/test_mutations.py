"""Whatever is broken in a sound drawing is found: missing fields, values of the wrong kind, links to nowhere."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from flowcore.errors import Finding
from flowcore.kinds import wire_up
from flowcore.lint import validate
from flowcore.model import Edge, Node, Workflow
from tests.drawings import drawing, edge, node
from tests.random_drawings import CORE

#: A drawing with every kind and every kind of link, in which nothing is wrong.
SOUND = drawing(
    node("web", "deployment", image="ghcr.io/shop/web:1", port=8080, replicas=2),
    node("db", "statefulset", image="ghcr.io/shop/db:1", port=5432, serviceName=""),
    node("init", "job", image="ghcr.io/shop/init:1"),
    node("report", "cronjob", image="ghcr.io/shop/report:1"),
    node("agent", "daemonset", image="ghcr.io/shop/agent:1", port=9100),
    node("web-svc", "service", targetApp="", port=80),
    node("db-svc", "service", targetApp="", headless=True, port=None),
    node("ing", "ingress", serviceName="", servicePort=None, paths=[{"id": "root", "path": "/", "servicePort": 80}]),
    node("cfg", "configmap", data={"LEVEL": "info", "app.conf": "x"}),
    node("pw", "secret", keys=[{"name": "PASSWORD"}]),
    node("files", "persistentvolumeclaim", accessModes=["ReadWriteMany"]),
    node("load", "hpa", scaleTargetName="", minReplicas=2, maxReplicas=5, targetCPUUtilization=70),
    node(
        "wall",
        "networkpolicy",
        ingressRules=[{"id": "in", "ports": [{"port": 5432}]}],
        egressRules=[{"id": "out", "to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}],
    ),
    edge("web-svc", "web"),
    edge("db-svc", "db"),
    edge("ing", "web-svc", handle="root"),
    edge("cfg", "web", items=[{"key": "app.conf", "path": "app.conf"}]),
    edge("cfg", "report", env={"LEVEL": "LEVEL"}, **{"as": "env"}),
    edge("pw", "db", **{"as": "envFrom"}),
    edge("files", "web", mountPath="/files"),
    edge("load", "web"),
    edge("wall", "db", handle="header"),
    edge("wall", "web", handle="in", id_="wall-in"),
    edge("web", "db", condition="healthy"),
    edge("web", "init", condition="completed"),
)
BEFORE = {(one.rule, str(one.place)) for one in validate(SOUND, CORE)}
#: Values that no parameter of a type takes.
WRONG: dict[str, list[Any]] = {
    "string": [{"a": 1}, ["a"]],
    "integer": ["many", 1.5, -(10**9), True],
    "number": ["many", []],
    "port": [0, 70000, "http/2"],
    "intOrText": ["Not A Port", {}],
    "boolean": ["perhaps", 7],
    "list": ["a", {"a": 1}, 5],
    "map": ["a", [1]],
    "object": ["a", [1]],
    "choice": [True],
}


def new_findings(workflow: Workflow) -> list[Finding]:
    return [one for one in validate(workflow, CORE) if (one.rule, str(one.place)) not in BEFORE]


def with_data(changed: Node, data: dict[str, Any]) -> Workflow:
    nodes = [evolve(one, data=data) if one.id == changed.id else one for one in SOUND.nodes]
    return evolve(SOUND, nodes=tuple(nodes))


def with_edge(changed: Edge, **fields: Any) -> Workflow:
    return evolve(SOUND, edges=tuple(evolve(one, **fields) if one is changed else one for one in SOUND.edges))


NODES = st.sampled_from(SOUND.nodes)
EDGES = st.sampled_from(SOUND.edges)


def test_nothing_is_wrong_with_the_sound_drawing() -> None:
    assert [str(one) for one in validate(SOUND, CORE) if one.is_error] == []
    assert {one.type for one in SOUND.nodes} == {kind.name for kind in CORE.kinds if kind.object_kind != "*"}


def test_a_required_field_that_is_missing_is_found() -> None:
    for one in SOUND.nodes:
        for parameter in CORE.kind(one.type).parameters:
            if parameter.required and parameter.name != "name":
                found = new_findings(with_data(one, {**one.data, parameter.name: None}))
                assert ("field-missing", f"data.{parameter.name}") in {(a.rule, a.place.path) for a in found}


@given(NODES, st.data())
def test_a_value_of_the_wrong_kind_is_found_at_its_field(one: Node, data: st.DataObject) -> None:
    parameter = data.draw(st.sampled_from([p for p in CORE.kind(one.type).parameters if p.type in WRONG]))
    wrong = data.draw(st.sampled_from(WRONG[parameter.type]))
    found = new_findings(with_data(one, {**one.data, parameter.name: wrong}))
    assert [a for a in found if a.is_error and a.place.path.startswith(f"data.{parameter.name}")]


@given(EDGES, st.data())
def test_a_wrong_value_on_an_edge_is_found_at_its_field(one: Edge, data: st.DataObject) -> None:
    (wire,) = [wire for wire in wire_up(SOUND, CORE).wires if wire.edge is one]
    assume(wire.link.parameters)
    parameter = data.draw(st.sampled_from(wire.link.parameters))
    wrong = data.draw(st.sampled_from(WRONG["boolean" if parameter.options else parameter.type]))
    assume(not parameter.options or str(wrong) not in parameter.options)
    found = new_findings(with_edge(one, data={**one.data, parameter.name: wrong}))
    assert [a for a in found if a.is_error and a.place.path.startswith(f"data.{parameter.name}")]


@given(NODES, st.sampled_from(["Has Space", "UPPER", "-dash", "x" * 254, "a/b", "ä"]))
def test_a_name_that_is_none_is_found(one: Node, name: str) -> None:
    assert [a for a in new_findings(with_data(one, {**one.data, "name": name})) if a.place.path == "data.name"]


@given(NODES, st.text("abcdefghij", min_size=12, max_size=14))
def test_a_field_that_does_not_exist_is_found(one: Node, field: str) -> None:
    found = new_findings(with_data(one, {**one.data, field: 1}))
    assert [(a.rule, a.place.path) for a in found] == [("field-unknown", f"data.{field}")]


@given(EDGES, st.sampled_from(["source", "target"]))
def test_an_edge_to_nowhere_is_found(one: Edge, end: str) -> None:
    assert "graph-dangling-edge" in [a.rule for a in new_findings(with_edge(one, **{end: "gone"}))]


@given(EDGES, NODES)
def test_an_edge_to_another_node_means_something_or_is_found(one: Edge, other: Node) -> None:
    kinds = {node.id: node.type for node in SOUND.nodes}
    allowed = CORE.links_between(kinds[one.source], other.type)
    rules = [a.rule for a in new_findings(with_edge(one, target=other.id))]
    if one.source == other.id:
        assert "graph-self-edge" in rules
    elif not allowed:
        assert "link-not-allowed" in rules


def test_a_node_that_is_removed_leaves_its_edges_dangling() -> None:
    for gone in SOUND.nodes:
        nodes = tuple(one for one in SOUND.nodes if one is not gone)
        rules = {a.rule for a in new_findings(evolve(SOUND, nodes=nodes))}
        touched = any(gone.id in (one.source, one.target) for one in SOUND.edges)
        assert ("graph-dangling-edge" in rules) == touched


def test_a_name_that_is_given_twice_is_found() -> None:
    for one in SOUND.nodes:
        twin = evolve(one, id="twin")
        rules = {a.rule for a in new_findings(evolve(SOUND, nodes=(*SOUND.nodes, twin)))}
        assert "object-duplicate" in rules


def test_a_key_that_is_no_longer_there_is_found() -> None:
    rules = {a.rule for a in new_findings(with_data(SOUND.nodes[8], {"name": "cfg", "data": {}}))}
    assert "link-key-unknown" in rules


def test_a_port_that_is_no_longer_there_is_found() -> None:
    web = SOUND.nodes[0]
    data = {**web.data, "ports": [{"name": "other", "containerPort": 1}], "port": None}
    service = evolve(SOUND.nodes[5], data={"name": "web-svc", "port": 80, "targetPort": 8080})
    changed = with_data(web, data)
    nodes = tuple(service if one.id == "web-svc" else one for one in changed.nodes)
    assert "service-port-unmatched" in {a.rule for a in new_findings(evolve(changed, nodes=nodes))}
