"""Networks of the file as network policies: who shares one may talk, the others may not."""

from __future__ import annotations

from typing import Any

from flowcore.compose import Imported
from flowcore.errors import Severity
from flowcore.library import render, validate
from tests.schemas import violations
from tests.unit.compose.looking import found, imported, kinds, only

_SHOP = """
services:
  web: {image: "nginx:1", ports: ["80:8080"], networks: [front, back]}
  api: {image: "api:1", networks: [front]}
  db: {image: "postgres:16", networks: [back], ports: ["127.0.0.1:5432:5432"]}
  lone: {image: "lone:1"}
networks: {front: , back: {internal: true}}
"""


def _policies(result: Imported) -> dict[str, dict[str, Any]]:
    manifests = render(result.workflow, secret_values=result.secret_values)
    return {m["metadata"]["name"]: m["spec"] for m in manifests if m["kind"] == "NetworkPolicy"}


def _apps(selectors: list[dict[str, Any]]) -> set[str]:
    return {entry["podSelector"]["matchLabels"]["app"] for entry in selectors if "podSelector" in entry}


def test_networks_are_told_and_left_out_unless_policies_are_asked_for() -> None:
    assert "networkpolicy" not in kinds(imported(_SHOP)).values()


def test_the_members_of_a_network_may_talk_to_each_other() -> None:
    policies = _policies(imported(_SHOP, networks="policies"))
    front = policies["front-network"]
    assert front["podSelector"]["matchExpressions"][0]["values"] == ["web", "api"]
    assert front["policyTypes"] == ["Ingress"]
    assert _apps(front["ingress"][0]["from"]) == {"web", "api"}
    assert _apps(policies["back-network"]["ingress"][0]["from"]) == {"web", "db"}


def test_a_service_without_networks_is_on_the_default_one() -> None:
    policies = _policies(imported(_SHOP, networks="policies"))
    assert policies["default-network"]["podSelector"] == {"matchLabels": {"app": "lone"}}


def test_an_internal_network_keeps_those_inside_that_have_no_other_one() -> None:
    egress = _policies(imported(_SHOP, networks="policies"))["back-egress"]
    assert egress["podSelector"] == {"matchLabels": {"app": "db"}}
    assert egress["policyTypes"] == ["Egress"]
    assert _apps(egress["egress"][0]["to"]) == {"web", "db"}


def test_names_still_resolve_inside_an_internal_network() -> None:
    dns = _policies(imported(_SHOP, networks="policies"))["back-egress"]["egress"][1]
    assert dns["ports"] == [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
    assert dns["to"][0]["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "kube-system"}


def test_published_ports_stay_reachable_from_outside_and_local_ones_do_not() -> None:
    policies = _policies(imported(_SHOP, networks="policies"))
    assert policies["web-from-outside"]["ingress"] == [{"ports": [{"protocol": "TCP", "port": 8080}]}]
    assert "db-from-outside" not in policies
    assert "web-from-outside" not in _policies(imported(_SHOP, networks="policies", expose="clusterip"))


def test_a_service_with_no_network_is_alone() -> None:
    result = imported("services: {a: {image: 'a:1', network_mode: none}}\n", networks="policies")
    assert _policies(result)["a-no-network"]["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & set(_policies(result)["a-no-network"])


def test_the_network_of_the_host_is_beyond_policies() -> None:
    result = imported("services: {a: {image: 'a:1', network_mode: host, ports: ['80:80']}}\n", networks="policies")
    assert not _policies(result)
    assert only(result, "network-policy").severity is Severity.WARNING


def test_containers_of_one_pod_are_one_member() -> None:
    result = imported(
        "services: {a: {image: 'a:1'}, b: {image: 'b:1', network_mode: 'service:a'}, c: {image: 'c:1'}}\n",
        networks="policies",
    )
    values = _policies(result)["default-network"]["podSelector"]["matchExpressions"][0]["values"]
    assert values == ["a", "c"]


def test_the_drawing_is_valid_and_every_network_is_told() -> None:
    text = _SHOP.replace("front: ,", "front: {external: true}, spare: {driver: overlay},")
    result = imported(text, networks="policies")
    assert not [finding for finding in validate(result.workflow) if finding.is_error]
    assert not [problem for manifest in render(result.workflow) for problem in violations(manifest)]
    told = {finding.place.path for finding in result.findings}
    assert {"networks.front", "networks.back", "networks.spare", "networks.spare.driver"} <= told
    assert [finding for finding in found(result, "network") if finding.severity is Severity.WARNING]
