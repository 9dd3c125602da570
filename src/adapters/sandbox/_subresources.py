"""The parts of objects that have requests of their own: scale, eviction and tokens."""

from __future__ import annotations

from attrs import frozen

from adapters.sandbox._bodies import APPLY, Body, Options
from adapters.sandbox._http import Request, parse_body, parse_yaml
from adapters.sandbox._patching import merge_patched
from adapters.sandbox._routes import Target
from adapters.sandbox._scaling import rescaled, scale_of
from adapters.sandbox._status import Cause, Object, StatusError, success
from adapters.sandbox._workload_validation import selector_matches
from adapters.sandbox._writing import Writing, own_copy

_BUDGET = "Cannot evict pod as it would violate the pod's disruption budget."


@frozen
class Subresources:
    """Requests to `…/{name}/{subresource}` whose body is of another kind than the object."""

    writing: Writing

    def scale(self, target: Target) -> Object:
        """GET scale. Raises StatusError 404."""
        return scale_of(self.writing.current(target))

    def rescale(self, target: Target, request: Request, options: Options) -> Object:
        """PUT or PATCH scale: set the replicas of a workload. Raises StatusError 404, 409, 415 or 422."""
        current = self.writing.current(target)
        before = scale_of(current)
        if request.method == "PUT":
            scale = parse_body(request)
        elif request.content_type == APPLY:
            scale = merge_patched(before, parse_yaml(request.body))
        else:
            scale = self.writing.patched(target, before, request)
        new = own_copy(rescaled(current, scale))
        return scale_of(self.writing.updated(target, current, Body(new, []), options))

    def evict(self, target: Target, request: Request, options: Options) -> Object:
        """POST eviction: delete a pod unless a disruption budget forbids it (StatusError 429)."""
        pod = self.writing.current(target)
        body = parse_body(request)
        self._check_budget(pod)
        if not options.dry_run:
            grace = (body.get("deleteOptions") or {}).get("gracePeriodSeconds")
            self.writing.store.delete("v1", "Pod", target.namespace, target.name, grace_seconds=grace)
        return success({}) | {"code": 201}

    def _check_budget(self, pod: Object) -> None:
        labels = pod["metadata"].get("labels", {})
        for budget in self.writing.store.list("policy/v1", "PodDisruptionBudget", pod["metadata"]["namespace"]):
            if not selector_matches(budget["spec"].get("selector", {}), labels):
                continue
            if budget.get("status", {}).get("disruptionsAllowed", 0) < 1:
                name = budget["metadata"]["name"]
                cause = Cause("DisruptionBudget", f"The disruption budget {name} does not allow an eviction now")
                raise StatusError(429, "TooManyRequests", _BUDGET, {"causes": [cause.to_dict()]})

    def token(self, target: Target, request: Request) -> Object:
        """POST token of a service account: an answer of the right shape, with a token that opens nothing."""
        self.writing.current(target)
        spec = parse_body(request).get("spec") or {}
        return {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"name": target.name, "namespace": target.namespace},
            "spec": {"audiences": [], "expirationSeconds": 3600, **spec},
            "status": {"token": "sandbox.opens.nothing", "expirationTimestamp": self.writing.store.now()},
        }
