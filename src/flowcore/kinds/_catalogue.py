"""The catalogue: the kinds a graph may use, as a value that is passed along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from attrs import field, frozen

from flowcore.errors import ConflictError, Finding, InvalidInputError, LimitExceededError, NotFoundError, Place
from flowcore.kinds._collecting import nearest
from flowcore.kinds._crd import is_definition, kind_file
from flowcore.kinds._declared import line
from flowcore.kinds._files import KindReader
from flowcore.kinds._includes import Includes
from flowcore.kinds._kind import Kind, Link
from flowcore.manifests import TreeList, TreeMap, read_trees


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

    @property
    def fragments(self) -> Mapping[str, Any]:
        """Parts that kind files may include, by file name."""
        return self._fragments

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

        A document of a file is a kind, or a CustomResourceDefinition that a kind is made of. A kind that is there
        already is a mistake, unless its file says ``replaces: true``.

        Args:
            texts: YAML text by file name; names that start with ``_`` are fragments, not kinds.

        Raises:
            InvalidInputError: with every mistake in every file, each with its line.
        """
        findings: list[Finding] = []
        documents = [
            (name, number, tree) for name, text in texts.items() for number, tree in _documents(name, text, findings)
        ]
        own = {name: tree for name, number, tree in documents if name.startswith("_") and number == 0}
        fragments = {**self._fragments, **own}
        includes = Includes(fragments)
        sources = [_Source(name, tree) for name, _, tree in documents if not name.startswith("_")]
        made = [(source, kind) for source in sources if (kind := source.kind(includes, findings)) is not None]
        findings += _taken(made, self)
        if findings:
            raise InvalidInputError(findings, code="kind.invalid")
        new = {kind.name for _, kind in made}
        kept = [kind for kind in self.kinds if kind.name not in new]
        catalogue = Catalogue((*kept, *(kind for _, kind in made)), fragments=fragments)
        lost = [
            finding for kind in catalogue.kinds for link in kind.links for finding in _lost_gifts(kind, link, catalogue)
        ]
        if lost:
            raise InvalidInputError(lost, code="kind.invalid")
        return catalogue


@frozen
class _Source:
    """A document of a kind file."""

    file: str
    tree: Any

    @property
    def replaces(self) -> bool:
        """Whether it means to replace a kind."""
        return isinstance(self.tree, TreeMap) and self.tree.get("replaces") is True

    def kind(self, includes: Includes, findings: list[Finding]) -> Kind | None:
        """Return the kind, None when something is wrong (then *findings* say what)."""
        reader = KindReader(self.file)
        try:
            tree = as_tree(kind_file(self.tree), self.tree) if is_definition(self.tree) else self.tree
            kind = reader.kind(includes.resolve(_without_wish(tree)))
        except InvalidInputError as error:
            findings.extend(error.findings)
            return None
        findings.extend(reader.findings)
        return kind


def _without_wish(tree: Any) -> Any:
    """Return the tree of a kind without what it says about other kinds of its name."""
    if not isinstance(tree, TreeMap) or type(tree.get("replaces")) is not bool:
        return tree
    kept = TreeMap(tree.file, tree.line)
    kept.update({key: value for key, value in tree.items() if key != "replaces"})
    kept.lines.update(tree.lines)
    return kept


def _taken(made: Sequence[tuple[_Source, Kind]], catalogue: Catalogue) -> Iterator[Finding]:
    """Yield a finding for every kind that is there already, or that replaces none."""
    seen: dict[str, str] = {}
    for source, kind in made:
        place = Place(file=source.file, line=line(source.tree, "name"), path="name")
        if kind.name in seen:
            message = f"the kind {kind.name!r} is declared in {seen[kind.name]} too"
            yield Finding(rule="kind-exists", message=message, place=place, fix="remove one, or give it another name")
        elif kind.name in catalogue and not source.replaces:
            message = f"there is a kind {kind.name!r} already"
            fix = "give it another name, or write replaces: true"
            yield Finding(rule="kind-exists", message=message, place=place, fix=fix)
        elif kind.name not in catalogue and source.replaces:
            message = f"there is no kind {kind.name!r} to replace"
            fix = nearest(kind.name, [one.name for one in catalogue.kinds])
            yield Finding(rule="kind-exists", message=message, place=place, fix=fix)
        seen.setdefault(kind.name, source.file)


def as_tree(value: Any, like: Any) -> Any:
    """Return plain values as a tree that stands where *like* stands in its file."""
    file, at = (like.file, like.line) if isinstance(like, TreeMap) else ("", 0)
    if isinstance(value, Mapping):
        made = TreeMap(file, at)
        made.update({key: as_tree(item, like) for key, item in value.items()})
        made.lines.update(dict.fromkeys(value, at))
        return made
    if isinstance(value, (list, tuple)):
        items = TreeList(file, at)
        items.extend(as_tree(item, like) for item in value)
        items.lines.extend([at] * len(items))
        return items
    return value


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


def _documents(name: str, text: str, findings: list[Finding]) -> Iterator[tuple[int, Any]]:
    try:
        documents = [tree for tree in read_trees(text, file=name) if tree is not None]
    except InvalidInputError as error:
        findings.extend(error.findings)
        return
    except LimitExceededError as error:
        findings.append(Finding(rule="yaml-limit", message=error.message, place=Place(file=name)))
        return
    yield from enumerate(documents or [{}])


def kind_from_crd(crd: Mapping[str, Any], *, version: str | None = None) -> Kind:
    """Return the kind of the objects that a CustomResourceDefinition defines.

    Node data holds the object's own top-level fields under their names (``spec`` above all) beside ``name``,
    ``namespace``, ``labels``, ``annotations`` and ``overrides``. The kind is called by the singular name and the group,
    like ``certificate.cert-manager.io``.

    Args:
        crd: the definition, as parsed from YAML or read from a cluster.
        version: the API version to use; the newest stable one that is served if not given.

    Raises:
        InvalidInputError: it is no definition, or names no kind, group or served version; every problem is listed.
    """
    reader = KindReader("")
    tree = as_tree(kind_file(crd, version=version), crd)
    kind = reader.kind(Includes(core_catalogue().fragments).resolve(tree))
    if kind is None:
        raise InvalidInputError(reader.findings, code="kind.invalid")
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
