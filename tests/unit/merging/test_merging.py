"""Merging an imported drawing into a workflow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from attrs import evolve

from flowcore.kinds import Parameter, core_catalogue
from flowcore.merging import Merged, OnConflict, merge_drawing
from flowcore.model import Edge, Node, Workflow

CORE = core_catalogue()


def node(id_: str, type_: str = "deployment", **data: Any) -> Node:
    return Node(id=id_, type=type_, data={"name": id_, **data})


WEB = node("web", image="nginx")
DB = node("db", "statefulset", image="postgres", serviceName="db")
DB_SERVICE = node("db-service", "service", name="db", targetApp="db")
CONFIG = node(
    "web-config",
    "configmap",
    data={"HOST": "db", "URL": "postgres://me:x@db:5432/shop", "WORD": "my db is big", "OTHER": "dbx"},
)
NODES = (WEB, DB, DB_SERVICE, CONFIG)
EDGES = (
    Edge(id="web-to-db", source="web", target="db", data={"condition": "healthy"}),
    Edge(id="db-service-to-db", source="db-service", target="db"),
    Edge(id="web-config-to-web", source="web-config", target="web", data={"as": "envFrom"}),
)


def merged(workflow: Workflow, nodes: tuple[Node, ...] = NODES, **options: Any) -> Merged:
    return merge_drawing(workflow, nodes, EDGES, catalogue=CORE, **{"project": "shop", **options})


def after(workflow: Workflow, outcome: Merged) -> Workflow:
    return evolve(workflow, nodes=outcome.nodes, edges=outcome.edges, origins=outcome.origins)


def test_into_an_empty_workflow_everything_comes_as_it_is() -> None:
    outcome = merged(Workflow(name="w"))
    assert outcome.nodes == NODES
    assert outcome.edges == EDGES
    assert outcome.added == ("web", "db", "db-service", "web-config")
    assert outcome.renamed == {}


def test_the_same_import_twice_changes_nothing() -> None:
    first = after(Workflow(name="w"), merged(Workflow(name="w")))
    again = merged(first)
    assert after(first, again) == first
    assert (again.added, again.unchanged) == ((), ("web", "db", "db-service", "web-config"))
    taken = Workflow(name="w", nodes=(node("db", image="other"), node("x", "service", name="db")))
    second = after(taken, merged(taken))
    assert after(second, merged(second)) == second


def test_taken_ids_and_names_get_a_number_and_everything_follows() -> None:
    own = (node("db", image="mine"), node("mine", "service", name="db"))
    outcome = merged(Workflow(name="w", nodes=own))
    by_id = {each.id: each for each in outcome.nodes}
    assert outcome.nodes[:2] == own
    assert outcome.ids["db"] == "db-2"
    assert by_id["db-2"].data["name"] == "db-2"
    assert by_id["db-2"].data["serviceName"] == "db-2"
    assert by_id["db-service"].data == {"name": "db-2", "targetApp": "db-2"}
    assert [(edge.source, edge.target) for edge in outcome.edges] == [
        ("web", "db-2"),
        ("db-service", "db-2"),
        ("web-config", "web"),
    ]
    assert outcome.renamed == {"db-2": "db-2", "db-service": "db-2"}


def test_hosts_in_config_maps_follow_where_they_are_certain_and_are_told_elsewhere() -> None:
    outcome = merged(Workflow(name="w", nodes=(node("mine", "service", name="db"),)))
    data = next(each for each in outcome.nodes if each.id == "web-config").data["data"]
    assert data == {"HOST": "db-2", "URL": "postgres://me:x@db-2:5432/shop", "WORD": "my db is big", "OTHER": "dbx"}
    [left] = outcome.findings
    assert (left.rule, left.place.node, left.place.path) == ("import-name-left", "web-config", "data.data.WORD")


def test_equal_names_in_other_namespaces_or_kinds_are_no_clash() -> None:
    own = (node("a", name="web", namespace="other"), node("b", "secret", name="web"))
    assert merged(Workflow(name="w", nodes=own)).renamed == {}


def test_workloads_of_different_kinds_share_their_names() -> None:
    assert merged(Workflow(name="w", nodes=(node("a", "daemonset", name="web"),))).renamed == {"web": "web-2"}


@pytest.mark.parametrize(
    ("choice", "image", "count"),
    [(OnConflict.KEEP, "edited", 4), (OnConflict.REPLACE, "nginx", 4), (OnConflict.COPY, "edited", 5)],
)
def test_a_node_that_was_changed_since_is_treated_as_chosen(choice: OnConflict, image: str, count: int) -> None:
    first = after(Workflow(name="w"), merged(Workflow(name="w")))
    edited = evolve(first, nodes=(evolve(WEB, data={**WEB.data, "image": "edited"}), *first.nodes[1:]))
    outcome = merged(edited, on_conflict=choice)
    assert outcome.nodes[0].data["image"] == image
    assert len(outcome.nodes) == count
    assert dict(outcome.kept) == ({"web": ("image",)} if choice is OnConflict.KEEP else {})
    settled = after(edited, outcome)
    assert after(settled, merged(settled, on_conflict=choice)) == settled


def test_what_is_not_in_the_file_any_more_is_told_and_stays() -> None:
    first = after(Workflow(name="w"), merged(Workflow(name="w")))
    outcome = merge_drawing(first, NODES[:3], EDGES[:2], catalogue=CORE, project="shop")
    assert outcome.gone == ("web-config",)
    assert "web-config" in {each.id for each in outcome.nodes}


def test_two_projects_with_equal_ids_are_two() -> None:
    first = after(Workflow(name="w"), merged(Workflow(name="w")))
    outcome = merge_drawing(first, NODES, EDGES, catalogue=CORE, project="other")
    assert len(outcome.nodes) == 8
    assert outcome.unchanged == ()


def test_what_somebody_deleted_comes_back() -> None:
    first = after(Workflow(name="w"), merged(Workflow(name="w")))
    cut = evolve(first, nodes=first.nodes[1:], edges=())
    outcome = merged(cut)
    assert outcome.added == ("web",)
    assert len(outcome.edges) == 3


@pytest.mark.parametrize(("first", "second"), [("", "shop"), ("shop", ""), ("", "")])
def test_without_a_name_an_import_may_be_any_projects(first: str, second: str) -> None:
    there = after(Workflow(name="w"), merge_drawing(Workflow(name="w"), NODES, EDGES, catalogue=CORE, project=first))
    again = merge_drawing(there, NODES, EDGES, catalogue=CORE, project=second)
    assert after(there, again) == there


def test_every_reference_that_a_kind_declares_follows() -> None:
    taken = tuple(node(f"mine-{n}", type_, name="x") for n, type_ in enumerate(_REFERRED))
    edges: tuple[Edge, ...] = ()
    imported = (
        *(node(f"x-{type_}", type_, name="x") for type_ in _REFERRED),
        node("routes", "service", targetApp="x"),
        node("scales", "hpa", scaleTargetName="x"),
        node(
            "serves",
            "ingress",
            serviceName="x",
            tlsSecretName="x",
            paths=[{"serviceName": "x"}],
            tls=[{"secretName": "x"}],
        ),
        node("set", "statefulset", serviceName="x"),
        node(
            "pod",
            image="x",
            envFrom=[{"configMapRef": {"name": "x"}}, {"secretRef": {"name": "x"}}],
            env=[{"name": "x", "value": "x", "valueFrom": {"secretKeyRef": {"name": "x", "key": "x"}}}],
            volumeMounts=[
                {"type": "persistentVolumeClaim", "name": "x", "mountPath": "/x"},
                {"type": "emptyDir", "name": "x", "mountPath": "/y"},
            ],
            imagePullSecrets=["x", {"name": "x"}],
            livenessProbe={"grpc": {"port": 1, "service": "x"}},
            sidecars=[{"name": "x", "envFrom": [{"secretRef": {"name": "x"}}]}],
            overrides={"spec": {"volumes": [{"name": "x", "persistentVolumeClaim": {"claimName": "x"}}]}},
        ),
    )
    outcome = merge_drawing(Workflow(name="w", nodes=taken), imported, edges, catalogue=CORE, project="p")
    data = {each.id: each.data for each in outcome.nodes}
    assert data["routes"]["targetApp"] == data["scales"]["scaleTargetName"] == data["set"]["serviceName"] == "x-2"
    assert data["serves"] == {
        "name": "serves", "serviceName": "x-2", "tlsSecretName": "x-2",
        "paths": [{"serviceName": "x-2"}], "tls": [{"secretName": "x-2"}],
    }  # fmt: skip
    pod = data["pod"]
    assert pod["envFrom"] == [{"configMapRef": {"name": "x-2"}}, {"secretRef": {"name": "x-2"}}]
    assert pod["env"] == [{"name": "x", "value": "x", "valueFrom": {"secretKeyRef": {"name": "x-2", "key": "x"}}}]
    assert [mount["name"] for mount in pod["volumeMounts"]] == ["x-2", "x"]
    assert pod["imagePullSecrets"] == ["x-2", {"name": "x-2"}]
    assert pod["livenessProbe"] == {"grpc": {"port": 1, "service": "x"}}
    assert pod["sidecars"] == [{"name": "x", "envFrom": [{"secretRef": {"name": "x-2"}}]}]
    assert pod["overrides"]["spec"]["volumes"] == [{"name": "x", "persistentVolumeClaim": {"claimName": "x-2"}}]


_REFERRED = ("deployment", "service", "secret", "configmap", "persistentvolumeclaim")


def _refers(parameters: Iterable[Parameter]) -> Iterator[str]:
    for parameter in parameters:
        yield parameter.refers
        inner = (parameter.items, parameter.values)
        yield from _refers([*parameter.fields, *parameter.choices, *(each for each in inner if each is not None)])


def test_what_the_kinds_refer_to_is_a_kind_or_a_role() -> None:
    words = {word for kind in CORE.kinds for word in _refers(kind.parameters)} - {""}
    assert words >= {"workload", "service", "secret", "configmap", ".type"}
    known = {kind.name for kind in CORE.kinds} | {role for kind in CORE.kinds for role in kind.roles}
    assert {word for word in words if not word.startswith(".")} <= known
