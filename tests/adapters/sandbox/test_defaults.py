"""What the server fills in, kind by kind, so that a manifest and the live object differ only where they should."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio
CORE = "/api/v1/namespaces/default"


async def created(api: Any, path: str, body: Any) -> dict[str, Any]:
    reply = await api.post(path, body)
    assert reply.status == 201, reply.body
    result: dict[str, Any] = reply.json
    return result


def pod(name: str = "p", **spec: Any) -> dict[str, Any]:
    spec.setdefault("containers", [{"name": "c", "image": "nginx"}])
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


async def test_deployments(api: Any, deployment: Any) -> None:
    spec = (await created(api, "/apis/apps/v1/namespaces/default/deployments", deployment()))["spec"]
    template = spec.pop("template")["spec"]
    assert spec == {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    }
    assert template.pop("containers") == [
        {
            "name": "web",
            "image": "nginx:1.27",
            "ports": [{"containerPort": 80, "protocol": "TCP"}],
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent",
        }
    ]
    assert template == {
        "restartPolicy": "Always",
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "terminationGracePeriodSeconds": 30,
        "securityContext": {},
    }


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("host:5000/nginx", "Always"),
        ("nginx:1", "IfNotPresent"),
        ("nginx@sha256:0123", "IfNotPresent"),
    ],
)
async def test_the_pull_policy_follows_the_image(api: Any, image: str, policy: str) -> None:
    stored = await created(api, f"{CORE}/pods", pod(containers=[{"name": "c", "image": image}]))
    assert stored["spec"]["containers"][0]["imagePullPolicy"] == policy


async def test_pods(api: Any) -> None:
    limits = {"cpu": "1", "memory": "1Gi"}
    stored = await created(
        api, f"{CORE}/pods", pod(containers=[{"name": "c", "image": "x:1", "resources": {"limits": limits}}])
    )
    assert stored["spec"]["containers"][0]["resources"]["requests"] == limits
    assert stored["spec"]["serviceAccountName"] == "default"
    assert stored["spec"]["enableServiceLinks"] is True
    assert [one["tolerationSeconds"] for one in stored["spec"]["tolerations"]] == [300, 300]
    assert stored["status"] == {"phase": "Pending", "qosClass": "Guaranteed"}


async def test_probes_volumes_and_references(api: Any) -> None:
    container = {
        "name": "c",
        "image": "x:1",
        "livenessProbe": {"httpGet": {"port": 80}},
        "env": [{"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
    }
    volumes = [{"name": "a", "configMap": {"name": "x"}}, {"name": "b"}, {"name": "c", "hostPath": {"path": "/x"}}]
    spec = (await created(api, f"{CORE}/pods", pod(containers=[container], volumes=volumes)))["spec"]
    assert spec["containers"][0]["livenessProbe"] == {
        "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    assert spec["containers"][0]["env"][0]["valueFrom"]["fieldRef"]["apiVersion"] == "v1"
    assert spec["volumes"] == [
        {"name": "a", "configMap": {"name": "x", "defaultMode": 420}},
        {"name": "b", "emptyDir": {}},
        {"name": "c", "hostPath": {"path": "/x", "type": ""}},
    ]


async def test_services(api: Any) -> None:
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}
    spec = (await created(api, f"{CORE}/services", body))["spec"]
    address = spec.pop("clusterIP")
    assert spec == {
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster",
        "clusterIPs": [address],
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
    }


async def test_headless_external_and_balanced_services(api: Any) -> None:
    def service(name: str, **spec: Any) -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}

    headless = await created(api, f"{CORE}/services", service("h", clusterIP="None"))
    assert headless["spec"]["clusterIPs"] == ["None"]
    external = await created(api, f"{CORE}/services", service("e", type="ExternalName", externalName="x.example"))
    assert external["spec"] == {"type": "ExternalName", "externalName": "x.example", "sessionAffinity": "None"}
    balanced = await created(api, f"{CORE}/services", service("l", type="LoadBalancer", ports=[{"port": 80}]))
    assert balanced["spec"]["externalTrafficPolicy"] == "Cluster"
    assert balanced["spec"]["ports"][0]["nodePort"] >= 30000


async def test_jobs_get_a_selector_of_their_own(api: Any) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x:1"}]}}
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": template}}
    stored = await created(api, "/apis/batch/v1/namespaces/default/jobs", body)
    uid = stored["metadata"]["uid"]
    assert stored["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert stored["spec"]["template"]["metadata"]["labels"]["job-name"] == "j"
    assert (stored["spec"]["completions"], stored["spec"]["parallelism"], stored["spec"]["backoffLimit"]) == (1, 1, 6)
    again = await api.apply("/apis/batch/v1/namespaces/default/jobs/j", body)
    assert again.json["spec"] == stored["spec"]


async def test_claims_take_the_default_class(api: Any) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": spec}
    stored = await created(api, f"{CORE}/persistentvolumeclaims", body)
    assert (stored["spec"]["volumeMode"], stored["spec"]["storageClassName"]) == ("Filesystem", "standard")


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (
            "/apis/batch/v1/namespaces/default/cronjobs",
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "spec": {
                    "schedule": "* * * * *",
                    "jobTemplate": {
                        "spec": {
                            "template": {
                                "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x:1"}]}
                            }
                        }
                    },
                },
            },
            {"concurrencyPolicy": "Allow", "suspend": False, "failedJobsHistoryLimit": 1},
        ),
        (
            "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies",
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "spec": {"podSelector": {}, "egress": [{}]},
            },
            {"policyTypes": ["Ingress", "Egress"]},
        ),
        (
            "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers",
            {
                "apiVersion": "autoscaling/v2",
                "kind": "HorizontalPodAutoscaler",
                "spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "web"}},
            },
            {"minReplicas": 1},
        ),
        (
            "/apis/apps/v1/namespaces/default/statefulsets",
            {
                "apiVersion": "apps/v1",
                "kind": "StatefulSet",
                "spec": {
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {
                        "metadata": {"labels": {"a": "b"}},
                        "spec": {"containers": [{"name": "c", "image": "x:1"}]},
                    },
                },
            },
            {
                "podManagementPolicy": "OrderedReady",
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            },
        ),
    ],
)
async def test_other_kinds_have_their_defaults(api: Any, path: str, body: Any, expected: Any) -> None:
    stored = await created(api, path, {**body, "metadata": {"name": "x"}})
    assert stored["spec"] | expected == stored["spec"]
    applied = await api.apply(f"{path}/x", {**body, "metadata": {"name": "x"}})
    assert applied.json["spec"] == stored["spec"]


async def test_every_namespace_is_furnished(api: Any) -> None:
    await created(api, "/api/v1/namespaces", {"metadata": {"name": "team"}})
    assert (await api.get("/api/v1/namespaces/team/serviceaccounts/default")).status == 200
    assert (await api.get("/api/v1/namespaces/team/configmaps/kube-root-ca.crt")).status == 200


async def test_what_a_default_fills_in_is_not_missing(api: Any) -> None:
    body = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "x"},
        "subjects": [{"kind": "User", "name": "me"}],
        "roleRef": {"kind": "Role", "name": "x"},
    }
    stored = await created(api, "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", body)
    assert stored["roleRef"]["apiGroup"] == stored["subjects"][0]["apiGroup"] == "rbac.authorization.k8s.io"
