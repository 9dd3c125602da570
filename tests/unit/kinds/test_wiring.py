"""What edges mean: computed, never stored, whatever nodes are called."""

from __future__ import annotations

from typing import Any

from flowcore.kinds import core_catalogue
from flowcore.model import Edge, Manifest, Node
from flowcore.planning import plan
from tests.drawings import drawing, edge, node

CORE = core_catalogue()


def pod(*parts: Node | Edge, of: str = "web") -> dict[str, Any]:
    manifest = manifests(*parts)[of]
    found: dict[str, Any] = manifest["spec"]["template"]["spec"]
    return found


def manifests(*parts: Node | Edge) -> dict[str, Manifest]:
    return {step.node_id: step.manifest for step in plan(drawing(*parts), CORE).steps}


def mounts(spec: dict[str, Any]) -> list[tuple[str, str]]:
    return [(mount["name"], mount["mountPath"]) for mount in spec["containers"][0]["volumeMounts"]]


def test_renaming_a_node_never_breaks_its_links() -> None:
    made = manifests(
        node("web", "deployment", name="renamed-web", port=1),
        node("svc", "service", name="renamed-svc", targetApp="old", port=None),
        node("ing", "ingress", name="i", paths=[{"id": "p", "serviceName": "old", "servicePort": 1}]),
        node("cfg", "configmap", name="renamed-cfg"),
        edge("svc", "web"),
        edge("ing", "svc", handle="p"),
        edge("cfg", "web"),
    )
    assert made["svc"]["spec"]["selector"] == {"app": "renamed-web"}
    backend = made["ing"]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert backend == {"name": "renamed-svc", "port": {"number": 1}}
    assert made["web"]["spec"]["template"]["spec"]["volumes"][0]["configMap"] == {"name": "renamed-cfg"}


def test_volume_names_differ_when_objects_of_different_kinds_share_a_name() -> None:
    spec = pod(
        node("web", "deployment"),
        node("c", "configmap", name="same"),
        node("s", "secret", name="same"),
        node("p", "persistentvolumeclaim", name="same"),
        edge("c", "web"),
        edge("s", "web"),
        edge("p", "web"),
    )
    assert mounts(spec) == [
        ("config-same", "/etc/config"),
        ("secret-same", "/etc/secrets"),
        ("claim-same", "/data/same"),
    ]


def test_volume_names_are_valid_and_differ_for_long_and_odd_names() -> None:
    long = "x" * 200
    spec = pod(
        node("web", "deployment"),
        node("a", "configmap", name=f"{long}.a"),
        node("b", "configmap", name=f"{long}.b"),
        edge("a", "web", mountPath="/a"),
        edge("b", "web", mountPath="/b"),
    )
    names = [volume["name"] for volume in spec["volumes"]]
    assert len(set(names)) == 2
    assert all(len(name) <= 63 and "." not in name for name in names)


def test_several_edges_of_one_source_make_one_volume_unless_they_choose_files() -> None:
    edges = [
        edge("c", "web", mountPath="/a", id_="1"),
        edge("c", "web", mountPath="/b", id_="2"),
        edge("c", "web", mountPath="/c", id_="3", items=[{"key": "k", "path": "k"}]),
    ]
    spec = pod(node("web", "deployment"), node("c", "configmap", name="c", data={"k": "1"}), *edges)
    assert mounts(spec) == [("config-c", "/a"), ("config-c", "/b"), ("config-c-2", "/c")]
    assert [volume["name"] for volume in spec["volumes"]] == ["config-c", "config-c-2"]


def test_the_same_edge_twice_counts_once() -> None:
    spec = pod(node("web", "deployment"), node("c", "configmap"), edge("c", "web"), edge("c", "web", id_="again"))
    assert len(spec["containers"][0]["volumeMounts"]) == 1


def test_a_mount_that_is_both_drawn_and_written_is_one() -> None:
    own = [{"type": "configMap", "name": "c", "mountPath": "/etc/config"}]
    assert mounts(pod(node("web", "deployment", volumeMounts=own), node("c", "configmap"), edge("c", "web"))) == [
        ("config-c", "/etc/config")
    ]


