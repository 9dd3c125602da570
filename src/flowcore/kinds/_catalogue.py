"""The catalogue: the kinds a graph may use, as a value that is passed along."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from attrs import field, frozen

from flowcore.errors import ConflictError, Finding, InvalidInputError, NotFoundError, Place
from flowcore.kinds._collecting import nearest
from flowcore.kinds._files import KindReader
from flowcore.kinds._includes import Includes
from flowcore.kinds._kind import Kind, Link
from flowcore.manifests import read_trees


@frozen
class Catalogue:
    """A set of kinds.

    Attributes:
        kinds: the kinds in the order they were given.
    """

    kinds: tuple[Kind, ...]
    _fragments: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)
    _by_name: dict[str, Kind] = field(init=False, repr=False, eq=False)
    _links: dict[tuple[str, str], tuple[Link, ...]] = field(factory=dict, init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        by_name = {kind.name: kind for kind in self.kinds}
        if len(by_name) < len(self.kinds):
            names = [kind.name for kind in self.kinds]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ConflictError(f"the kind {twice[0]} is declared twice", code="kind.exists")
        object.__setattr__(self, "_by_name", by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def kind(self, name: str) -> Kind:
        """Return a kind by its name.

        Raises:
            NotFoundError: there is none.
        """
        try:
            return self._by_name[name]
        except KeyError:
            known = ", ".join(self._by_name)
            raise NotFoundError(f"there is no kind {name!r}; there are {known}", code="kind.not_found") from None

    def links_between(self, source: str, target: str) -> tuple[Link, ...]:
        """Return what an edge from one kind to another can mean; empty when they cannot be connected."""
        key = (source, target)
        if key not in self._links:
            start, end = self.kind(source), self.kind(target)
            declared = (*start.links, *(link for link in end.links if start is not end))
            self._links[key] = tuple(link for link in declared if start.is_a(link.source) and end.is_a(link.target))
        return self._links[key]

    def extended(self, *kinds: Kind) -> Catalogue:
        """Return a catalogue that also has these kinds.

        Raises:
            ConflictError: one of them is there already.
        """
        return Catalogue((*self.kinds, *kinds), fragments=self._fragments)

    def parsed(self, texts: Mapping[str, str]) -> Catalogue:
        """Return a catalogue that also has the kinds of some files, which may include this catalogue's fragments.

        Args:
            texts: YAML text by file name; names that start with ``_`` are fragments, not kinds.

        Raises:
            InvalidInputError: with every mistake in every file, each with its line.
            ConflictError: a kind is there already.
        """
        findings: list[Finding] = []
        trees = {name: tree for name, text in texts.items() if (tree := _tree(name, text, findings)) is not None}
        fragments = {**self._fragments, **{name: tree for name, tree in trees.items() if name.startswith("_")}}
        includes = Includes(fragments)
        kinds = [_kind(name, tree, includes, findings) for name, tree in trees.items() if not name.startswith("_")]
        if findings:
            raise InvalidInputError(findings, code="kind.invalid")
        made = Catalogue((*self.kinds, *(kind for kind in kinds if kind is not None)), fragments=fragments)
        lost = [finding for kind in made.kinds for link in kind.links for finding in _lost_gifts(kind, link, made)]
        if lost:
            raise InvalidInputError(lost, code="kind.invalid")
        return made


def _lost_gifts(kind: Kind, link: Link, catalogue: Catalogue) -> list[Finding]:
    """Return a finding for every contribution of a link that no kind at that end receives."""
    findings = []
    for end, word in (("source", link.source), ("target", link.target)):
        receivers = [one for one in catalogue.kinds if one.is_a(word)]
        slots = {slot for one in receivers for slot in one.receives}
        for slot in link.gives.get(end, {}):
            if receivers and slot not in slots:
                message = f"the link from {link.source} to {link.target} gives {slot} to its {end}, which receives none"
                place = Place(file=f"{kind.name}.yaml", path=f"links.gives.{end}.{slot}")
                findings.append(Finding(rule="kind-file", message=message, place=place, fix=nearest(slot, slots)))
    return findings


def _tree(name: str, text: str, findings: list[Finding]) -> Any:
    try:
        documents = read_trees(text, file=name)
    except InvalidInputError as error:
        findings.extend(error.findings)
        return None
    return documents[0] if documents else {}


def _kind(name: str, tree: Any, includes: Includes, findings: list[Finding]) -> Kind | None:
    reader = KindReader(name)
    try:
        kind = reader.kind(includes.resolve(tree))
    except InvalidInputError as error:
        findings.extend(error.findings)
        return None
    findings.extend(reader.findings)
    return kind


def parse_catalogue(texts: Mapping[str, str]) -> Catalogue:
    """Return the catalogue of some kind files alone, given as YAML text by file name."""
    return Catalogue(()).parsed(texts)


@cache
def core_catalogue() -> Catalogue:
    """Return the catalogue of the kinds that come with flowcore; always the same value."""
    folder = files("flowcore.kinds") / "core"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return parse_catalogue({name: (folder / name).read_text(encoding="utf-8") for name in names})
