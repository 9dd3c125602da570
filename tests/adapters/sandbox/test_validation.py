"""What the API server refuses, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio
NAMESPACE = "/apis/apps/v1/namespaces/default"
CORE = "/api/v1/namespaces/default"


def causes(reply: Any) -> dict[str, tuple[str, str]]:
    assert reply.status == 422, reply.body
    return {cause["field"]: (cause["reason"], cause["message"]) for cause in reply.json["details"]["causes"]}


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


async def test_required_fields_are_named_with_their_paths(api: Any, deployment: Any) -> None:
    body = deployment()
    del container(body)["image"], container(body)["name"]
    found = causes(await api.post(f"{NAMESPACE}/deployments", body))
    assert found == {
        "spec.template.spec.containers[0].image": ("FieldValueRequired", "Required value"),
        "spec.template.spec.containers[0].name": ("FieldValueRequired", "Required value"),
    }


async def test_the_message_names_kind_name_and_every_problem(api: Any, deployment: Any) -> None:
    body = deployment()
    container(body)["imagePullPolicy"] = "Sometimes"
    reply = await api.post(f"{NAMESPACE}/deployments", body)
    assert reply.json["message"] == (
        'Deployment.apps "web" is invalid: spec.template.spec.containers[0].imagePullPolicy: '
        'Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"'
    )


@pytest.mark.parametrize("name", ["Web", "web_1", "-web", "web.", "a" * 254])
async def test_bad_names_are_refused(api: Any, config_map: Any, name: str) -> None:
    assert "metadata.name" in causes(await api.post(f"{CORE}/configmaps", config_map(name)))


async def test_names_of_services_start_with_a_letter(api: Any) -> None:
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "1web"}, "spec": {"ports": [{"port": 80}]}}
    assert "DNS-1035" in causes(await api.post(f"{CORE}/services", body))["metadata.name"][1]


async def test_bad_labels_are_refused(api: Any, config_map: Any) -> None:
    for labels in ({"a b": "c"}, {"a": "b c"}, {"a": "b" * 64}, {"/a": "b"}):
        assert "metadata.labels" in causes(await api.post(f"{CORE}/configmaps", config_map(labels=labels)))


async def test_the_selector_must_match_the_template(api: Any, deployment: Any) -> None:
    body = deployment(selector={"matchLabels": {"app": "other"}})
    found = causes(await api.post(f"{NAMESPACE}/deployments", body))
    assert "does not match template" in found["spec.template.metadata.labels"][1]


async def test_the_selector_cannot_change(api: Any, deployment: Any) -> None:
    await api.post(f"{NAMESPACE}/deployments", deployment())
    body = deployment(selector={"matchLabels": {"app": "web", "tier": "x"}})
    body["spec"]["template"]["metadata"]["labels"] = {"app": "web", "tier": "x"}
    found = causes(await api.put(f"{NAMESPACE}/deployments/web", body))
    assert found["spec.selector"][1].endswith("field is immutable")


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"ports": [{"containerPort": 0}]}, "ports[0].containerPort", "FieldValueInvalid"),
        ({"ports": [{"containerPort": 1, "name": "UPPER"}]}, "ports[0].name", "FieldValueInvalid"),
        (
            {"ports": [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]},
            "ports[1].name",
            "FieldValueDuplicate",
        ),
        ({"volumeMounts": [{"name": "nope", "mountPath": "/x"}]}, "volumeMounts[0].name", "FieldValueNotFound"),
        ({"livenessProbe": {"periodSeconds": 1}}, "livenessProbe", "FieldValueRequired"),
        ({"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}, "resources.requests", "FieldValueInvalid"),
        ({"env": [{"name": "A=B", "value": "x"}]}, "env[0].name", "FieldValueInvalid"),
        ({"envFrom": [{}]}, "envFrom[0]", "FieldValueInvalid"),
    ],
)
async def test_containers_are_checked(api: Any, deployment: Any, change: Any, field: str, reason: str) -> None:
    body = deployment()
    container(body).update(change)
    found = causes(await api.post(f"{NAMESPACE}/deployments", body))
    assert found[f"spec.template.spec.containers[0].{field}"][0] == reason


async def test_two_containers_need_two_names(api: Any, deployment: Any) -> None:
    body = deployment()
    body["spec"]["template"]["spec"]["containers"] *= 2
    found = causes(await api.post(f"{NAMESPACE}/deployments", body))
    assert found["spec.template.spec.containers[1].name"][0] == "FieldValueDuplicate"


async def test_jobs_must_end(api: Any) -> None:
    spec = {"template": {"spec": {"containers": [{"name": "a", "image": "b"}]}}}
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": spec}
    found = causes(await api.post("/apis/batch/v1/namespaces/default/jobs", body))
    assert found["spec.template.spec.restartPolicy"] == (
        "FieldValueRequired",
        'Required value: valid values: "OnFailure", "Never"',
    )


@pytest.mark.parametrize("schedule", ["* * * *", "61 * * * *", "a * * * *", "*/0 * * * *", "@often"])
async def test_schedules_must_be_readable(api: Any, schedule: str) -> None:
    template = {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "b"}]}}}}
    spec = {"schedule": schedule, "jobTemplate": template}
    body = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": spec}
    assert "spec.schedule" in causes(await api.post("/apis/batch/v1/namespaces/default/cronjobs", body))


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"ports": [{"port": 80}, {"port": 81}]}, "spec.ports[0].name"),
        ({"ports": [{"name": "a", "port": 80}, {"name": "a", "port": 81}]}, "spec.ports[1].name"),
        ({"ports": [{"port": 70000}]}, "spec.ports[0].port"),
        ({"ports": [{"port": 80, "nodePort": 30001}]}, "spec.ports[0].nodePort"),
        ({"ports": []}, "spec.ports"),
        ({"type": "Sometimes", "ports": [{"port": 80}]}, "spec.type"),
        ({"type": "ExternalName"}, "spec.externalName"),
    ],
)
async def test_services_are_checked(api: Any, spec: Any, field: str) -> None:
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    assert field in causes(await api.post(f"{CORE}/services", body))


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ({"path": "no-slash", "pathType": "Prefix"}, "path"),
        ({"path": "/", "pathType": "Sometimes"}, "pathType"),
        ({"path": "/"}, "pathType"),
    ],
)
async def test_ingress_paths_are_checked(api: Any, path: Any, field: str) -> None:
    rule = {"http": {"paths": [{**path, "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {"rules": [rule]},
    }
    found = causes(await api.post("/apis/networking.k8s.io/v1/namespaces/default/ingresses", body))
    assert f"spec.rules[0].http.paths[0].{field}" in found


async def test_claims_stay_as_they_are_but_may_grow_when_bound(api: Any, sandbox: Any) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": spec}
    path = f"{CORE}/persistentvolumeclaims"
    created = (await api.post(path, body)).json
    sandbox.store.update({**created, "status": {"phase": "Bound"}}, subresource="status")
    change = {"spec": {"resources": {"requests": {"storage": "3Gi"}}}}
    assert (await api.patch(f"{path}/c", change, kind="merge-patch")).status == 200
    change["spec"]["resources"]["requests"]["storage"] = "1Gi"
    found = causes(await api.patch(f"{path}/c", change, kind="merge-patch"))
    assert "spec.resources.requests.storage" in found
    found = causes(await api.patch(f"{path}/c", {"spec": {"accessModes": ["ReadWriteMany"]}}, kind="merge-patch"))
    assert found["spec"][0] == "FieldValueForbidden"


async def test_what_is_marked_immutable_stays(api: Any, config_map: Any) -> None:
    await api.post(f"{CORE}/configmaps", {**config_map(a="1"), "immutable": True})
    found = causes(await api.put(f"{CORE}/configmaps/cfg", {**config_map(a="2"), "immutable": True}))
    assert found["data"][0] == "FieldValueForbidden"


async def test_a_services_address_is_kept_and_cannot_change(api: Any) -> None:
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}
    created = (await api.post(f"{CORE}/services", body)).json
    address = created["spec"]["clusterIP"]
    assert created["spec"]["clusterIPs"] == [address]
    assert (await api.put(f"{CORE}/services/web", body)).json["spec"]["clusterIP"] == address
    body["spec"]["clusterIP"] = "10.96.200.200"
    assert "spec.clusterIPs[0]" in causes(await api.put(f"{CORE}/services/web", body))


async def test_node_ports_are_given_kept_and_unique(api: Any) -> None:
    spec = {"type": "NodePort", "ports": [{"port": 80}]}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": spec}
    number = (await api.post(f"{CORE}/services", body)).json["spec"]["ports"][0]["nodePort"]
    assert 30000 <= number <= 32767
    assert (await api.put(f"{CORE}/services/a", body)).json["spec"]["ports"][0]["nodePort"] == number
    taken = {
        **body,
        "metadata": {"name": "b"},
        "spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": number}]},
    }
    assert "already allocated" in causes(await api.post(f"{CORE}/services", taken))["spec.ports[0].nodePort"][1]


# -- field validation


async def test_unknown_fields_are_refused_when_strict(api: Any, deployment: Any) -> None:
    body = deployment(foo=1)
    reply = await api.post(f"{NAMESPACE}/deployments", body, fieldValidation="Strict")
    assert reply.status == 400
    assert 'strict decoding error: unknown field "spec.foo"' in reply.json["message"]


async def test_unknown_fields_are_told_in_a_warning_and_dropped_otherwise(api: Any, deployment: Any) -> None:
    warned = await api.post(f"{NAMESPACE}/deployments", deployment(foo=1))
    assert warned.header("warning") == ['299 - "unknown field \\"spec.foo\\""']
    assert "foo" not in warned.json["spec"]
    silent = await api.post(f"{NAMESPACE}/deployments", deployment("b", foo=1), fieldValidation="Ignore")
    assert silent.header("warning") == []


async def test_wrong_types_are_bad_requests(api: Any, deployment: Any) -> None:
    reply = await api.post(f"{NAMESPACE}/deployments", deployment(replicas="3"))
    assert reply.status == 400
    assert "cannot unmarshal string into Go struct field spec.replicas" in reply.json["message"]


async def test_quantities_must_be_quantities_and_are_kept_in_canonical_form(api: Any, deployment: Any) -> None:
    body = deployment()
    container(body)["resources"] = {"limits": {"cpu": "1000m", "memory": "1024Mi"}}
    created = (await api.post(f"{NAMESPACE}/deployments", body)).json
    assert container(created)["resources"]["limits"] == {"cpu": "1", "memory": "1Gi"}
    container(body)["resources"] = {"limits": {"cpu": "lots"}}
    assert (await api.post(f"{NAMESPACE}/deployments", body)).status == 400


async def test_nulls_and_empty_lists_vanish_as_in_the_real_decoder(api: Any, deployment: Any) -> None:
    body = deployment(minReadySeconds=None)
    container(body)["args"] = []
    created = (await api.post(f"{NAMESPACE}/deployments", body)).json
    assert "minReadySeconds" not in created["spec"]
    assert "args" not in container(created)
