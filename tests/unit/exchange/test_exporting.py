"""Charts and kustomize bases as texts: what users may choose, and that nothing else is a template."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flowcore.errors import InvalidInputError
from flowcore.exchange import to_helm, to_kustomize, to_manifests
from flowcore.kinds import core_catalogue
from flowcore.manifests import from_yaml
from flowcore.model import Manifest, ObjectRef, Workflow
from flowcore.planning import plan
from tests.drawings import drawing, edge, node
from tests.go_templates import ChartError, render_chart

SHOP = drawing(
    node("redis-leader", "deployment", image="redis:7@sha256:" + "a" * 64, replicas=2),
    node(
        "web",
        "deployment",
        image="ghcr.io/example/web:2.0",
        args=["{{ .Values.secret }}", "}}", "a: b"],
        resources={"limits": {"memory": "64Mi", "cpu": "1"}},
        sidecars=[{"name": "log-shipper", "image": "fluent-bit"}],
    ),
    node("db", "secret", keys=[{"name": "password"}, {"name": "tls.key"}]),
    node("site", "ingress", host="shop.example.com", tlsEnabled=True, tlsSecretName="tls"),
    node("front", "service", port=80, targetApp=None),
    edge("front", "web"),
    edge("site", "front"),
    edge("db", "web", **{"as": "envFrom"}),
)


def rendered(workflow: Workflow, **options: Any) -> dict[ObjectRef, Manifest]:
    return {ObjectRef.of(one.manifest): one.manifest for one in plan(workflow, core_catalogue(), **options).steps}


def by_ref(manifests: list[Manifest]) -> dict[ObjectRef, Manifest]:
    return {ObjectRef.of(one): one for one in manifests}


GIVEN = {"password": "it's {{ secret }}\n", "tls.key": ""}


def test_a_chart_makes_what_the_drawing_renders() -> None:
    made = render_chart(to_helm(SHOP), {"db": {"secrets": GIVEN}})
    assert by_ref(made) == rendered(SHOP, secret_values={"db": GIVEN})


def test_a_chart_lets_its_users_choose_images_replicas_resources_and_hosts() -> None:
    values = from_yaml(to_helm(SHOP)["values.yaml"])[0]
    assert values["redisLeader"]["replicas"] == 2
    assert values["redisLeader"]["image"] == {"repository": "redis", "tag": "7@sha256:" + "a" * 64}
    assert values["web"]["resources"] == {"limits": {"memory": "64Mi", "cpu": "1"}}
    assert values["web"]["containers"]["logShipper"]["image"] == {"repository": "fluent-bit", "tag": ""}
    assert values["site"] == {"hosts": ["shop.example.com"]}
    chosen = {
        "redisLeader": {"replicas": 5, "image": {"repository": "mirror/redis", "tag": "sha256:" + "b" * 64}},
        "web": {"resources": {}},
        "site": {"hosts": ["other.example.com"]},
        "db": {"secrets": GIVEN},
        "commonLabels": {"team": "shop"},
    }
    made = {(ref.kind, ref.name): one for ref, one in by_ref(render_chart(to_helm(SHOP), chosen)).items()}
    redis = made["Deployment", "redis-leader"]
    assert redis["spec"]["replicas"] == 5
    assert redis["spec"]["template"]["spec"]["containers"][0]["image"] == "mirror/redis@sha256:" + "b" * 64
    site = made["Ingress", "site"]["spec"]
    assert (site["rules"][0]["host"], site["tls"][0]["hosts"]) == ("other.example.com", ["other.example.com"])
    assert all(one["metadata"]["labels"]["team"] == "shop" for one in made.values())


def test_a_chart_holds_no_secret_value_and_asks_for_every_one() -> None:
    chart = to_helm(SHOP)
    assert from_yaml(chart["values.yaml"])[0]["db"] == {"secrets": {"password": None, "tls.key": None}}
    with pytest.raises(ChartError, match=r"db\.secrets\.tls\.key is needed"):
        render_chart(chart, {"db": {"secrets": {"password": "x"}}})


def test_the_schema_of_a_chart_describes_its_values() -> None:
    schema = json.loads(to_helm(SHOP)["values.schema.json"])
    assert schema["properties"].keys() == from_yaml(to_helm(SHOP)["values.yaml"])[0].keys()
    assert schema["properties"]["redisLeader"]["properties"]["replicas"] == {"type": "integer", "minimum": 0}


def test_the_chart_is_called_like_the_workflow() -> None:
    named = Workflow(name="Mein Läden 2", nodes=SHOP.nodes, edges=SHOP.edges)
    assert from_yaml(to_helm(named)["Chart.yaml"])[0]["name"] == "mein-l-den-2"
    with pytest.raises(InvalidInputError):
        to_helm(Workflow(name="???", nodes=SHOP.nodes, edges=SHOP.edges))


def test_definitions_of_custom_resources_stand_where_helm_installs_them_first() -> None:
    manifest = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "a.b"},
    }
    chart = to_helm(drawing(node("crd", "manifest", manifest=manifest)))
    assert "crds/customresourcedefinition-a.b.yaml" in chart


def test_a_base_lists_every_object_with_its_images_and_one_namespace() -> None:
    base = to_kustomize(SHOP, namespace="shop")
    kustomization = from_yaml(base["kustomization.yaml"])[0]
    assert kustomization["namespace"] == "shop"
    assert set(kustomization["resources"]) == base.keys() - {"kustomization.yaml"}
    assert kustomization["images"] == [{"name": "ghcr.io/example/web", "newTag": "2.0"}]
    assert all("namespace" not in from_yaml(base[name])[0]["metadata"] for name in kustomization["resources"])


def test_a_base_keeps_namespaces_and_images_that_differ_in_its_files() -> None:
    mixed = drawing(
        node("a", "deployment", image="nginx:1", namespace="one"),
        node("b", "deployment", image="nginx:2", namespace="two"),
    )
    base = to_kustomize(mixed)
    assert from_yaml(base["kustomization.yaml"])[0].keys() == {"apiVersion", "kind", "resources"}
    assert from_yaml(base["deployment-a.yaml"])[0]["metadata"]["namespace"] == "one"


def test_files_of_manifests_sort_in_apply_order() -> None:
    files = to_manifests(SHOP, secret_values={"db": GIVEN})
    assert [from_yaml(files[name])[0] for name in sorted(files)] == list(
        rendered(SHOP, secret_values={"db": GIVEN}).values()
    )


def test_objects_of_one_name_have_files_of_their_own() -> None:
    same = drawing(node("a", "configmap", name="x", namespace="one"), node("b", "configmap", name="x", namespace="two"))
    assert to_kustomize(same).keys() == {"kustomization.yaml", "configmap-x.yaml", "configmap-x-2.yaml"}
    assert len(to_manifests(same)) == 2
