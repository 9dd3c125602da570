"""Every field of every kind is really rendered: giving it, even as zero or false, changes the manifest."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from flowcore.kinds import Kind, Parameter
from flowcore.manifests import Absent
from flowcore.model import Manifest, Workflow
from flowcore.planning import plan
from tests.drawings import drawing, node
from tests.random_drawings import CORE, KINDS, RAW

#: What must be said before a field can matter.
CONTEXT: dict[str, dict[str, Any]] = {
    "service": {"port": 80, "selector": {"app": "web"}, "serviceType": "LoadBalancer", "sessionAffinity": "ClientIP"},
    "ingress": {"paths": [{"serviceName": "web", "servicePort": 80}], "tlsEnabled": True, "tls": []},
    "hpa": {"metrics": RAW["metrics"]},
}
#: Contexts of single fields that contradict the context of their kind.
ALONE: dict[tuple[str, str], dict[str, Any]] = {
    ("service", "selector"): {"port": 80, "targetApp": "web"},
    ("service", "targetApp"): {"port": 80, "targetApp": "web"},
    ("service", "headless"): {"port": 80, "serviceType": "ClusterIP"},
    ("service", "externalName"): {"serviceType": "ExternalName", "externalName": "example.com"},
    ("service", "sessionAffinity"): {"port": 80},
    ("ingress", "path"): {"paths": None, "serviceName": "web", "servicePort": 80},
    ("ingress", "pathType"): {"paths": None, "serviceName": "web", "servicePort": 80},
    ("ingress", "serviceName"): {"paths": None, "serviceName": "web", "servicePort": 80},
    ("ingress", "servicePort"): {"paths": None, "serviceName": "web", "servicePort": 80},
    ("hpa", "targetCPUUtilization"): {"metrics": RAW["metrics"]},
}
#: Fields that only links, the run or the checks look at.
ELSEWHERE = {("configmap", "mountPath"), ("secret", "mountPath"), ("secret", "keys")}
TEXTS = {
    "image": "example.com/other:2",
    "host": "other.example.com",
    "cron": "5 4 * * *",
    "time-zone": "Asia/Tokyo",
    "quantity": "3Gi",
    "absolute-path": "/other",
    "url-path": "/other",
    "relative-path": "other",
    "cidr": "10.0.0.0/8",
    "ip": "10.0.0.9",
    "cluster-ip": "10.96.0.9",
    "base64": "aGk=",
    "env-name": "OTHER",
    "percentage": "30%",
}
#: Values of fields for which the general ones would contradict something, or say what is so anyway.
SAMPLES: dict[str, Any] = {
    "volumeMounts": [{"type": "configMap", "name": "other", "mountPath": "/other", "subPath": "a", "readOnly": True}],
    "minReplicas": 3,
    "paths": [{"serviceName": "other", "servicePort": "http"}],
    "pathType": "Exact",
    "policyTypes": ["Egress"],
    "ingressRules": [{"from": RAW["from"]}],
    "egressRules": [{"to": RAW["to"]}],
    "accessModes": ["ReadWriteMany"],
    "limits": "20Gi",
}


def sample(parameter: Parameter) -> Any:
    """Return a value that the parameter accepts and that is not its default."""
    if parameter.options:
        return next(option for option in parameter.options if option != parameter.default)
    if parameter.name in RAW and parameter.type != "map":
        return RAW[parameter.name]
    match parameter.type:
        case "integer" | "number":
            return max(7, int(parameter.minimum or 0))
        case "port" | "intOrText":
            return 30123
        case "boolean":
            return parameter.default is not True
        case "list":
            return [sample(parameter.items)] if parameter.items else []
        case "map":
            key = {"env-name": "OTHER", "config-key": "other"}.get(parameter.keys, "memory")
            return {key: sample(parameter.values) if parameter.values else "x"}
        case "choice":
            return sample(parameter.choices[0])
        case "object":
            return {one.name: sample(one) for one in parameter.fields if one.required or len(parameter.fields) < 4}
    return TEXTS.get(parameter.format, "other")


def rendered(kind: Kind, data: dict[str, Any]) -> Manifest:
    one = node("one", kind.name)
    workflow: Workflow = drawing(evolve(one, data={**one.data, **data}))
    return next(plan(workflow, CORE).steps).manifest


def cases() -> list[tuple[Kind, Parameter]]:
    return [
        (kind, parameter)
        for kind in KINDS
        for parameter in kind.parameters
        if (kind.name, parameter.name) not in ELSEWHERE and parameter.name != "ignoreRules"
    ]


def given_to(kind: Kind, parameter: Parameter, value: Any) -> tuple[Manifest, Manifest]:
    context = ALONE.get((kind.name, parameter.name), CONTEXT.get(kind.name, {}))
    without = {key: one for key, one in context.items() if key != parameter.name or parameter.required}
    if (kind.name, parameter.name) in ALONE:
        without = context
    return rendered(kind, without), rendered(kind, {**context, parameter.name: value})


@pytest.mark.parametrize(("kind", "parameter"), cases(), ids=lambda one: one.name)
def test_a_field_that_is_given_is_rendered(kind: Kind, parameter: Parameter) -> None:
    before, after = given_to(kind, parameter, SAMPLES.get(parameter.name) or sample(parameter))
    assert after != before


@pytest.mark.parametrize(
    ("kind", "parameter", "value"),
    [
        (kind, parameter, value)
        for kind, parameter in cases()
        for value, types in ((0, ("integer", "number")), (False, ("boolean",)))
        if parameter.type in types and isinstance(parameter.default, Absent) and (parameter.minimum or 0) <= 0
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_zero_and_false_are_values(kind: Kind, parameter: Parameter, value: Any) -> None:
    if parameter.name in ("headless", "tlsEnabled"):
        pytest.skip("false says the same as nothing")
    before, after = given_to(kind, parameter, value)
    assert after != before
