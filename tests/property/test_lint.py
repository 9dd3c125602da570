"""Laws of judging: it never breaks, silencing and mending do what they say, and a mended drawing is no worse."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from flowcore.errors import Finding, errors_of
from flowcore.kinds import core_catalogue
from flowcore.lint import apply_fixes, lint_manifest, lint_manifests, review
from flowcore.model import Workflow
from tests.drawings import drawing, edge, node

CORE = core_catalogue()

CONTAINER: dict[str, Any] = {
    "name": "a",
    "image": "x",
    "env": [
        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
        {"name": "TOKEN", "value": "x"},
    ],
    "envFrom": [{"secretRef": {"name": "s"}}],
    "ports": [{"containerPort": 80, "name": "web"}],
    "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "500m"}},
    "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    "livenessProbe": {"httpGet": {"port": "web"}},
    "readinessProbe": {"httpGet": {"port": 80}},
    "lifecycle": {"preStop": {"httpGet": {"port": 1}}},
    "securityContext": {"capabilities": {"add": ["CHOWN"]}, "seLinuxOptions": {"type": "x"}, "runAsUser": 1},
}
OBJECTS: list[dict[str, Any]] = [
    {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "w", "annotations": {"flowcore.dev/ignore": "image-latest"}},
        "spec": {
            "replicas": 2,
            "serviceName": "s",
            "selector": {"matchLabels": {"app": "w"}},
            "volumeClaimTemplates": [{"metadata": {"name": "d"}}],
            "template": {
                "metadata": {"labels": {"app": "w"}},
                "spec": {
                    "containers": [CONTAINER],
                    "volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "s"}}]}}],
                    "securityContext": {"sysctls": [{"name": "x"}], "runAsUser": 0},
                },
            },
        },
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": {"selector": {"app": "w"}, "ports": [{"port": 80, "targetPort": "web"}], "externalIPs": ["1.2.3.4"]},
    },
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "i"},
        "spec": {
            "rules": [{"http": {"paths": [{"backend": {"service": {"name": "s", "port": {"number": 80}}}}]}}],
            "tls": [{"secretName": "t"}],
        },
    },
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "v"}},
    {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "h"},
        "spec": {"scaleTargetRef": {"kind": "StatefulSet", "name": "w"}, "minReplicas": 1},
    },
    {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "p"},
        "spec": {
            "minAvailable": 2,
            "selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["w"]}]},
        },
    },
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": [{"verbs": ["*"], "resources": ["*"]}]},
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return every path in a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in items for found in places(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a value with another one at a path."""
    if not path:
        return new
    changed = deepcopy(value)
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = new
    return changed


@given(st.data())
def test_nothing_that_can_stand_in_a_manifest_breaks_the_judgement(data: st.DataObject) -> None:
    objects: Any = OBJECTS
    for _ in range(data.draw(st.integers(1, 3))):
        objects = replaced(objects, data.draw(st.sampled_from(places(objects)[1:])), data.draw(json_values))
    for level in ("privileged", "baseline", "restricted"):
        lint_manifest(objects, level=level)
    for one in objects:
        lint_manifest(one)


@given(json_values)
def test_nothing_at_all_breaks_the_judgement(value: Any) -> None:
    lint_manifests([value])


