"""Names of branches and tags, by the rules of ``git check-ref-format``."""

from __future__ import annotations

import re
from collections.abc import Callable

from flowcore.errors import Finding, InvalidInputError, Place

#: Longest name that is taken, in characters; what is longer fits no file system that stores refs as files.
_LONGEST = 1024

_RULES: tuple[tuple[str, Callable[[str], object], str], ...] = (
    ("is empty", lambda name: not name, "name a branch, a tag or a commit"),
    ("is longer than 1024 characters", lambda name: len(name) > _LONGEST, "shorten it"),
    ("starts with '-'", lambda name: name.startswith("-"), "remove the leading '-'"),
    ("is the single character '@'", lambda name: name == "@", "write HEAD"),
    ("holds a control character", re.compile(r"[\x00-\x1f\x7f]").search, "remove it"),
    ("holds a space", lambda name: " " in name, "remove it"),
    ("holds one of ~ ^ : ? * [ \\", re.compile(r"[~^:?*\[\\]").search, "name the ref itself, not an expression"),
    ("holds '..'", lambda name: ".." in name, "name one ref, not a range"),
    ("holds '@{'", lambda name: "@{" in name, "name the ref itself, not its history"),
    (
        "starts or ends with '/', or holds '//'",
        lambda name: name[:1] == "/" or name[-1:] == "/" or "//" in name,
        "write parts with one '/' between",
    ),
    ("ends with '.'", lambda name: name.endswith("."), "remove the last '.'"),
    (
        "has a part that starts with '.'",
        lambda name: any(part.startswith(".") for part in name.split("/")),
        "rename the ref",
    ),
    (
        "has a part that ends with '.lock'",
        lambda name: any(part.endswith(".lock") for part in name.split("/")),
        "rename the ref",
    ),
)


def ref_problems(name: str, path: str = "ref") -> tuple[Finding, ...]:
    """Return what is wrong with the name of a ref, each problem once; *path* is the field it came in."""
    return tuple(
        Finding(rule="git-ref", message=f"the ref {problem}", place=Place(path=path), fix=fix)
        for problem, is_wrong, fix in _RULES
        if is_wrong(name)
    )


def check_ref(name: str) -> None:
    """Accept the name of a branch, a tag or a commit, by the rules of ``git check-ref-format``.

    A name of one level (``main``) is allowed; one that starts with ``-`` is not, since Git would read an option.

    Raises:
        InvalidInputError: with every rule that the name breaks.
    """
    problems = ref_problems(name)
    if problems:
        raise InvalidInputError(problems, code="git.ref_invalid")
