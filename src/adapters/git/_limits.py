"""How much of a repository is taken."""

from __future__ import annotations

from attrs import frozen

_MEBIBYTE = 1024 * 1024


@frozen(kw_only=True)
class GitLimits:
    """What a repository may cost.

    Attributes:
        bytes_on_disk: size of what is fetched, packed.
        files: number of files in the tree.
        file_bytes: size of one file when it is read.
        listing_bytes: what Git may print about refs or the tree.
        answer_seconds: time to list the refs, with connecting.
        fetch_seconds: time for the fetch.
        stall_seconds: how long a host may send nothing.
    """

    bytes_on_disk: int = 256 * _MEBIBYTE
    files: int = 50_000
    file_bytes: int = 8 * _MEBIBYTE
    listing_bytes: int = 32 * _MEBIBYTE
    answer_seconds: float = 30
    fetch_seconds: float = 300
    stall_seconds: int = 20
