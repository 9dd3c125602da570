"""Kinds read backwards: where in the manifest each parameter of a kind ends up, found by rendering it with probes.

Nothing is listed here: a kind file that changes, or one that a user adds, is inverted as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, Literal

from attrs import evolve, frozen

from flowcore.errors import InvalidInputError
from flowcore.exchange._paths import MISSING, Path, at, places, same
from flowcore.kinds import Kind, Parameter, WiredNode
from flowcore.model import Manifest, Node

#: Numbers and texts that no kind file has by chance.
_NUMBER: Final = 730_411
_TEXT: Final = "probe-730411"
#: Parameters that are no place in the manifest.
_SKIPPED: Final = frozenset({"name", "overrides"})


@frozen(kw_only=True)
class Spot:
    """Where a parameter ends up.

    Attributes:
        name: the parameter's name.
        path: its place in the manifest.
        how: ``as it is``; ``merged`` into what the kind puts there itself; ``rest``, when it is the list without
            its first ``skip`` items; or ``switch``, when ``on`` stands there if the parameter is true.
        on: what a switch puts there.
        skip: items of the list that are the kind's own.
        fixed: keys of the place that the parameter cannot change.
        late: whether another parameter also reaches this place, so that what that one gives is taken out first.
    """

    name: str
    path: Path
    how: Literal["as it is", "merged", "rest", "switch"] = "as it is"
    on: Any = None
    skip: int = 0
    fixed: frozenset[str] = frozenset()
    late: bool = False


def render_alone(kind: Kind, values: Mapping[str, Any], node_id: str = "probe") -> Manifest:
    """Return the manifest of some values without links.

    Raises:
        InvalidInputError: a value that the template needs is missing.
    """
    return WiredNode(Node(id=node_id, type=kind.name), kind, dict(values)).render()


@lru_cache(maxsize=512)
def spots_of(kind: Kind) -> tuple[Spot, ...]:
    """Return where the parameters of a kind end up, those that come late last; the others cannot be read back."""
    probe = _Probe(kind)
    found: dict[str, list[Spot]] = {}
    for parameter in kind.parameters:
        if parameter.name not in _SKIPPED:
            spots = probe.find(parameter)
            if spots:
                found[parameter.name] = spots
    chosen = [spots[0] for spots in found.values()]
    outer = [spot for spot in chosen if not any(_inside(spot.path, one) for one in chosen)]
    shared = {spot.path for spots in found.values() for spot in spots[1:]}
    late = [spot for spot in outer if spot.path in shared]
    return (*(spot for spot in outer if spot not in late), *(evolve(spot, late=True) for spot in late))


def _inside(path: Path, outer: Spot) -> bool:
    """Say whether a place belongs to what another parameter fills."""
    depth = len(outer.path)
    if len(path) <= depth or path[:depth] != outer.path:
        return False
    step = path[depth]
    return not (outer.how == "rest" and isinstance(step, int) and step < outer.skip)


class _Probe:
    """Renders a kind with probes in its parameters."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        values, _ = kind.read({"name": "probe"}, "probe")
        needed = {one.name: stand_in(one) for one in kind.parameters if one.required and one.name not in values}
        self.values = {**needed, **values}
        self.base = self.rendered({})

    def find(self, parameter: Parameter) -> list[Spot]:
        """Return where a parameter ends up, the outermost place first."""
        for context in self._contexts(parameter):
            spots = list(self._spots(parameter, context))
            if spots:
                return sorted(spots, key=lambda spot: len(spot.path))
        return []

    def _contexts(self, parameter: Parameter) -> Iterator[dict[str, Any]]:
        """Yield what other parameters may have to say so that this one counts."""
        yield {}
        for other in self.kind.parameters:
            if other is not parameter:
                for value in [True] if other.type == "boolean" else other.options:
                    yield {other.name: value}

    def _spots(self, parameter: Parameter, context: Mapping[str, Any]) -> Iterator[Spot]:
        if parameter.type == "boolean":
            yield from self._switches(parameter, context)
            return
        for sample in _samples(parameter):
            rendered = self.rendered({**context, parameter.name: sample})
            for path, value in places(rendered):
                if self._counts(path):
                    yield from self._matches(parameter, context, path, value, sample)

    def _matches(
        self, parameter: Parameter, context: Mapping[str, Any], path: Path, value: Any, sample: Any
    ) -> Iterator[Spot]:
        if same(value, sample):
            yield Spot(name=parameter.name, path=path)
        elif isinstance(sample, list) and isinstance(value, list) and sample and _holds(value[-1], sample[-1]):
            yield Spot(name=parameter.name, path=path, how="rest", skip=len(value) - len(sample))
        elif _holds(value, sample):
            fixed = frozenset(
                key for key in value if key not in sample and self._is_fixed(parameter, context, path, key)
            )
            yield Spot(name=parameter.name, path=path, how="merged", fixed=fixed)

    def _is_fixed(self, parameter: Parameter, context: Mapping[str, Any], path: Path, key: str) -> bool:
        rendered = self.rendered({**context, parameter.name: {key: _TEXT}})
        return not same(at(rendered, (*path, key)), _TEXT)

    def _switches(self, parameter: Parameter, context: Mapping[str, Any]) -> Iterator[Spot]:
        on, off = (self.rendered({**context, parameter.name: value}) for value in (True, False))
        for path, value in places(on):
            if not isinstance(value, (dict, list)) and self._counts(path) and not same(at(off, path), value):
                as_it_is = value is True and at(off, path) is False
                how: Literal["as it is", "switch"] = "as it is" if as_it_is else "switch"
                yield Spot(name=parameter.name, path=path, how=how, on=value)

    def _counts(self, path: Path) -> bool:
        """Say whether a place is one by itself; items of lists are not, except the first container and its like."""
        return all(
            isinstance(step, str) or at(self.base, path[: position + 1]) is not MISSING
            for position, step in enumerate(path)
        )

    def rendered(self, values: Mapping[str, Any]) -> Manifest:
        """Return the manifest of some values beside the least ones; empty where they make none."""
        try:
            return render_alone(self.kind, {**self.values, **values})
        except (InvalidInputError, TypeError, ValueError, LookupError, AttributeError):
            return {}  # A probe is no valid value everywhere; then it shows nothing.


