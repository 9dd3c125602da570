"""Objects to files: names that are valid everywhere and different for every object."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from flowcore.errors import InvalidInputError
from flowcore.model import Manifest, ObjectRef

_NOT_IN_NAMES = re.compile(r"[^a-z0-9.-]+")


def file_names(manifests: Iterable[Manifest]) -> list[str]:
    """Return a file name without suffix for every object, like ``deployment-web``."""
    taken: set[str] = set()
    names: list[str] = []
    for ref in map(ObjectRef.of, manifests):
        base = _NOT_IN_NAMES.sub("-", f"{ref.kind}-{ref.name}".lower()).strip("-.")
        candidates: Iterator[str] = (f"{base}-{number}" for number in range(2, len(taken) + 3))
        name = base if base not in taken else next(one for one in candidates if one not in taken)
        taken.add(name)
        names.append(name)
    return names


def chart_name(text: str) -> str:
    """Return a text as the name of a chart or a release: small letters, digits and hyphens.

    Raises:
        InvalidInputError: nothing of the text is left.
    """
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:53].strip("-")
    if not name:
        raise InvalidInputError.of(f"{text!r} has no letter or digit for a name", rule="export-name", path="name")
    return name if name[0].isalpha() else f"app-{name}"[:53]
