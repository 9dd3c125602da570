"""The objects that are judged together, and how they refer to each other by selectors and names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from attrs import define, field, frozen

from flowcore.lint._needs import references
from flowcore.lint._pod_security import Level
from flowcore.lint._pods import Pod, is_builtin, pod_of
from flowcore.lint._rule import at, mapping, mappings


@define(eq=False, slots=False)
class Subject:
    """One object, with the pod that it makes.

    Attributes:
        obj: the manifest.
        pod: the pod; None when it makes none.
    """

    obj: Mapping[str, Any]
    pod: Pod | None = field(init=False)

    @pod.default
    def _find_pod(self) -> Pod | None:
        return pod_of(self.obj)

    @cached_property
    def kind(self) -> str:
        """The kind of the object; empty for a kind that is not Kubernetes' own."""
        kind = str(self.obj.get("kind", ""))
        return kind if is_builtin(self.obj) else ""

    @cached_property
    def name(self) -> str:
        """The name of the object."""
        return str(at(self.obj, "metadata", "name") or "")

    @cached_property
    def namespace(self) -> str:
        """The namespace that the object names; empty when it leaves that open."""
        return str(at(self.obj, "metadata", "namespace") or "")

    @cached_property
    def spec(self) -> Mapping[str, Any]:
        """What the object asks for."""
        return mapping(self.obj.get("spec"))

    @cached_property
    def labels(self) -> Mapping[str, Any]:
        """The labels of its pods."""
        return mapping(self.pod.metadata.get("labels")) if self.pod else {}

    @property
    def title(self) -> str:
        """How people call it."""
        return f"{self.obj.get('kind', 'object')} {self.name}"


@frozen(eq=False)
class Selector:
    """A label selector of an object that means pods in the object's own namespace."""

    owner: Subject
    labels: Mapping[str, Any]
    expressions: tuple[Mapping[str, Any], ...] = ()

    def takes(self, subject: Subject) -> bool:
        """Say whether the pods of a subject are meant."""
        if subject.pod is None or subject.namespace != self.owner.namespace:
            return False
        labels = subject.labels
        return all(labels.get(key) == value for key, value in self.labels.items()) and all(
            _fits(labels, expression) for expression in self.expressions
        )


def _fits(labels: Mapping[str, Any], expression: Mapping[str, Any]) -> bool:
    key, values = str(expression.get("key")), expression.get("values") or ()
    present = key in labels
    listed = present and isinstance(values, (list, tuple)) and labels[key] in values
    verdicts = {"In": listed, "NotIn": not listed, "Exists": present, "DoesNotExist": not present}
    return verdicts.get(str(expression.get("operator")), False)


def selector_of(owner: Subject, selector: Any) -> Selector:
    """Return a selector in the API's words; an empty one takes every pod."""
    found = mapping(selector)
    expressions = tuple(expression for _, expression in mappings(found.get("matchExpressions")))
    return Selector(owner, mapping(found.get("matchLabels")), expressions)


@define(eq=False, slots=False)
class Bundle:
    """The objects that are judged together.

    Attributes:
        subjects: the objects.
        level: the Pod Security level that pods must satisfy.
        is_whole: whether the objects belong together, so that it matters what is not among them.
    """

    subjects: tuple[Subject, ...]
    level: Level
    is_whole: bool

    @cached_property
    def _by_kind(self) -> Mapping[str, list[Subject]]:
        found: dict[str, list[Subject]] = {}
        for subject in self.subjects:
            found.setdefault(subject.kind, []).append(subject)
        return found

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str, str], Subject]:
        return {(one.kind, one.namespace, one.name): one for one in reversed(self.subjects)}

    @cached_property
    def _by_label(self) -> Mapping[tuple[str, Any], list[Subject]]:
        found: dict[tuple[str, Any], list[Subject]] = {}
        for subject in self.workloads:
            for key, value in subject.labels.items():
                found.setdefault((key, str(value)), []).append(subject)
        return found

    @cached_property
    def workloads(self) -> tuple[Subject, ...]:
        """The objects that make pods."""
        return tuple(one for one in self.subjects if one.pod is not None)

    def of_kind(self, kind: str) -> list[Subject]:
        """Return the objects of a kind of Kubernetes' own."""
        return self._by_kind.get(kind, [])

    def named(self, kind: str, namespace: str, name: str) -> Subject | None:
        """Return an object by its name."""
        return self._by_name.get((kind, namespace, name))

    def taken_by(self, selector: Selector) -> list[Subject]:
        """Return the objects whose pods a selector means."""
        candidates: Iterable[Subject] = self.workloads
        for key, value in selector.labels.items():
            candidates = self._by_label.get((key, str(value)), [])
            break
        return [one for one in candidates if selector.takes(one)]

    @cached_property
    def served(self) -> Mapping[int, Subject]:
        """The services by the ``id()`` of the objects whose pods they lead to."""
        return self._taken(_service_selectors(self.of_kind("Service")))

    @cached_property
    def budgeted(self) -> Mapping[int, Subject]:
        """The disruption budgets by the ``id()`` of the objects whose pods they protect."""
        return self._taken(selector_of(one, one.spec.get("selector")) for one in self.of_kind("PodDisruptionBudget"))

    @cached_property
    def policed(self) -> Mapping[int, Subject]:
        """The network policies by the ``id()`` of the objects whose pods they are about."""
        return self._taken(selector_of(one, one.spec.get("podSelector")) for one in self.of_kind("NetworkPolicy"))

    def _taken(self, selectors: Iterable[Selector]) -> Mapping[int, Subject]:
        return {id(subject): selector.owner for selector in selectors for subject in self.taken_by(selector)}

    @cached_property
    def scaled(self) -> Mapping[tuple[str, str, str], Subject]:
        """The autoscalers by kind, namespace and name of what they scale."""
        found = {}
        for scaler in self.of_kind("HorizontalPodAutoscaler"):
            target = mapping(scaler.spec.get("scaleTargetRef"))
            found[(str(target.get("kind")), scaler.namespace, str(target.get("name")))] = scaler
        return found

    @cached_property
    def used(self) -> frozenset[tuple[str, str, str]]:
        """Kind, namespace and name of the config maps, secrets and others that something here uses."""
        return frozenset(self._uses())

    def _uses(self) -> Iterator[tuple[str, str, str]]:
        for subject in self.workloads:
            for one in references(subject.pod) if subject.pod else ():
                yield one.kind, subject.namespace, one.name
        for owner in (*self.workloads, *self.of_kind("ServiceAccount")):
            root = owner.pod.spec if owner.pod else owner.obj
            for key in ("imagePullSecrets", "secrets"):
                for _, secret in mappings(root.get(key)):
                    yield "Secret", owner.namespace, str(secret.get("name"))
        for ingress in self.of_kind("Ingress"):
            for _, entry in mappings(ingress.spec.get("tls")):
                yield "Secret", ingress.namespace, str(entry.get("secretName"))

    def scaler_of(self, subject: Subject) -> Subject | None:
        """Return the autoscaler of a workload."""
        return self.scaled.get((subject.kind, subject.namespace, subject.name))


def _service_selectors(services: Iterable[Subject]) -> Iterator[Selector]:
    for service in services:
        labels = mapping(service.spec.get("selector"))
        if labels:
            yield Selector(service, labels)
