"""Applies the rules of Pod Security and good practice to objects that are judged together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowcore.lint import _containers, _hardening, _objects, _probes, _references, _versions, _workloads
from flowcore.lint import _pod_security as pod_security
from flowcore.lint._bundle import Bundle, Subject
from flowcore.lint._rule import Hit, Rule

#: Every rule of this module's making, by what it is about.
PRACTICE: Final[tuple[tuple[str, tuple[Rule, ...]], ...]] = (
    ("Containers", (*_containers.RULES, *_probes.RULES, *_hardening.RULES)),
    ("Workloads", _workloads.RULES),
    ("Services, configuration and rights", _objects.RULES),
    ("References", _references.RULES),
    ("API versions", _versions.RULES),
)

_CONTAINER_CHECKS: Final = (*_containers.CHECKS, *_probes.CHECKS, *_hardening.CONTAINER_CHECKS)
_POD_CHECKS: Final = (*_workloads.CHECKS, *_hardening.POD_CHECKS)


def examine(bundle: Bundle) -> Iterator[tuple[Subject, Hit]]:
    """Iterate over everything that is to be said about the objects, object by object."""
    for subject in bundle.subjects:
        for hit in _about(subject, bundle):
            yield subject, hit


def _about(subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    yield from _versions.versions(subject, bundle)
    if subject.pod is not None:
        yield from _about_pods(subject, bundle)
    for check in _objects.CHECKS.get(subject.kind, ()):
        yield from check(subject, bundle)
    if bundle.is_whole:
        for check in _references.CHECKS.get(subject.kind, ()):
            yield from check(subject, bundle)


def _about_pods(subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    pod = subject.pod
    assert pod is not None
    yield from pod_security.judge(pod, bundle.level)
    for container in pod.containers:
        for check_container in _CONTAINER_CHECKS:
            yield from check_container(container, pod, subject, bundle)
    for check_pod in (*_POD_CHECKS, *_workloads.KIND_CHECKS.get(subject.kind, ())):
        yield from check_pod(pod, subject, bundle)
    if bundle.is_whole:
        yield from _references.needs(subject, bundle)
