"""The labels of kompose: each that its guide documents is honoured, and what cannot be is told."""

from __future__ import annotations

from typing import Any

import pytest

from flowcore.compose._labels import HONOURED
from flowcore.errors import Severity
from flowcore.library import render
from tests.schemas import violations
from tests.unit.compose.looking import data, edges, found, imported, kinds, only, service

_READY = "kompose.service.healthcheck.readiness"
_LIVE = "kompose.service.healthcheck.liveness"
#: A good value for each label, and what else the service must say so that it has an effect.
_GOOD: dict[str, tuple[str, str]] = {
    "kompose.controller.expose.port": ("true", ""),
    "kompose.controller.port.expose": ("true", ""),
    "kompose.controller.type": ("daemonset", ""),
    "kompose.cronjob.backoff_limit": ("3", "kompose.cronjob.schedule: '0 3 * * *'"),
    "kompose.cronjob.concurrency_policy": ("Forbid", "kompose.cronjob.schedule: '0 3 * * *'"),
    "kompose.cronjob.schedule": ("*/5 * * * *", ""),
    "kompose.hpa.cpu": ("50%", ""),
    "kompose.hpa.memory": ("200Mi", ""),
    "kompose.hpa.replicas.max": ("10", ""),
    "kompose.hpa.replicas.min": ("2", "kompose.hpa.cpu: 80"),
    "kompose.image-pull-policy": ("Always", ""),
    "kompose.image-pull-secret": ("key", ""),
    "kompose.init.containers.command": ('["printenv"]', ""),
    "kompose.init.containers.image": ("busybox", ""),
    "kompose.init.containers.name": ("first", ""),
    "kompose.security-context.fsgroup": ("2000", ""),
    "kompose.serviceaccount-name": ("me", ""),
    "kompose.service.expose": ("shop.example.com", ""),
    "kompose.service.expose.ingress-class-name": ("nginx", "kompose.service.expose: 'true'"),
    "kompose.service.expose.tls-secret": ("cert", "kompose.service.expose: 'true'"),
    "kompose.service.external-traffic-policy": ("local", ""),
    "kompose.service.group": ("pair", ""),
    "kompose.service.nodeport.port": ("30080", ""),
    "kompose.service.type": ("nodeport", ""),
    "kompose.volume.selector": ("fast", ""),
    "kompose.volume.size": ("3Gi", ""),
    "kompose.volume.storage-class-name": ("ssd", ""),
    "kompose.volume.sub-path": ("/inner", ""),
    "kompose.volume.subpath": ("inner", ""),
    "kompose.volume.type": ("emptyDir", ""),
    f"{_LIVE}.http_get_path": ("/health", f"{_LIVE}.http_get_port: 80"),
    f"{_LIVE}.http_get_port": ("80", ""),
    f"{_LIVE}.tcp_port": ("80", ""),
    f"{_READY}.disable": ("true", ""),
    f"{_READY}.http_get_path": ("/ready", f"{_READY}.http_get_port: 80"),
    f"{_READY}.http_get_port": ("80", ""),
    f"{_READY}.interval": ("7s", ""),
    f"{_READY}.retries": ("9", ""),
    f"{_READY}.start_period": ("20s", ""),
    f"{_READY}.tcp_port": ("80", ""),
    f"{_READY}.test": ('["CMD", "true"]', ""),
    f"{_READY}.timeout": ("4s", ""),
}


def _labelled(*labels: str) -> Any:
    lines = "\n".join(f"      {label}" for label in labels if label)
    return imported(f"""
services:
  first: {{image: nginx, labels: {{kompose.service.group: pair}}}}
  web:
    image: nginx
    ports: ["80:80"]
    volumes: ["data:/d"]
    healthcheck: {{test: "x"}}
    labels:
      other: x
{lines}
volumes: {{data: }}
""")


def test_every_honoured_label_is_tried_here() -> None:
    assert set(_GOOD) == HONOURED


