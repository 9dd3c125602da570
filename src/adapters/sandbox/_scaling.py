"""The scale subresource: replicas of a workload seen and set through autoscaling/v1 Scale."""

from __future__ import annotations

from typing import Any

from adapters.sandbox._status import Cause, Object, bad_request, invalid


def scale_of(obj: Object) -> Object:
    """The Scale of a workload."""
    metadata = {
        name: obj["metadata"][name]
        for name in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if name in obj["metadata"]
    }
    status: Object = {"replicas": obj.get("status", {}).get("replicas", 0)}
    text = selector_text(obj.get("spec", {}).get("selector"))
    if text:
        status["selector"] = text
    replicas = obj.get("spec", {}).get("replicas", 0)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def selector_text(selector: Any) -> str:
    """A label selector as the text that list requests take."""
    if not isinstance(selector, dict):
        return ""
    labels = selector.get("matchLabels", selector if "matchExpressions" not in selector else {})
    parts = [f"{name}={value}" for name, value in sorted(labels.items()) if isinstance(value, str)]
    for rule in selector.get("matchExpressions", ()):
        key, values = rule.get("key"), ",".join(sorted(rule.get("values", ())))
        forms = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "DoesNotExist": f"!{key}"}
        parts.append(forms.get(rule.get("operator"), str(key)))
    return ",".join(parts)


def rescaled(obj: Object, scale: Object) -> Object:
    """The workload with the replicas of a Scale. Raises StatusError 400 or 422."""
    if scale.get("kind", "Scale") != "Scale":
        raise bad_request(f"expected a Scale, got {scale.get('kind')}")
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool) or replicas < 0:
        text = f"Invalid value: {replicas}: must be greater than or equal to 0"
        cause = Cause("FieldValueInvalid", text, "spec.replicas")
        raise invalid("Scale", "autoscaling", obj["metadata"]["name"], [cause])
    metadata = dict(obj["metadata"])
    given = (scale.get("metadata") or {}).get("resourceVersion")
    if given:
        metadata["resourceVersion"] = given
    return {**obj, "metadata": metadata, "spec": {**obj.get("spec", {}), "replicas": replicas}}