SECURITY = st.fixed_dictionaries(
    {},
    optional={
        "privileged": st.booleans(),
        "allowPrivilegeEscalation": st.booleans(),
        "runAsNonRoot": st.booleans(),
        "runAsUser": st.sampled_from([0, 1, 20000]),
        "procMount": st.sampled_from(["Default", "Unmasked"]),
        "capabilities": st.fixed_dictionaries(
            {},
            optional={
                "add": st.lists(st.sampled_from(["CHOWN", "NET_ADMIN", "NET_BIND_SERVICE"]), max_size=3),
                "drop": st.lists(st.sampled_from(["ALL", "NET_RAW"]), max_size=2),
            },
        ),
        "seLinuxOptions": st.fixed_dictionaries({}, optional={"type": st.just("spc_t"), "user": st.just("root")}),
        "seccompProfile": st.sampled_from([{"type": "Unconfined"}, {"type": "RuntimeDefault"}]),
        "appArmorProfile": st.sampled_from([{"type": "Unconfined"}, {"type": "RuntimeDefault"}]),
    },
)
PROBE = st.fixed_dictionaries(
    {"httpGet": st.fixed_dictionaries({"port": st.sampled_from([80, 81])}, optional={"host": st.just("10.0.0.1")})}
)
SIDECAR = st.fixed_dictionaries(
    {"name": st.just("side"), "image": st.sampled_from(["y", "y:1"])},
    optional={
        "securityContext": SECURITY,
        "livenessProbe": PROBE,
        "env": st.lists(
            st.fixed_dictionaries({"name": st.sampled_from(["A", "B"]), "value": st.just("1")}), max_size=3
        ),
        "ports": st.just([{"containerPort": 81, "hostPort": 81}]),
    },
)
WORKLOAD = st.fixed_dictionaries(
    {"image": st.sampled_from(["x", "x:1"])},
    optional={
        "podSecurity": st.sampled_from(["none", "baseline", "restricted"]),
        "imagePullPolicy": st.sampled_from(["IfNotPresent", "Always"]),
        "labels": st.sampled_from([{"app": "other"}, {"app.kubernetes.io/name": "other", "a": "b"}]),
        "hostNetwork": st.booleans(),
        "hostPID": st.booleans(),
        "securityContext": SECURITY,
        "podSecurityContext": SECURITY.map(
            lambda found: {
                key: value
                for key, value in found.items()
                if key in ("runAsNonRoot", "runAsUser", "seccompProfile", "seLinuxOptions", "appArmorProfile")
            }
        ),
        "automountServiceAccountToken": st.booleans(),
        "livenessProbe": PROBE,
        "port": st.just(80),
        "ports": st.just([{"containerPort": 8080, "hostPort": 8080}, {"containerPort": 9090, "name": "x"}]),
        "resources": st.sampled_from(
            [{"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}, {"requests": {"memory": "1Gi"}}, {}]
        ),
        "sidecars": st.lists(SIDECAR, max_size=1),
        "overrides": st.sampled_from(
            [
                {"spec": {"template": {"spec": {"hostIPC": True}}}},
                {
                    "spec": {
                        "template": {"spec": {"containers": [{"name": "w", "securityContext": {"privileged": True}}]}}
                    }
                },
            ]
        ),
    },
)


@st.composite
def drawings(draw: st.DrawFn) -> Workflow:
    """Draw a workload with a service, a cron job and a config map."""
    type_ = draw(st.sampled_from(["deployment", "statefulset", "daemonset"]))
    extra = {"serviceName": "s"} if type_ == "statefulset" else {}
    service = {"port": 80, "targetApp": "", **draw(st.sampled_from([{}, {"nodePort": 30000}]))}
    tick = {"image": "t:1", "schedule": "0 * * * *", **draw(st.sampled_from([{}, {"concurrencyPolicy": "Allow"}]))}
    parts = [
        node("w", type_, **{**draw(WORKLOAD), **extra}),
        node("s", "service", **service),
        node("t", "cronjob", **tick),
        node("c", "configmap", data={"a": "1", **draw(st.sampled_from([{}, {"_new_1": ""}]))}),
    ]
    return drawing(*parts, edge("s", "w"), edge("c", "w"))


def keys(findings: list[Finding]) -> set[tuple[str, str, str]]:
    return {(one.rule, one.place.node, one.message) for one in findings}


@given(drawings(), st.sampled_from([None, "baseline", "restricted"]))
def test_mending_removes_the_findings_and_makes_no_new_errors(workflow: Workflow, level: str | None) -> None:
    before = review(workflow, CORE, pod_security=level)
    mendable = [one for one in before if one.edit is not None]
    mended = apply_fixes(workflow, mendable)
    after = review(mended, CORE, pod_security=level)
    assert keys(mendable) & keys(after) == set()
    assert keys(list(errors_of(after))) <= keys(list(errors_of(before)))
    assert [one for one in after if one.edit is not None and one.is_error] == []


@given(drawings())
def test_one_fix_at_a_time_leads_to_the_same_end(workflow: Workflow) -> None:
    for _ in range(30):
        mendable = [one for one in review(workflow, CORE, pod_security="restricted") if one.edit is not None]
        if not mendable:
            break
        fixed = apply_fixes(workflow, mendable[:1])
        assert fixed != workflow
        workflow = fixed
    assert [one for one in review(workflow, CORE, pod_security="restricted") if one.edit is not None] == []


@given(drawings())
def test_what_is_silenced_is_gone_and_nothing_else(workflow: Workflow) -> None:
    before = review(workflow, CORE)
    rules = sorted({one.rule for one in before if not one.is_error})
    after = review(workflow, CORE, ignore=rules)
    assert {one.rule for one in after} <= {one.rule for one in before if one.is_error} | {"silence-unused"}
    listed = evolve(
        workflow,
        nodes=tuple(evolve(one, data={**one.data, "ignoreRules": ["pss-* for a test"]}) for one in workflow.nodes),
    )
    unsilenced = [one for one in before if not one.rule.startswith("pss-")]
    left = [one for one in review(listed, CORE) if one.rule != "silence-unused"]
    assert keys(left) >= keys(unsilenced) - {key for key in keys(unsilenced) if key[0] == "host-access"}
    assert not any(one.rule.startswith("pss-") for one in left)


@given(drawings())
def test_reviewing_changes_nothing_and_always_says_the_same(workflow: Workflow) -> None:
    copy = deepcopy(workflow)
    assert review(workflow, CORE) == review(workflow, CORE)
    assert workflow == copy


@given(drawings(), st.sampled_from(["baseline", "restricted"]))
def test_a_drawing_and_its_manifests_are_judged_alike(workflow: Workflow, level: str) -> None:
    from flowcore.planning import plan

    findings = review(workflow, CORE, pod_security=level)
    planned = {one.rule for one in errors_of(findings) if not one.rule.startswith("pss-")}
    if planned:
        return
    manifests = [step.manifest for step in plan(workflow, CORE).steps]
    ours = {(one.rule, one.message) for one in findings if one.rule.startswith("pss-")}
    theirs = {
        (one.rule, one.message.partition(": ")[2] or one.message)
        for one in lint_manifest(manifests, level=level)
        if one.rule.startswith("pss-")
    }
    assert {rule for rule, _ in ours} == {rule for rule, _ in theirs}