@pytest.mark.parametrize("label", sorted(_GOOD))
def test_a_label_changes_the_drawing_into_one_that_the_api_takes(label: str) -> None:
    value, more = _GOOD[label]
    result = _labelled(f"{label}: '{value}'", more)
    assert result.workflow != _labelled(more).workflow
    assert not [finding for finding in found(result, "label") if finding.severity is Severity.WARNING]
    assert not [problem for manifest in render(result.workflow) for problem in violations(manifest)]


@pytest.mark.parametrize(
    "label",
    sorted(
        set(_GOOD)
        - {"kompose.image-pull-secret", "kompose.serviceaccount-name", "kompose.service.group"}
        - {name for name in _GOOD if name.startswith("kompose.init.") and not name.endswith("command")}
        - {name for name in _GOOD if name.endswith(("ingress-class-name", "tls-secret", "http_get_path", "selector"))}
        - {f"{_READY}.test", "kompose.volume.storage-class-name", "kompose.volume.sub-path", "kompose.volume.subpath"}
    ),
)
def test_a_value_that_means_nothing_is_told(label: str) -> None:
    more = _GOOD[label][1]
    wrong = "[x" if label.endswith("command") else "x: @!"
    result = _labelled(f"{label}: '{wrong}'", more)
    assert [
        finding
        for rule in ("label", "kind", "pull-policy")
        for finding in found(result, rule)
        if label in finding.message or "x: @!" in finding.message
    ]


@pytest.mark.parametrize("label", ["kompose.service.suffix-lb", "kompose.made.up"])
def test_a_label_that_is_not_honoured_is_told_with_its_reason(label: str) -> None:
    finding = only(service(f"labels: {{{label}: x}}"), "label")
    assert finding.place.path == f"services.web.labels.{label}"
    assert finding.why
    assert finding.fix


def test_an_autoscaler_is_drawn_and_scales_the_workload() -> None:
    labels = (
        "{kompose.hpa.cpu: '50%', kompose.hpa.memory: 200Mi, kompose.hpa.replicas.min: 2, kompose.hpa.replicas.max: 5}"
    )
    result = service(f"labels: {labels}")
    scaler = data(result, "web-hpa")
    assert (scaler["minReplicas"], scaler["maxReplicas"], scaler["targetCPUUtilization"]) == (2, 5, 50)
    assert scaler["metrics"][0]["resource"]["target"] == {"type": "AverageValue", "averageValue": "200Mi"}
    assert edges(result, "web-hpa", "web") == [{}]


def test_more_pods_at_least_than_at_most_are_corrected() -> None:
    result = service("labels: {kompose.hpa.replicas.min: 4, kompose.hpa.replicas.max: 2, kompose.hpa.memory: 70}")
    assert data(result, "web-hpa")["maxReplicas"] == 4
    assert data(result, "web-hpa")["targetMemoryUtilization"] == 70
    assert only(result, "scaling").severity is Severity.WARNING


def test_a_daemon_set_is_not_scaled() -> None:
    result = service("labels: {kompose.hpa.cpu: 50}\ndeploy: {mode: global}")
    assert "web-hpa" not in kinds(result)
    assert "not scaled" in only(result, "label").message


def test_an_ingress_has_every_host_with_its_path_class_and_certificate() -> None:
    result = service("""
        ports: ["80:80"]
        labels:
          kompose.service.expose: "shop.example.com/a, true"
          kompose.service.expose.tls-secret: cert
          kompose.service.expose.ingress-class-name: nginx
        """)
    ingress = data(result, "web-ingress")
    assert [(path["host"], path["path"]) for path in ingress["paths"]] == [
        ("shop.example.com", "/a"),
        ("web.app.localhost", "/"),
    ]
    assert (ingress["tlsSecretName"], ingress["ingressClassName"]) == ("cert", "nginx")
    assert len(edges(result, "web-ingress", "web-service")) == 2


def test_a_label_can_keep_a_service_from_having_an_ingress() -> None:
    result = service("ports: ['80:80']\nlabels: {kompose.service.expose: 'false'}")
    assert "web-ingress" not in kinds(result)
    assert data(result, "web-service")["serviceType"] == "LoadBalancer"