def test_copies_of_older_canvases_give_way_and_leave_their_path() -> None:
    copies = [
        {"type": "configMap", "name": "stale", "mountPath": "/chosen", "nodeId": "c"},
        {"type": "persistentVolumeClaim", "name": "stale", "mountPath": "/ignored", "nodeId": "p"},
    ]
    spec = pod(
        node("web", "deployment", volumeMounts=copies, _linkedConfigMaps=["c"]),
        node("c", "configmap"),
        node("p", "persistentvolumeclaim"),
        edge("c", "web"),
        edge("p", "web", mountPath="/said-by-the-edge"),
    )
    assert mounts(spec) == [("config-c", "/chosen"), ("claim-p", "/said-by-the-edge")]


def test_volumes_of_claim_templates_keep_their_names() -> None:
    spec = pod(
        node("db", "statefulset", volumeClaimTemplates=[{"name": "config-c", "storage": "1Gi"}]),
        node("c", "configmap"),
        edge("c", "db"),
        of="db",
    )
    assert mounts(spec) == [("config-c-2", "/etc/config"), ("config-c", "/data/config-c")]


def test_only_a_headless_service_governs_a_stateful_set() -> None:
    def governed_by(**data: Any) -> str:
        parts = [node("db", "statefulset", serviceName="own"), node("svc", "service", **data), edge("svc", "db")]
        found: str = manifests(*parts)["db"]["spec"]["serviceName"]
        return found

    assert governed_by(headless=True) == "svc"
    assert governed_by(headless=False) == "own"


def test_privileged_containers_keep_what_they_cannot_do_without() -> None:
    def security(**context: Any) -> Any:
        parts = node("web", "deployment", securityContext=context, podSecurity="baseline")
        return pod(parts)["containers"][0]["securityContext"]

    assert security() == {"allowPrivilegeEscalation": False}
    assert security(allowPrivilegeEscalation=True) == {"allowPrivilegeEscalation": True}
    assert security(privileged=True) == {"privileged": True}
    assert security(capabilities={"add": ["SYS_ADMIN"]}) == {"capabilities": {"add": ["SYS_ADMIN"]}}


def test_pods_are_restricted_unless_told_otherwise() -> None:
    def security(**data: Any) -> tuple[Any, Any]:
        spec = pod(node("web", "deployment", **data))
        return spec.get("securityContext"), spec["containers"][0].get("securityContext")

    seccomp = {"seccompProfile": {"type": "RuntimeDefault"}}
    locked = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert security() == ({"runAsNonRoot": True, **seccomp}, locked)
    assert security(podSecurity="baseline") == (seccomp, {"allowPrivilegeEscalation": False})
    assert security(podSecurity="none") == (None, None)
    root = {"runAsUser": 0}
    assert security(podSecurityContext=root) == ({**seccomp, **root}, locked)
    assert security(securityContext=root)[1] == {**locked, **root, "runAsNonRoot": False}
    asked = {"capabilities": {"add": ["NET_BIND_SERVICE"]}}
    assert security(securityContext=asked)[1]["capabilities"] == {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}
    assert security(securityContext={"capabilities": ["NET_RAW"]})[1]["capabilities"] == {
        "drop": ["ALL"],
        "add": ["NET_RAW"],
    }
    assert security(securityContext={"privileged": True}) == (seccomp, {"privileged": True})


def test_every_container_of_a_pod_is_restricted() -> None:
    extra = [{"name": "other", "image": "x"}]
    spec = pod(node("web", "deployment", sidecars=extra, initContainers=[{"name": "first", "image": "x"}]))
    dropped = [one["securityContext"]["capabilities"]["drop"] for one in [*spec["containers"], *spec["initContainers"]]]
    assert dropped == [["ALL"]] * 3


def test_pods_ask_for_a_little_unless_told_otherwise() -> None:
    def resources(**data: Any) -> Any:
        return pod(node("web", "deployment", **data))["containers"][0].get("resources")

    assert resources() == {"requests": {"cpu": "50m", "memory": "64Mi"}}
    assert resources(resources={"limits": {"cpu": 1}}) == {"limits": {"cpu": "1"}}
    assert resources(resources={}) == {}


def test_databases_get_no_password_less_mode() -> None:
    container = pod(node("web", "deployment", image="postgres:17"))["containers"][0]
    assert "env" not in container
