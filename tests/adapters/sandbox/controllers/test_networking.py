"""Services and their endpoints."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest

from adapters.sandbox._controllers._addresses import Pool
from tests.adapters.sandbox.controllers.lab import Lab


def service(lab: Lab, name: str = "web", **spec: Any) -> None:
    body = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}], **spec}
    lab.make("v1", "Service", name, body)


def ready_addresses(lab: Lab, name: str = "web") -> list[str]:
    return [
        entry["addresses"][0]
        for one in lab.all("EndpointSlice")
        if one["metadata"]["labels"].get("kubernetes.io/service-name") == name
        for entry in one["endpoints"]
        if entry["conditions"]["ready"]
    ]


def test_a_service_gets_an_address_of_its_own(lab: Lab) -> None:
    service(lab, "a")
    service(lab, "b")
    lab.wait()
    addresses = [lab.get("Service", name)["spec"]["clusterIP"] for name in "ab"]
    assert addresses == ["10.96.0.20", "10.96.0.21"]
    assert lab.get("Service", "a")["spec"]["clusterIPs"] == ["10.96.0.20"]


def test_a_headless_service_stays_without_an_address(lab: Lab) -> None:
    service(lab, clusterIP="None")
    lab.wait()
    assert lab.get("Service", "web")["spec"]["clusterIPs"] == ["None"]


def test_an_external_name_has_neither_address_nor_endpoints(lab: Lab) -> None:
    service(lab, type="ExternalName", externalName="example.org")
    lab.wait()
    assert "clusterIP" not in lab.get("Service", "web")["spec"]
    assert not ready_addresses(lab)


def test_a_node_port_is_given_or_kept(lab: Lab) -> None:
    service(lab, "a", type="NodePort")
    service(lab, "b", type="NodePort", ports=[{"port": 80, "nodePort": 30080}])
    lab.wait()
    assert 30000 <= lab.get("Service", "a")["spec"]["ports"][0]["nodePort"] <= 32767
    assert lab.get("Service", "b")["spec"]["ports"][0]["nodePort"] == 30080


def test_a_load_balancer_gets_its_address_after_a_while(lab: Lab) -> None:
    service(lab, type="LoadBalancer")
    lab.wait(0.2)
    assert lab.status("Service", "web") == {"loadBalancer": {}}
    lab.wait()
    assert lab.status("Service", "web") == {"loadBalancer": {"ingress": [{"ip": "198.18.0.2", "ipMode": "VIP"}]}}
    assert lab.reasons("Service", "web") == ["EnsuringLoadBalancer", "EnsuredLoadBalancer"]


def test_a_load_balancer_of_an_unknown_class_gets_no_address(lab: Lab) -> None:
    service(lab, type="LoadBalancer", loadBalancerClass="acme")
    lab.wait()
    assert lab.status("Service", "web") == {"loadBalancer": {}}


def test_a_load_balancer_that_becomes_internal_loses_address_and_node_port(lab: Lab) -> None:
    service(lab, type="LoadBalancer")
    lab.wait()
    lab.change("Service", "web", type="ClusterIP")
    lab.wait()
    assert lab.status("Service", "web") == {"loadBalancer": {}}
    assert "nodePort" not in lab.get("Service", "web")["spec"]["ports"][0]


def test_a_service_that_becomes_a_load_balancer_again_waits_again(lab: Lab) -> None:
    service(lab, type="LoadBalancer")
    lab.wait()
    lab.change("Service", "web", type="ClusterIP")
    lab.wait()
    lab.change("Service", "web", type="LoadBalancer")
    lab.wait(0.1)
    assert lab.status("Service", "web") == {"loadBalancer": {}}
    lab.wait()
    assert lab.status("Service", "web")["loadBalancer"]["ingress"]


def test_a_pool_gives_every_address_once_and_takes_it_back() -> None:
    pool = Pool(IPv4Network("10.0.0.0/29"))
    given = [pool.take(str(number)) for number in range(5)]
    assert len(set(given)) == 5
    assert pool.take("0") == given[0]
    with pytest.raises(ValueError, match="no address"):
        pool.take("late")
    pool.release("3")
    assert pool.take("late") == given[3]
    assert not pool.claim("other", given[0])


def test_the_address_of_a_deleted_service_is_free_again(lab: Lab) -> None:
    service(lab, "a", clusterIP="10.96.0.20")
    lab.wait()
    lab.delete("Service", "a")
    lab.wait()
    service(lab, "b", clusterIP="10.96.0.20")
    lab.wait()
    assert lab.get("Service", "b")["spec"]["clusterIP"] == "10.96.0.20"


def test_endpoints_follow_the_pods_that_are_ready(lab: Lab) -> None:
    service(lab)
    lab.deployment(replicas=2)
    lab.wait()
    assert len(ready_addresses(lab)) == 2
    (subset,) = lab.get("Endpoints", "web")["subsets"]
    assert len(subset["addresses"]) == 2
    assert subset["ports"] == [{"name": "", "port": 8080, "protocol": "TCP"}]
    lab.change("Deployment", "web", replicas=0)
    lab.wait()
    assert not ready_addresses(lab)
    assert "subsets" not in lab.get("Endpoints", "web")


def test_a_pod_that_is_not_ready_is_listed_and_gets_no_traffic(lab: Lab) -> None:
    service(lab)
    lab.deployment(annotation="not-ready", replicas=1)
    lab.wait()
    (endpoint,) = lab.all("EndpointSlice")[-1]["endpoints"]
    assert endpoint["conditions"] == {"ready": False, "serving": False, "terminating": False}
    assert list(lab.get("Endpoints", "web")["subsets"][0]) == ["notReadyAddresses", "ports"]


def test_not_ready_addresses_are_published_on_request(lab: Lab) -> None:
    service(lab, publishNotReadyAddresses=True)
    lab.deployment(annotation="not-ready", replicas=1)
    lab.wait()
    assert len(ready_addresses(lab)) == 1


def test_a_named_target_port_is_looked_up_in_the_pod(lab: Lab) -> None:
    service(lab, ports=[{"name": "web", "port": 80, "targetPort": "http"}])
    ports = [{"name": "http", "containerPort": 3000}]
    meta = {"labels": {"app": "web"}}
    spec = {"containers": [{"name": "m", "image": "i", "ports": ports}]}
    lab.make("v1", "Pod", "p", spec, metadata=meta)
    lab.wait()
    assert lab.get("Endpoints", "web")["subsets"][0]["ports"] == [{"name": "web", "port": 3000, "protocol": "TCP"}]


def test_a_pod_that_no_longer_fits_the_selector_leaves_the_service(lab: Lab) -> None:
    service(lab)
    lab.make("v1", "Pod", "p", {"containers": [{"name": "m", "image": "i"}]}, metadata={"labels": {"app": "web"}})
    lab.wait()
    assert len(ready_addresses(lab)) == 1
    pod = lab.get("Pod", "p")
    lab.store.update({**pod, "metadata": {**pod["metadata"], "labels": {}}})
    lab.wait()
    assert not ready_addresses(lab)


def test_a_leaving_pod_is_terminating_before_it_is_gone(lab: Lab) -> None:
    service(lab)
    lab.deployment(replicas=1)
    lab.wait()
    lab.history.clear()
    lab.delete("Pod", lab.names("Pod")[0])
    lab.wait()
    seen = [
        entry["conditions"]
        for change, obj in lab.history
        if obj["kind"] == "EndpointSlice" and change == "MODIFIED"
        for entry in obj["endpoints"]
    ]
    assert {"ready": False, "serving": True, "terminating": True} in seen


def test_the_endpoints_object_goes_with_its_service(lab: Lab) -> None:
    service(lab)
    lab.wait()
    assert not lab.gone("Endpoints", "web")
    lab.delete("Service", "web")
    lab.wait()
    assert lab.gone("Endpoints", "web")