def test_probes_of_labels_win_over_the_healthcheck() -> None:
    result = service(f"""
        healthcheck: {{test: x, interval: 3s}}
        labels:
          {_LIVE}.http_get_port: 80
          {_LIVE}.http_get_path: /health
          {_READY}.tcp_port: 81
          {_READY}.interval: 7s
        """)
    web = data(result, "web")
    assert web["livenessProbe"]["httpGet"] == {"path": "/health", "port": 80}
    assert web["livenessProbe"]["periodSeconds"] == 3
    assert web["startupProbe"]["httpGet"]["port"] == 80
    assert web["readinessProbe"]["tcpSocket"] == {"port": 81}
    assert web["readinessProbe"]["periodSeconds"] == 7
    assert not [name for name in ("livenessProbe", "readinessProbe") if "exec" in web[name]]


def test_probes_of_labels_need_no_healthcheck_but_a_test() -> None:
    web = data(service(f'labels: {{{_READY}.test: \'["CMD-SHELL", "echo $$HOME"]\'}}'), "web")
    assert web["readinessProbe"] == {"exec": {"command": ["/bin/sh", "-c", "echo $HOME"]}}
    lonely = service(f"labels: {{{_READY}.interval: 5s}}")
    assert "readinessProbe" not in data(lonely, "web")
    assert "nothing says what it tests" in only(lonely, "label").message


def test_a_claim_takes_its_size_and_class_from_its_own_labels_before_those_of_a_service() -> None:
    result = imported("""
        services:
          web: {image: nginx, volumes: ["data:/d"], labels: {kompose.volume.size: 1Gi, kompose.volume.selector: fast}}
        volumes: {data: {labels: {kompose.volume.size: 5Gi, kompose.volume.storage-class-name: ssd}}}
        """)
    claim = data(result, "data")
    assert (claim["storage"], claim["storageClassName"]) == ("5Gi", "ssd")
    assert claim["selector"] == {"matchLabels": {"io.kompose.service": "fast"}}


def test_scratch_space_in_the_place_of_a_claim_is_warned_about() -> None:
    result = service("volumes: ['data:/d']\nlabels: {kompose.volume.type: emptyDir}", more="volumes: {data: }")
    assert "data" not in kinds(result)
    assert data(result, "web")["volumeMounts"][0]["type"] == "emptyDir"
    assert only(result, "volume-scratch").severity is Severity.WARNING


@pytest.mark.parametrize(
    ("word", "kind"), [("hostPath", "hostPath"), ("persistentVolumeClaim", ""), ("emptyDir", "emptyDir")]
)
def test_a_label_decides_what_replaces_a_folder_of_the_host(word: str, kind: str) -> None:
    result = service(f"volumes: ['/srv/x:/x']\nlabels: {{kompose.volume.type: {word}}}", binds="refuse")
    mounts = data(result, "web").get("volumeMounts", [])
    assert [mount["type"] for mount in mounts] == ([kind] if kind else [])
    assert ("persistentvolumeclaim" in kinds(result).values()) is not bool(kind)


def test_a_host_port_is_opened_for_published_ports_only() -> None:
    result = service("ports: ['8080:80']\nexpose: [81]\nlabels: {kompose.controller.port.expose: 'true'}")
    assert [port.get("hostPort") for port in data(result, "web")["ports"]] == [8080, None]


def test_a_secret_in_a_label_is_warned_about() -> None:
    result = service("labels: {kompose.init.containers.command: 'mysql --password hunter2'}")
    assert only(result, "hook-secret").severity is Severity.WARNING
    assert "hunter2" not in str(result.findings)


def test_a_command_that_is_wrong_is_not_repeated() -> None:
    result = service('labels: {kompose.init.containers.command: \'["mysql", "--password=hunter2"\'}')
    assert "hunter2" not in only(result, "label").message
    assert "hunter2" not in repr(result)
