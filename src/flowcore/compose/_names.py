"""Names that Kubernetes accepts, made from names that Compose accepts: valid, stable and without collisions."""

from __future__ import annotations

import hashlib
import re

from attrs import define, field

_INVALID = re.compile(r"[^a-z0-9-]+")
_NOT_IN_KEY = re.compile(r"[^-._a-zA-Z0-9]+")
_DASHES = re.compile(r"-{2,}")


def clean_name(name: str, limit: int = 63) -> str:
    """Return *name* as a DNS label of at most *limit* characters that begins with a letter.

    A name that is cut ends in six characters of its hash, so that two long names stay different.
    """
    clean = _DASHES.sub("-", _INVALID.sub("-", name.lower())).strip("-")
    if not clean or not clean[0].isalpha():
        clean = f"x-{clean}".rstrip("-")
    if len(clean) <= limit:
        return clean
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{clean[: limit - 7].rstrip('-')}-{digest}"


def config_key(name: str) -> str:
    """Return *name* as a key that a config map or a secret can hold."""
    key = _NOT_IN_KEY.sub("-", name)[:200]
    return f"x{key}" if key in ("", ".") or key.startswith("..") else key


def is_config_key(name: str) -> bool:
    """Whether a config map can hold *name* as a key."""
    return bool(name) and len(name) <= 253 and name == config_key(name)


@define
class Names:
    """Gives out names, each once."""

    _taken: set[str] = field(factory=set)
    #: The last number that was tried for a name of a length, so that many equal ones are numbered fast.
    _numbers: dict[tuple[str, int], int] = field(factory=dict)

    def take(self, name: str, limit: int = 63) -> str:
        """Return *name* cleaned and, when another has it already, numbered: ``web``, ``web-2``."""
        clean = clean_name(name, limit)
        number, free = self._numbers.get((clean, limit), 1), clean
        while free in self._taken:
            number += 1
            free = f"{clean_name(clean, limit - len(str(number)) - 1)}-{number}"
        self._numbers[clean, limit] = number
        self._taken.add(free)
        return free
