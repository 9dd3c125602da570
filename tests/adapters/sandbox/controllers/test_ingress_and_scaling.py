"""Ingresses and autoscalers."""

from __future__ import annotations

from typing import Any

from tests.adapters.sandbox.controllers.lab import Lab, workload


def ingress(lab: Lab, **spec: Any) -> None:
    rule = {"host": "example.org", "http": {"paths": []}}
    lab.make("networking.k8s.io/v1", "Ingress", "site", {"rules": [rule], **spec})


def scaler(lab: Lab, name: str = "web", *, minimum: int = 1, maximum: int = 5, metric: str = "cpu") -> None:
    target = {"type": "Utilization", "averageUtilization": 80}
    body = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": minimum,
        "maxReplicas": maximum,
        "metrics": [{"type": "Resource", "resource": {"name": metric, "target": target}}],
    }
    lab.make("autoscaling/v2", "HorizontalPodAutoscaler", "web", body)


def busy(lab: Lab, replicas: int) -> None:
    body = workload("web", replicas=replicas)
    body["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "100m"}}
    lab.make("apps/v1", "Deployment", "web", body)


def test_an_ingress_of_a_known_class_gets_an_address_after_a_while(lab: Lab) -> None:
    ingress(lab, ingressClassName="nginx")
    lab.wait(0.1)
    assert lab.status("Ingress", "site") == {"loadBalancer": {}}
    lab.wait()
    assert lab.status("Ingress", "site") == {"loadBalancer": {"ingress": [{"ip": "198.19.0.10"}]}}


def test_an_ingress_without_a_class_gets_the_default_class(lab: Lab) -> None:
    ingress(lab)
    lab.wait()
    assert lab.get("Ingress", "site")["spec"]["ingressClassName"] == "nginx"
    assert lab.status("Ingress", "site")["loadBalancer"]["ingress"]


def test_an_ingress_of_an_unknown_class_gets_no_address_and_says_why(lab: Lab) -> None:
    ingress(lab, ingressClassName="traefik")
    lab.wait()
    assert lab.status("Ingress", "site") == {"loadBalancer": {}}
    (event,) = lab.events("Ingress")
    assert event["message"] == 'ingressclass.networking.k8s.io "traefik" not found'


def test_an_ingress_gets_its_address_when_its_class_appears(lab: Lab) -> None:
    ingress(lab, ingressClassName="edge")
    lab.wait()
    lab.make("networking.k8s.io/v1", "IngressClass", "edge", {"controller": "k8s.io/ingress-nginx"})
    lab.wait()
    assert lab.status("Ingress", "site")["loadBalancer"]["ingress"]


def test_a_class_whose_controller_does_not_run_gives_no_address(lab: Lab) -> None:
    lab.make("networking.k8s.io/v1", "IngressClass", "edge", {"controller": "acme.io/edge"})
    ingress(lab, ingressClassName="edge")
    lab.wait()
    assert lab.status("Ingress", "site") == {"loadBalancer": {}}


def test_an_autoscaler_reports_a_load_below_its_target(lab: Lab) -> None:
    busy(lab, 2)
    scaler(lab)
    lab.wait()
    status = lab.status("HorizontalPodAutoscaler", "web")
    assert (status["currentReplicas"], status["desiredReplicas"]) == (2, 2)
    assert 70 <= status["currentMetrics"][0]["resource"]["current"]["averageUtilization"] <= 80
    assert lab.conditions("HorizontalPodAutoscaler", "web") == {
        "AbleToScale": ("True", "ReadyForNewScale"),
        "ScalingActive": ("True", "ValidMetricFound"),
        "ScalingLimited": ("False", "DesiredWithinRange"),
    }


def test_an_autoscaler_brings_its_target_within_the_limits(lab: Lab) -> None:
    busy(lab, 1)
    scaler(lab, minimum=3)
    lab.wait(5)
    assert lab.get("Deployment", "web")["spec"]["replicas"] == 3
    assert lab.status("HorizontalPodAutoscaler", "web")["currentReplicas"] == 3
    assert "SuccessfulRescale" in lab.reasons("HorizontalPodAutoscaler")


def test_an_autoscaler_needs_requests_to_tell_a_load(lab: Lab) -> None:
    lab.deployment()
    scaler(lab)
    lab.wait()
    assert lab.conditions("HorizontalPodAutoscaler", "web")["ScalingActive"] == ("False", "FailedGetResourceMetric")


def test_an_autoscaler_without_a_target_cannot_scale(lab: Lab) -> None:
    scaler(lab, "nothing")
    lab.wait()
    assert lab.conditions("HorizontalPodAutoscaler", "web") == {"AbleToScale": ("False", "FailedGetScale")}


def budget(lab: Lab, **spec: Any) -> dict[str, int]:
    lab.make("policy/v1", "PodDisruptionBudget", "web", {"selector": {"matchLabels": {"app": "web"}}, **spec})
    lab.wait()
    found = lab.store.get("policy/v1", "PodDisruptionBudget", "default", "web")
    assert found is not None
    status: dict[str, int] = found["status"]
    return status


def test_a_disruption_budget_tells_how_many_pods_may_go(lab: Lab) -> None:
    lab.deployment(replicas=3)
    status = budget(lab, minAvailable=2)
    assert (status["expectedPods"], status["currentHealthy"], status["disruptionsAllowed"]) == (3, 3, 1)


def test_a_disruption_budget_in_percent_rounds_up(lab: Lab) -> None:
    lab.deployment(replicas=3)
    assert budget(lab, maxUnavailable="34%")["disruptionsAllowed"] == 2


def test_a_disruption_budget_allows_nothing_while_pods_are_unwell(lab: Lab) -> None:
    lab.deployment(annotation="not-ready")
    assert budget(lab, minAvailable=1)["disruptionsAllowed"] == 0
