"""Services that share a network share a pod: one workload with several containers."""

from __future__ import annotations

import pytest

from flowcore.compose import Imported
from flowcore.errors import Severity
from flowcore.library import render, validate
from tests.schemas import violations
from tests.unit.compose.looking import data, edges, found, imported, kinds, only

_PAIR = """
services:
  vpn: {image: "gluetun:3", ports: ["8081:8080"], environment: {A: b}}
  torrent:
    image: "torrent:1"
    network_mode: "service:vpn"
    depends_on: {vpn: {condition: service_started}, db: {condition: service_started}}
    environment: {PASSWORD: hunter2, X: "y"}
    volumes: ["conf:/config", "/z"]
    configs: [app]
    healthcheck: {test: "true"}
    stop_grace_period: 30s
    labels: {note: x}
  db: {image: "postgres:16"}
  watcher: {image: "watch:1", depends_on: [torrent]}
volumes: {conf: }
configs: {app: {content: a}}
"""


def _containers(result: Imported, name: str) -> dict[str, dict[str, object]]:
    manifests = render(result.workflow, secret_values=result.secret_values)
    workload = next(m for m in manifests if m["kind"] == "Deployment" and m["metadata"]["name"] == name)
    return {container["name"]: container for container in workload["spec"]["template"]["spec"]["containers"]}


def test_two_services_on_one_network_are_two_containers_of_one_pod() -> None:
    result = imported(_PAIR)
    assert "torrent" not in kinds(result)
    containers = _containers(result, "vpn")
    assert list(containers) == ["vpn", "torrent"]
    torrent = containers["torrent"]
    assert torrent["image"] == "torrent:1"
    assert torrent["envFrom"] == [
        {"configMapRef": {"name": "torrent-config"}},
        {"secretRef": {"name": "torrent-secret"}},
    ]
    assert containers["vpn"]["envFrom"] == [{"configMapRef": {"name": "vpn-config"}}]
    assert "volumeMounts" not in containers["vpn"]
    assert "readinessProbe" in torrent
    assert only(result, "sidecar").severity is Severity.INFO


def test_the_guest_keeps_its_mounts_and_the_pod_has_their_volumes() -> None:
    result = imported(_PAIR)
    pod = next(m for m in render(result.workflow) if m["metadata"]["name"] == "vpn" and m["kind"] == "Deployment")
    volumes = {volume["name"]: volume for volume in pod["spec"]["template"]["spec"]["volumes"]}
    mounts = {mount["mountPath"]: mount["name"] for mount in data(result, "vpn")["sidecars"][0]["volumeMounts"]}
    assert volumes[mounts["/config"]]["persistentVolumeClaim"] == {"claimName": "conf"}
    assert volumes[mounts["/app"]]["configMap"] == {"name": "app"}
    assert volumes[mounts["/z"]]["emptyDir"] == {}


def test_what_depends_on_the_guest_depends_on_the_pod_and_the_pod_on_what_the_guest_needs() -> None:
    result = imported(_PAIR)
    assert edges(result, "watcher", "vpn") == [{"condition": "started"}]
    assert edges(result, "vpn", "db") == [{"condition": "started"}]
    assert not [edge for edge in result.workflow.edges if "torrent" in (edge.source, edge.target)]
    assert "start" in only(result, "dependency").message


def test_settings_of_the_pod_come_along() -> None:
    vpn = data(imported(_PAIR), "vpn")
    assert vpn["terminationGracePeriodSeconds"] == 30
    assert vpn["annotations"] == {"note": "x"}


def test_the_result_is_valid_and_says_nothing_of_unused_nodes() -> None:
    result = imported(_PAIR)
    assert not [problem for manifest in render(result.workflow) for problem in violations(manifest)]
    findings = validate(result.workflow)
    assert not [finding for finding in findings if finding.is_error]
    assert not [finding for finding in findings if finding.rule in ("config-unused", "silence-unused")]


def test_an_origin_of_a_guest_names_the_pod() -> None:
    origins = {origin.element.path: origin.nodes for origin in imported(_PAIR).origins}
    assert "vpn" in origins["services.torrent"]
    assert "torrent-secret" in origins["services.torrent"]


def test_a_group_of_kompose_is_one_pod_whose_names_all_resolve() -> None:
    result = imported("""
        services:
          web: {image: "nginx:1", ports: ["80:80"], labels: {kompose.service.group: side}}
          logs: {image: "busybox:1", expose: [9000], labels: {kompose.service.group: side}}
        """)
    assert list(_containers(result, "web")) == ["web", "logs"]
    assert data(result, "logs-service")["targetApp"] == "web"
    assert edges(result, "logs-service", "web") == [{}]


def test_a_chain_ends_in_one_pod() -> None:
    result = imported("""
        services:
          a: {image: "a:1", network_mode: "service:b"}
          b: {image: "b:1", network_mode: "service:c"}
          c: {image: "c:1", container_name: see}
          d: {image: "d:1", network_mode: "container:see"}
        """)
    assert set(_containers(result, "c")) == {"a", "b", "c", "d"}


@pytest.mark.parametrize(
    "body",
    [
        "a: {image: x, network_mode: 'service:b'}\n  b: {image: x, network_mode: 'service:a'}",
        "a: {image: x, network_mode: 'container:elsewhere'}",
        "a: {image: x, network_mode: 'service:b'}\n  b: {image: x, labels: {kompose.controller.type: job}}",
        "a: {image: x, network_mode: 'service:b', labels: {kompose.controller.type: job}}\n  b: {image: x}",
    ],
)
def test_what_cannot_share_a_pod_is_warned_about(body: str) -> None:
    result = imported(f"services:\n  {body}\n")
    finding = found(result, "network-mode")[0]
    assert finding.severity is Severity.WARNING
    assert finding.fix
    assert kinds(result).get("a", "part of b") in ("deployment", "job", "part of b")


def test_replicas_of_a_guest_that_differ_are_told() -> None:
    result = imported("services:\n  a: {image: x}\n  b: {image: x, network_mode: 'service:a', scale: 3}\n")
    assert any(finding.severity is Severity.WARNING for finding in found(result, "sidecar"))


def test_init_containers_get_names_that_no_other_container_of_the_pod_has() -> None:
    result = imported(
        "services:\n"
        "  web: {image: a, labels: {kompose.init.containers.name: web}}\n"
        "  log: {image: b, network_mode: 'service:web', labels: {kompose.init.containers.name: log}}\n"
        "  own: {image: c}\n"
        "  side: {image: d, network_mode: 'service:own', labels: {kompose.init.containers.name: own}}\n"
    )
    assert not [finding for finding in validate(result.workflow) if finding.is_error]
    named = {
        node.name: [each["name"] for each in node.data["initContainers"]]
        for node in result.workflow.nodes
        if node.data.get("initContainers")
    }
    assert named == {"web": ["web-2", "log-2"], "own": ["own-2"]}
    told = [finding.message for finding in result.findings if "init container" in finding.message]
    assert "web: the init container log is called log-2: another one has its name" in told
