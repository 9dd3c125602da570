"""Which missing variable an error is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from attrs import frozen

from flowcore.errors import Place

#: File and path of a value.
Key: TypeAlias = tuple[str, str]

_STEP = re.compile(r"\[\d+\]$|\.[^.\[\]]+$")
#: Steps of a path to a key of a service, or of another element. What is above is never done without for its parts.
_ELEMENT = 2


@frozen
class Gaps:
    """The values that need a variable which nobody gave.

    Attributes:
        by_position: by file, line and column.
        by_path: those values.
        around: what is around them, up to a key of an element.
    """

    by_position: Mapping[tuple[str, int, int], Key]
    by_path: frozenset[Key]
    around: frozenset[Key]

    @classmethod
    def of(cls, places: Iterable[Place]) -> Gaps:
        """Return the gaps at these places."""
        known = tuple(places)
        return cls(
            by_position={(place.file, place.line, place.column): (place.file, place.path) for place in known},
            by_path=frozenset((place.file, place.path) for place in known),
            around=frozenset((place.file, path) for place in known for path in _parents(place.path)),
        )

    def behind(self, error: Place) -> Key | None:
        """Return the value that an error at this place is about, if it has a gap; else None.

        It is the value itself, a part of it, or what is around it; an image is the one part for which a service as a
        whole is refused.
        """
        exact = self.by_position.get((error.file, error.line, error.column))
        if exact is not None:
            return exact
        for path in (error.path, *_parents(error.path), f"{error.path}.image"):
            if (error.file, path) in self.by_path:
                return error.file, path
        return (error.file, error.path) if (error.file, error.path) in self.around else None


def _parents(path: str) -> Iterator[str]:
    """Yield the paths of what a value is in, innermost first, down to a key of an element."""
    while (step := _STEP.search(path)) is not None:
        path = path[: step.start()]
        if path.count(".") < _ELEMENT:
            return
        yield path
