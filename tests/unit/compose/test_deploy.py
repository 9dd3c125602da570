"""``deploy.placement`` and ``deploy.update_config`` in the cluster's words."""

from __future__ import annotations

from typing import Any

import pytest

from flowcore.errors import Severity
from flowcore.library import render, validate
from tests.schemas import violations
from tests.unit.compose.looking import data, found, only, service


def test_constraints_choose_the_nodes() -> None:
    result = service("""
        deploy:
          placement:
            constraints: [node.labels.disk==ssd, "node.hostname != old", node.platform.arch == x86_64]
            preferences: [{spread: node.labels.zone}]
            max_replicas_per_node: 1
        """)
    web = data(result, "web")
    assert web["nodeSelector"] == {"disk": "ssd", "kubernetes.io/arch": "amd64"}
    affinity = web["affinity"]
    terms = affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert terms == [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "NotIn", "values": ["old"]}]}]
    assert affinity["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0]["topologyKey"].endswith(
        "hostname"
    )
    assert web["topologySpreadConstraints"][0]["topologyKey"] == "zone"
    assert "kubectl label node" in only(result, "placement").fix
    assert not [problem for manifest in render(result.workflow) for problem in violations(manifest)]


@pytest.mark.parametrize(
    "placement",
    [
        "constraints: [node.role == manager]",
        "constraints: [nonsense]",
        "constraints: ['node.labels.a == b c']",
        "preferences: [{spread: node.id}]",
        "max_replicas_per_node: 3",
        "odd: 1",
    ],
)
def test_a_placement_without_counterpart_is_told(placement: str) -> None:
    result = service(f"deploy: {{placement: {{{placement}}}}}")
    finding = only(result, "unsupported")
    assert finding.severity is Severity.WARNING
    assert finding.place.path == "services.web.deploy.placement"
    assert "nodeSelector" not in data(result, "web")


@pytest.mark.parametrize(
    ("update", "limits"),
    [
        ("parallelism: 2", {"maxUnavailable": 2, "maxSurge": 0}),
        ("order: start-first", {"maxSurge": 1, "maxUnavailable": 0}),
        ("parallelism: 0", {"maxUnavailable": "100%", "maxSurge": 0}),
    ],
)
def test_an_update_rolls_in_steps(update: str, limits: dict[str, Any]) -> None:
    result = service(f"deploy: {{update_config: {{{update}, delay: 10s, monitor: 5s}}}}")
    web = data(result, "web")
    assert web["strategy"] == {"type": "RollingUpdate", "rollingUpdate": limits}
    assert web["minReadySeconds"] == 10
    assert "monitor" in only(result, "left-out").message
    assert not [finding for finding in validate(result.workflow) if finding.is_error]


def test_a_daemon_set_has_the_limits_itself_and_a_claim_keeps_its_workload_recreated() -> None:
    daemons = service("deploy: {mode: global, update_config: {parallelism: 2}}")
    assert data(daemons, "web")["maxUnavailable"] == 2
    assert not [problem for manifest in render(daemons.workflow) for problem in violations(manifest)]
    claimed = service("volumes: ['d:/d']\ndeploy: {update_config: {order: start-first}}", more="volumes: {d: }")
    assert data(claimed, "web")["strategy"] == {"type": "Recreate"}
    assert "claim" in found(claimed, "left-out")[0].message
