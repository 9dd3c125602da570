"""Judges plain manifests: Pod Security and good practice, without a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, frozen

from flowcore.errors import Finding, Place, Severity
from flowcore.lint._bundle import Bundle, Subject
from flowcore.lint._inspection import sort_by_severity
from flowcore.lint._pod_security import Level, level_of
from flowcore.lint._practice import examine
from flowcore.lint._registry import OWN
from flowcore.lint._rule import NO_OBJECT, Hit, Path, at, path_text
from flowcore.lint._silencing import ANNOTATION, Silence, Silencer, parse_silences
from flowcore.manifests import TreeList, TreeMap

_KNOWN: Final = frozenset(rule.id for _, rules in OWN for rule in rules)


@frozen(eq=False)
class _Source:
    """An object, where it stood, and under which word its findings and silences go together."""

    subject: Subject
    document: Any
    path: Path
    scope: str


def lint_manifest(obj: Mapping[str, Any] | Sequence[Any], level: Level | str = Level.RESTRICTED) -> list[Finding]:
    """Judge a Kubernetes object, or a list of objects that belong together.

    Args:
        obj: the object, an object of kind List, or a list of objects. What several objects say about each other is
            judged too: selectors, names, keys.
        level: the Pod Security level that its pods must satisfy: privileged, baseline or restricted.

    Returns:
        The findings, errors first. What the admission controller of Kubernetes 1.37 would refuse at the level is an
        error whose rule starts with ``pss-``; other rules are good practice. Rules that the annotation
        ``flowcore.dev/ignore`` of an object names are left out.

    Raises:
        InvalidInputError: there is no such level.
    """
    documents = obj if isinstance(obj, Sequence) and not isinstance(obj, str) else [obj]
    return lint_manifests(documents, pod_security=level)


def lint_manifests(
    documents: Sequence[Any], *, pod_security: Level | str | None = None, ignore: Iterable[str] = ()
) -> list[Finding]:
    """Judge documents of Kubernetes objects together; those read as trees give their findings files and lines.

    Args:
        documents: the documents, each an object or a List.
        pod_security: the level that the cluster enforces; what it would refuse is an error then. Without it, what
            ``baseline`` forbids is a warning.
        ignore: ids of rules to leave out everywhere.

    Raises:
        InvalidInputError: there is no such level.
    """
    level = Level.BASELINE if pod_security is None else level_of(pod_security)
    found: list[Finding] = []
    sources = list(_sources(documents, found))
    by_subject = {id(source.subject): source for source in sources}
    bundle = Bundle(tuple(source.subject for source in sources), level, len(sources) > 1)
    for subject, hit in examine(bundle):
        severity = Severity.WARNING if hit.rule.id.startswith("pss-") and pod_security is None else hit.rule.severity
        found.append(_finding(by_subject[id(subject)], hit, severity, is_alone=len(sources) == 1))
    silences = [one for text in ignore for one in parse_silences(text)]
    silences += [one for source in sources for one in _silences(source)]
    kept = Silencer(tuple(silences), _KNOWN).filtered(found)
    return sort_by_severity(evolve(one, place=evolve(one.place, node="")) for one in kept)


def _sources(documents: Sequence[Any], found: list[Finding]) -> Iterator[_Source]:
    for number, document in enumerate(documents):
        start: Path = (number,) if len(documents) > 1 else ()
        for path, obj in _objects(document):
            if isinstance(obj, Mapping) and isinstance(obj.get("kind"), str):
                yield _Source(Subject(obj), document, (*start, *path), path_text((number, *path)))
            else:
                place = Place(file=_file(document), line=line_of(document, path), path=path_text((*start, *path)))
                found.append(_no_object(place))


def _objects(document: Any) -> Iterator[tuple[Path, Any]]:
    """Iterate over the objects of a document: those of a List, else the document itself."""
    items = document.get("items") if isinstance(document, Mapping) else None
    if isinstance(items, (list, tuple)):
        for position, item in enumerate(items):
            yield ("items", position), item
    else:
        yield (), document


def _no_object(place: Place) -> Finding:
    message = "this is no Kubernetes object: it has no kind"
    rule = NO_OBJECT
    return Finding(rule=rule.id, severity=rule.severity, message=message, place=place, why=rule.why, fix=rule.fix)


def _finding(source: _Source, hit: Hit, severity: Severity, *, is_alone: bool) -> Finding:
    title = source.subject.title
    return Finding(
        rule=hit.rule.id,
        severity=severity,
        message=hit.message if is_alone or title in hit.message else f"{title}: {hit.message}",
        place=_place(source, hit.path),
        why=hit.rule.why,
        fix=hit.rule.fix,
    )


def _place(source: _Source, path: Path) -> Place:
    """Return a place; for as long as silences are looked up, its node is the source's scope."""
    inner = source.path[1:] if source.path and isinstance(source.path[0], int) else source.path
    return Place(
        file=_file(source.document),
        line=line_of(source.document, (*inner, *path)),
        node=source.scope,
        path=path_text((*source.path, *path)),
    )


def _silences(source: _Source) -> list[Silence]:
    text = at(source.subject.obj, "metadata", "annotations", ANNOTATION)
    if not isinstance(text, str):
        return []
    return parse_silences(text, _place(source, ("metadata", "annotations", ANNOTATION)))


def _file(document: Any) -> str:
    return document.file if isinstance(document, (TreeMap, TreeList)) else ""


def line_of(tree: Any, path: Path) -> int:
    """Return the line of what a path leads to in a tree, or of the nearest thing on the way; 0 without a tree."""
    line = tree.line if isinstance(tree, (TreeMap, TreeList)) else 0
    for key in path:
        if isinstance(tree, TreeMap) and isinstance(key, str) and key in tree:
            line, tree = tree.lines.get(key, line), tree[key]
        elif isinstance(tree, TreeList) and isinstance(key, int) and key < len(tree):
            line, tree = tree.lines[key], tree[key]
        else:
            break
    return line
