"""Common passwords: which ones many people use."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


def is_common_password(password: str) -> bool:
    """Say whether a password is among the common ones; the list is read when this is first asked.

    Args:
        password: in lower case.
    """
    return password in _known()


@cache
def _known() -> frozenset[str]:
    text = (files("adapters.security") / "common_passwords.txt").read_text(encoding="ascii")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))
