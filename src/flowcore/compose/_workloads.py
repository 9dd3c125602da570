"""Which kind of workload a service becomes, and what follows from that."""

from __future__ import annotations

from collections.abc import Iterable

from flowcore.compose._images import is_stateful
from flowcore.compose._marks import Value
from flowcore.compose._scope import Scope
from flowcore.compose._storage import mounts_claims
from flowcore.compose._units import whole_number

_KINDS = ("deployment", "statefulset", "daemonset", "job")
_COMPLETED = "service_completed_successfully"


def restart_of(scope: Scope) -> str:
    """Return when a service is started again: that of ``restart``, else of ``deploy.restart_policy``, else empty."""
    if scope.get("restart"):
        return str(scope.get("restart"))
    deploy: Value = scope.get("deploy") or {}
    policy: Value = deploy.get("restart_policy") or {}
    words = {"none": "no", "on-failure": "on-failure", "any": "always"}
    word = words.get(str(policy.get("condition")), "")
    attempts = whole_number(policy.get("max_attempts"))
    return f"{word}:{attempts}" if word == "on-failure" and attempts else word


def awaited_to_end(services: Iterable[Value]) -> set[str]:
    """Return the names of the services that another one waits for until they have completed."""
    return {
        name
        for service in services
        for name, options in (service.get("depends_on") or {}).items()
        if options["condition"] == _COMPLETED
    }


def choose_kind(scope: Scope, awaited: set[str]) -> None:
    """Set the scope's kind: job, statefulset or deployment, and say why when it is not a deployment."""
    label = scope.label("kompose.controller.type").lower()
    if label:
        _labelled(scope, label)
    elif scope.name in awaited:
        _job(scope)
    elif _is_global(scope):
        scope.kind = "daemonset"
    elif not _has_other_mode(scope) and is_stateful(scope.get("image") or "") and mounts_claims(scope):
        scope.kind = "statefulset"
        scope.info(
            "kind",
            f"{scope.get('image')} keeps its data in a volume, so it is a stateful set",
            scope.place("image"),
            fix="set the label kompose.controller.type: deployment for a deployment",
        )


def _labelled(scope: Scope, label: str) -> None:
    if label in _KINDS:
        scope.kind = label
        return
    place = scope.place("labels", "kompose.controller.type", scope.get("labels"))
    scope.warn("kind", f"the label asks for a {label}, which is not offered yet; it is a deployment", place)


def _is_global(scope: Scope) -> bool:
    deploy: Value = scope.get("deploy") or {}
    if deploy.get("mode") != "global":
        return False
    scope.info(
        "kind",
        "with deploy.mode global it runs on every node, so it is a daemon set",
        scope.place("deploy", "mode", deploy),
    )
    return True


def _has_other_mode(scope: Scope) -> bool:
    deploy: Value = scope.get("deploy") or {}
    mode = deploy.get("mode") or "replicated"
    if mode != "replicated":
        scope.warn(
            "kind",
            f"deploy.mode {mode} has no counterpart yet; it is a deployment",
            scope.place("deploy", "mode", deploy),
            fix="set the number of replicas on the node",
        )
    return bool(mode != "replicated")


def _job(scope: Scope) -> None:
    scope.kind = "job"
    restart = restart_of(scope)
    if restart.startswith(("always", "unless")):
        scope.warn(
            "kind",
            f"another service waits until it has completed, but with restart: {restart} it never does; it is a job",
            scope.place("restart" if scope.get("restart") else "deploy"),
            fix="set restart to no or on-failure",
        )
        return
    scope.info("kind", "another service waits until it has completed, so it is a job", scope.place())


def draw_kind(scope: Scope) -> None:
    """Set what only this kind of workload has."""
    if scope.kind == "job":
        restart = restart_of(scope)
        name, _, count = restart.partition(":")
        if name == "on-failure":
            scope.data.update(restartPolicy="OnFailure", backoffLimit=whole_number(count or 6) or 6)
        else:
            scope.data.update(restartPolicy="Never", backoffLimit=0)
    elif scope.kind == "statefulset":
        scope.data["serviceName"] = scope.id
    elif scope.has_claim:
        # A rolling update would start the second pod while the first still holds the claim.
        scope.data["strategy"] = {"type": "Recreate"}
    replicas = scope.data.get("replicas", 1)
    if scope.has_claim and replicas > 1:
        scope.warn(
            "replicas",
            f"{replicas} replicas share one claim, which ReadWriteOnce allows on one node only",
            scope.place("deploy" if scope.get("deploy") else "scale"),
            fix="set accessModes to ReadWriteMany on the claim, or replicas to 1",
        )
