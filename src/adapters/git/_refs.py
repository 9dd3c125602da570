"""What ``git ls-remote`` prints, and which of it a name means."""

from __future__ import annotations

import re

from attrs import field, frozen

from adapters.git._errors import ref_not_found
from flowcore.ports.git import RemoteRefs

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HEADS = "refs/heads/"
_TAGS = "refs/tags/"


@frozen(kw_only=True)
class Wanted:
    """What to fetch.

    Attributes:
        name: branch or tag; the hash if by hash.
        object_id: what the host is asked for: a commit, or the tag object that leads to it.
    """

    name: str
    object_id: str


@frozen
class Listing:
    """What a host lists: hashes by full name, with ``^{}`` where a tag is peeled, and where ``HEAD`` points."""

    hashes: dict[str, str] = field(factory=dict)
    head: str = ""

    @property
    def refs(self) -> RemoteRefs:
        """Branches and tags by commit."""
        tags = {name: self.hashes.get(f"{_TAGS}{name}^{{}}", value) for name, value in self._under(_TAGS).items()}
        branches = self._under(_HEADS)
        default = self.head.removeprefix(_HEADS)
        return RemoteRefs(default=default if default in branches else "", branches=branches, tags=tags)

    def _under(self, start: str) -> dict[str, str]:
        return {
            name.removeprefix(start): value
            for name, value in self.hashes.items()
            if name.startswith(start) and not name.endswith("^{}")
        }

    def find(self, ref: str) -> Wanted:
        """Return what a name means: a branch before a tag, then a full hash; empty and ``HEAD`` are the default.

        The name is only looked up. Git is given the hash that was found, so no name can be read as an option.

        Raises:
            NotFoundError: the repository does not have it.
        """
        if ref in ("", "HEAD"):
            ref = self.head or "HEAD"
        for name in (_HEADS + ref, _TAGS + ref, ref):
            if name in self.hashes and not name.endswith("^{}"):
                short = name.removeprefix(_HEADS).removeprefix(_TAGS)
                return Wanted(name=short if short != "HEAD" else self.hashes[name], object_id=self.hashes[name])
        if not _HASH.fullmatch(ref.lower()):
            raise ref_not_found()
        return Wanted(name=ref.lower(), object_id=ref.lower())


def parse_listing(output: bytes) -> Listing:
    """Return what ``git ls-remote --symref`` printed; lines that make no sense are passed over."""
    hashes: dict[str, str] = {}
    head = ""
    for line in output.decode(errors="replace").splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: ") and name == "HEAD":
            head = value.removeprefix("ref: ")
        elif _HASH.fullmatch(value) and name:
            hashes[name] = value
    return Listing(hashes, head)
