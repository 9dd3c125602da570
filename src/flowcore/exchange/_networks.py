"""Services, ingresses, scalers and policies: the wires that their selectors, backends and targets imply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from flowcore.exchange._drafts import Board, Draft, Wish
from flowcore.exchange._paths import at, mapping_at, mappings_at, text_at

#: Adds to a node's data what its wires do not say, and yields the wires.
Reading: TypeAlias = Callable[[Draft, Board, dict[str, Any]], Iterator[Wish]]


def _service(draft: Draft, board: Board, data: dict[str, Any]) -> Iterator[Wish]:
    ports = mappings_at(draft.object, "spec", "ports")
    if ports:
        data["ports"] = [{**port, "targetPort": port.get("targetPort", port.get("port"))} for port in ports]
    selector = mapping_at(draft.object, "spec", "selector")
    targets = [one for one in board.workloads(draft) if selector and selector.items() <= one.pod_labels.items()]
    linked = [one for one in targets if board.can_wire(draft, one)]
    if len(linked) == len(targets) == 1 and selector == {"app": targets[0].name}:
        data.pop("selector", None)  # The wire says it.
    for target in linked:
        yield Wish(source=draft.id, target=target.id)


def _ingress(draft: Draft, board: Board, data: dict[str, Any]) -> Iterator[Wish]:
    paths: list[dict[str, Any]] = []
    for rule in mappings_at(draft.object, "spec", "rules"):
        for entry in mappings_at(rule, "http", "paths"):
            service = mapping_at(entry, "backend", "service")
            if not service:
                continue  # The kind knows no other backends; overrides say them.
            port = mapping_at(service, "port")
            said = {
                "id": f"path-{len(paths) + 1}",
                "host": rule.get("host"),
                "path": entry.get("path"),
                "pathType": entry.get("pathType"),
                "servicePort": port.get("number", port.get("name")),
            }
            target = board.named(draft, "Service", text_at(service, "name"))
            if target is not None and board.can_wire(draft, target):
                yield Wish(source=draft.id, target=target.id, handle=str(said["id"]))
            else:
                said["serviceName"] = service.get("name")
            paths.append({key: value for key, value in said.items() if value is not None})
    if paths:
        data["paths"] = paths


def _scaler(draft: Draft, board: Board, data: dict[str, Any]) -> Iterator[Wish]:
    reference = mapping_at(draft.object, "spec", "scaleTargetRef")
    target = board.named(draft, text_at(reference, "kind"), text_at(reference, "name"))
    wishes = list(_between(draft, target, board)) if target is not None else []
    if wishes:
        for name in ("scaleTargetKind", "scaleTargetName", "scaleTargetApiVersion"):
            data.pop(name, None)  # The wire says it.
    yield from wishes


def _policy(draft: Draft, board: Board, data: dict[str, Any]) -> Iterator[Wish]:
    selector = mapping_at(draft.object, "spec", "podSelector")
    labels = mapping_at(selector, "matchLabels")
    for target in board.workloads(draft):
        if labels and len(selector) == 1 and labels.items() <= target.pod_labels.items():
            data.pop("podSelector", None)  # The wire says it.
            yield from _between(draft, target, board)
    for direction, way, name in (("ingress", "from", "ingressRules"), ("egress", "to", "egressRules")):
        rules = mappings_at(draft.object, "spec", direction)
        made = [_rule(rule, way, f"{direction}-{number}") for number, rule in enumerate(rules, start=1)]
        for rule in made:
            yield from _peers(draft, board, rule, way)
        if made:
            data[name] = made


def _rule(rule: Mapping[str, Any], way: str, id_: str) -> dict[str, Any]:
    """Return a rule as the node says it; without peers it has to say that it means everyone."""
    said = {key: rule[key] for key in (way, "ports") if key in rule}
    return {"id": id_, **said, **({} if rule.get(way) else {"allowAll": True})}


def _peers(draft: Draft, board: Board, rule: dict[str, Any], way: str) -> Iterator[Wish]:
    """Yield wires for the last peers of a rule as far as each is one workload; wires come after the rule's own."""
    own, wishes = list(rule.get(way, ())), []
    by_label = {one.name: one for one in board.workloads(draft)}
    while own and own[-1].keys() == {"podSelector"}:
        labels = mapping_at(own[-1], "podSelector", "matchLabels")
        target = by_label.get(str(labels.get("app")))
        if target is None or own[-1]["podSelector"] != {"matchLabels": {"app": target.name}}:
            break
        if not board.can_wire(draft, target):
            break
        wishes.append(Wish(source=draft.id, target=target.id, handle=rule["id"]))
        own.pop()
    if wishes:
        rule.pop(way)
        rule |= {way: own} if own else {}
    yield from reversed(wishes)


def _between(draft: Draft, other: Draft, board: Board) -> Iterator[Wish]:
    """Yield the wire between two nodes in the direction in which it means something."""
    for source, target in ((draft, other), (other, draft)):
        if board.can_wire(source, target):
            yield Wish(source=source.id, target=target.id, handle=board.handle(source, target))
            return


_READINGS: Final[Mapping[str, Reading]] = {
    "Service": _service,
    "Ingress": _ingress,
    "HorizontalPodAutoscaler": _scaler,
    "ScaledObject": _scaler,
    "NetworkPolicy": _policy,
}


def _workload(draft: Draft, board: Board, data: dict[str, Any]) -> Iterator[Wish]:
    """Yield the wire to the service account that the pods run as."""
    pod = at(draft.object, draft.pod_path) if draft.pod_path else {}
    account = board.named(draft, "ServiceAccount", text_at(pod, "serviceAccountName"))
    if account is not None and board.can_wire(draft, account):
        yield Wish(source=draft.id, target=account.id)


def custom_wishes(draft: Draft, board: Board) -> Iterator[Wish]:
    """Yield the wire from a custom resource to the definition of its kind, which has to be known first."""
    definition = board.definition(draft.found.ref)
    if definition is not None and board.can_wire(draft, definition):
        yield Wish(source=draft.id, target=definition.id, data={"condition": "healthy"})


def network_wishes(draft: Draft, board: Board, data: dict[str, Any]) -> list[Wish]:
    """Return the wires that start or end at an object of the network, and add to its data what they do not say."""
    reading = _READINGS.get(draft.found.ref.kind, _workload)
    return list(reading(draft, board, data))