def _holds(value: Any, sample: Any) -> bool:
    """Say whether a mapping has all that a probe has, and more."""
    return isinstance(value, dict) and isinstance(sample, dict) and bool(sample) and sample.items() <= value.items()


def stand_in(parameter: Parameter) -> Any:
    """Return a value for a required parameter of which nothing is known."""
    if parameter.options:
        return parameter.options[0]
    numbers = dict.fromkeys(("integer", "number", "port", "intOrText"), 1)
    return {**numbers, "boolean": False, "list": [], "map": {}, "object": {}, "any": {}}.get(parameter.type, "needed")


def _samples(parameter: Parameter) -> Iterator[Any]:
    """Yield probes of a parameter's type, one per alternative."""
    if parameter.type == "choice":
        for choice in parameter.choices:
            yield from _samples(choice)
    elif parameter.type in ("integer", "number", "port", "intOrText"):
        yield _NUMBER
    elif parameter.type == "boolean":
        yield True
    elif parameter.type == "list":
        yield from ([sample] for sample in (_samples(parameter.items) if parameter.items else [_TEXT]))
    elif parameter.type == "map":
        yield from ({_TEXT: sample} for sample in (_samples(parameter.values) if parameter.values else [_TEXT]))
    elif parameter.type in ("object", "any"):
        yield from _objects(parameter)
    else:
        yield _TEXT


def _objects(parameter: Parameter) -> Iterator[dict[str, Any]]:
    if parameter.fields:
        yield {one.name: next(_samples(one)) for one in parameter.fields if one.name != "id"}
    if parameter.open or not parameter.fields:
        yield {"type": _TEXT, "probe": _TEXT}


@frozen
class Dial:
    """A parameter that has no place of its own but changes what the kind puts into the manifest.

    Attributes:
        name: the parameter's name.
        values: what it can be, the default first.
    """

    name: str
    values: tuple[Any, ...]


@lru_cache(maxsize=512)
def dials_of(kind: Kind) -> tuple[Dial, ...]:
    """Return the dials of a kind."""
    placed = {spot.name for spot in spots_of(kind)}
    probe = _Probe(kind)
    found: list[Dial] = []
    for parameter in kind.parameters:
        if parameter.name not in placed and parameter.options and parameter.name in probe.values:
            default = probe.values[parameter.name]
            others = [option for option in parameter.options if option != default]
            if any(not same(probe.rendered({parameter.name: option}), probe.base) for option in others):
                found.append(Dial(parameter.name, (default, *others)))
    return tuple(found)
