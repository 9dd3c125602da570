"""Definitions become kinds: names, versions, scope, what becomes of the schema, and what is said about bad ones."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from flowcore.errors import Finding, InvalidInputError
from flowcore.kinds import Kind, Parameter, core_catalogue, kind_from_crd
from flowcore.lint import validate
from flowcore.manifests import Absent
from flowcore.model import Manifest, Node
from flowcore.planning import plan
from tests.drawings import drawing, edge, node

FREE: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def definition(spec_schema: Any = None, *, scope: str = "Namespaced", **more: Any) -> dict[str, Any]:
    """Make a definition of backups with one version."""
    schema = {"type": "object", "properties": {"spec": spec_schema or FREE, "status": FREE}, **more}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "backups.example.com"},
        "spec": {
            "group": "example.com",
            "scope": scope,
            "names": {"kind": "Backup", "plural": "backups", "singular": "backup"},
            "versions": [version],
        },
    }


def with_versions(*versions: dict[str, Any]) -> dict[str, Any]:
    made = definition()
    schema = made["spec"]["versions"][0]["schema"]
    made["spec"]["versions"] = [{"served": True, "storage": False, "schema": schema, **one} for one in versions]
    return made


def manifest(kind: Kind, **data: Any) -> Manifest:
    drawn = drawing(Node(id="one", type=kind.name, data={"name": "one", **data}))
    (step,) = plan(drawn, core_catalogue().extended(kind), namespace="n").steps
    return step.manifest


def findings(kind: Kind, **data: Any) -> list[Finding]:
    drawn = drawing(Node(id="one", type=kind.name, data={"name": "one", **data}))
    return validate(drawn, core_catalogue().extended(kind))


def at(kind: Kind, *names: str) -> Parameter:
    """Return the parameter that lies at the end of names; ``[]`` and ``*`` step into lists and maps."""
    found = next(one for one in kind.parameters if one.name == names[0])
    for name in names[1:]:
        inner = found.items if name == "[]" else found.values if name == "*" else None
        found = inner or next(one for one in found.fields if one.name == name)
    return found


# ------------------------------------------------------------ what the kind is


def test_a_definition_says_what_its_kind_is_called_and_where_it_lives() -> None:
    kind = kind_from_crd(definition())
    assert (kind.name, kind.label, kind.category) == ("backup.example.com", "Backup", "example.com")
    assert (kind.api_version, kind.object_kind, kind.plural) == ("example.com/v1", "Backup", "backups")
    assert kind.namespaced
    assert kind.is_a("custom")


def test_what_belongs_to_the_whole_cluster_has_no_namespace() -> None:
    kind = kind_from_crd(definition(scope="Cluster"))
    assert not kind.namespaced
    assert "namespace" not in {parameter.name for parameter in kind.parameters}
    assert "namespace" not in manifest(kind)["metadata"]
    assert manifest(kind_from_crd(definition()))["metadata"]["namespace"] == "n"


@pytest.mark.parametrize(
    ("versions", "chosen"),
    [
        ([{"name": "v1alpha1"}, {"name": "v1beta1"}, {"name": "v1beta2"}], "v1beta2"),
        ([{"name": "v1beta1", "storage": True}, {"name": "v1"}], "v1"),
        ([{"name": "v2"}, {"name": "v10"}], "v10"),
        ([{"name": "v2", "served": False}, {"name": "v1"}], "v1"),
        ([{"name": "v2", "deprecated": True}, {"name": "v1"}], "v1"),
        ([{"name": "v2alpha1"}, {"name": "v1beta1"}], "v1beta1"),
        ([{"name": "odd"}, {"name": "v1alpha1"}], "v1alpha1"),
        ([{"name": "odd"}, {"name": "strange", "storage": True}], "strange"),
    ],
)
def test_the_newest_stable_version_that_is_served_is_chosen(versions: list[dict[str, Any]], chosen: str) -> None:
    assert kind_from_crd(with_versions(*versions)).api_version == f"example.com/{chosen}"


def test_definitions_of_the_first_days_can_be_read() -> None:
    old = definition()
    old["apiVersion"] = "apiextensions.k8s.io/v1beta1"
    schema = old["spec"].pop("versions")[0]["schema"]
    old["spec"] |= {"version": "v1", "validation": schema}
    assert kind_from_crd(old).api_version == "example.com/v1"
    del old["spec"]["validation"]
    assert manifest(kind_from_crd(old), spec={"any": [1]})["spec"] == {"any": [1]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda crd: crd.update(kind="Deployment"), "no CustomResourceDefinition"),
        (lambda crd: crd.update(spec=None), "has no spec"),
        (lambda crd: crd["spec"].update(names={}), "names no kind"),
        (lambda crd: crd["spec"].update(group=""), "names no group"),
        (lambda crd: crd["spec"].update(versions=[]), "has no version"),
        (lambda crd: crd["spec"]["versions"][0].update(served=False), "no version of the definition is served"),
    ],
)
def test_bad_definitions_say_what_is_missing(change: Any, says: str) -> None:
    crd = definition()
    change(crd)
    with pytest.raises(InvalidInputError, match=says):
        kind_from_crd(crd)


@pytest.mark.parametrize(
    ("where", "name"),
    [("kind", "../../evil"), ("kind", "${run}"), ("group", "../../etc"), ("group", "a/b"), ("version", "../v1")],
)
def test_names_that_kubernetes_would_not_take_lead_nowhere(where: str, name: str) -> None:
    crd = definition()
    if where == "kind":
        crd["spec"]["names"]["kind"] = name
    elif where == "group":
        crd["spec"]["group"] = name
    else:
        crd["spec"]["versions"][0]["name"] = name
    with pytest.raises(InvalidInputError):
        kind_from_crd(crd)


def test_a_bad_singular_is_replaced_and_dollar_signs_mean_nothing() -> None:
    fields = {"$include": {"type": "string"}, "b": {"type": "integer"}}
    crd = definition({"type": "object", "properties": fields})
    crd["spec"]["names"]["singular"] = "../../evil"
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["x${id}"] = {"type": "string"}
    kind = kind_from_crd(crd)
    assert kind.name == "backup.example.com"
    given = {"$include": "_pod.yaml", "b": 1, "c": "${id}"}
    assert manifest(kind, spec=given)["spec"] == given


def test_all_that_is_missing_is_told_at_once() -> None:
    crd = definition()
    crd["spec"] |= {"names": {}, "group": "", "versions": []}
    with pytest.raises(InvalidInputError) as caught:
        kind_from_crd(crd)
    assert len(caught.value.findings) == 3


@pytest.mark.parametrize(
    "schema",
    [
        {"type": 5, "properties": [], "required": "x", "enum": 3, "minimum": "a", "default": None, "items": 4},
        {"properties": {"a": 5, "b": {"pattern": "(", "minLength": "x"}}},
        {"$ref": "#/definitions/x"},
        {"anyOf": "x", "additionalProperties": "y"},
    ],
)
def test_schemas_that_are_nonsense_check_nothing_but_break_nothing(schema: Any) -> None:
    kind = kind_from_crd(definition(schema))
    Draft202012Validator.check_schema(kind.json_schema())
    findings(kind, spec={"a": 1, "b": "x"})
    kind.describe()


# ------------------------------------------------------------ fields


def test_other_top_level_fields_keep_their_names_and_taken_names_get_an_ending() -> None:
    crd = definition()
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"] = {
        "data": {"type": "object", "additionalProperties": {"type": "string"}},
        "parameters": FREE,
        "id": {"type": "string"},
        "some-thing": {"type": "integer"},
        "items": {"type": "array", "items": {"type": "integer"}},
    }
    schema["required"] = ["data"]
    kind = kind_from_crd(crd)
    given = {"data": {"a": "b"}, "parameters": {"x": 0}, "idField": "me", "some_thing": 1, "items": [2]}
    made = manifest(kind, **given)
    assert {key: made[key] for key in schema["properties"]} == {
        "data": {"a": "b"},
        "parameters": {"x": 0},
        "id": "me",
        "some-thing": 1,
        "items": [2],
    }
    assert [found.place.path for found in findings(kind)] == ["data.data"]


def test_a_schema_becomes_parameters_for_forms() -> None:
    spec = {
        "type": "object",
        "required": ["target"],
        "properties": {
            "target": {"type": "string", "description": "Where to. More words.\nAnd more."},
            "keep": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
            "mode": {"type": "string", "enum": ["full", "delta"]},
            "port": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            "hooks": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "properties": {"name": {"type": "string"}}},
            },
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "free": FREE,
        },
    }
    kind = kind_from_crd(definition(spec, required=["spec"]))
    assert at(kind, "spec").required
    assert at(kind, "spec", "target").required
    assert at(kind, "spec", "target").help == "Where to."
    keep = at(kind, "spec", "keep")
    assert (keep.type, keep.minimum, keep.maximum, keep.default) == ("integer", 1, 9, 3)
    assert at(kind, "spec", "mode").options == ("full", "delta")
    assert isinstance(at(kind, "spec", "mode").default, Absent)
    assert at(kind, "spec", "hooks").unique == "name"
    assert at(kind, "spec", "hooks", "[]", "name").type == "string"
    assert at(kind, "spec", "labels", "*").type == "string"
    assert at(kind, "spec", "free").fields == ()
    Draft202012Validator.check_schema(kind.json_schema())
    port = kind.json_schema()["properties"]["spec"]["properties"]["port"]
    assert port["type"] == ["integer", "string"]


def test_defaults_are_left_to_the_api_server() -> None:
    kind = kind_from_crd(definition({"type": "object", "properties": {"keep": {"type": "integer", "default": 3}}}))
    assert manifest(kind, spec={})["spec"] == {}
    assert "spec" not in manifest(kind)


def test_circles_and_depths_become_free_objects() -> None:
    circle: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}
    circle["properties"]["child"] = circle
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(40):
        deep = {"type": "object", "properties": {"next": deep}}
    kind = kind_from_crd(definition({"type": "object", "properties": {"circle": circle, "deep": deep}}))
    tree: Any = {"name": "a", "child": {"anything": [1]}}
    value: Any = "end"
    for _ in range(30):
        value = {"next": value}
    given = {"circle": tree, "deep": value}
    assert manifest(kind, spec=given)["spec"] == given


def test_schemas_with_very_many_fields_are_cut_from_below() -> None:
    leaf = {"type": "object", "properties": {f"field{n}": {"type": "string"} for n in range(60)}}
    wide = {"type": "object", "properties": {f"part{n}": leaf for n in range(60)}}
    kind = kind_from_crd(definition(wide))
    assert len(at(kind, "spec").fields) == 60
    assert at(kind, "spec", "part0").fields == ()
    given = {"part0": {"field0": "x"}}
    assert manifest(kind, spec=given)["spec"] == given


# ------------------------------------------------------------ links and order


def test_custom_resources_are_ordered_by_edges_from_and_to_workloads() -> None:
    kind = kind_from_crd(definition())
    catalogue = core_catalogue().extended(kind)
    drawn = drawing(
        node("api", "deployment"),
        node("db", kind.name),
        node("load", "job"),
        node("password", "secret"),
        edge("api", "db", condition="healthy"),
        edge("db", "load", condition="completed"),
        edge("password", "db"),
    )
    made = plan(drawn, catalogue)
    order = [step.node_id for step in made.steps]
    assert order.index("load") < order.index("db") < order.index("api")
    assert order.index("password") < order.index("db")
    gates = {step.node_id: [(gate.node_id, gate.condition) for gate in step.waits_for] for step in made.steps}
    assert (gates["api"], gates["db"]) == ([("db", "healthy")], [("load", "completed")])


def test_one_custom_resource_can_need_another() -> None:
    issuer, certificate = (definition() for _ in range(2))
    for crd, word in ((issuer, "Issuer"), (certificate, "Certificate")):
        crd["spec"]["names"] = {"kind": word, "plural": f"{word.lower()}s"}
    kinds = [kind_from_crd(issuer), kind_from_crd(certificate)]
    drawn = drawing(node("c", kinds[1].name), node("i", kinds[0].name), edge("c", "i"))
    assert [step.node_id for step in plan(drawn, core_catalogue().extended(*kinds)).steps] == ["i", "c"]


def test_services_and_autoscalers_know_resources_with_pods_and_replicas() -> None:
    template = {"type": "object", "properties": {"metadata": FREE, "spec": FREE}}
    crd = definition({"type": "object", "properties": {"replicas": {"type": "integer"}, "template": template}})
    crd["spec"]["versions"][0]["subresources"] = {"scale": {"specReplicasPath": ".spec.replicas"}}
    kind = kind_from_crd(crd)
    container = {"name": "c", "image": "nginx", "ports": [{"containerPort": 8080}]}
    spec = {"template": {"metadata": {"labels": {"run": "it"}}, "spec": {"containers": [container]}}}
    drawn = drawing(
        node("it", kind.name, spec=spec),
        node("s", "service", port=None, targetApp=None),
        node("auto", "hpa", maxReplicas=3, targetCPUUtilization=50),
        edge("s", "it"),
        edge("auto", "it"),
    )
    made = {step.node_id: step.manifest for step in plan(drawn, core_catalogue().extended(kind)).steps}
    assert made["s"]["spec"]["selector"] == {"run": "it"}
    assert made["s"]["spec"]["ports"][0]["port"] == 8080
    scaled = made["auto"]["spec"]["scaleTargetRef"]
    assert scaled == {"apiVersion": "example.com/v1", "kind": "Backup", "name": "it"}
