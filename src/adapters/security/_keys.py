"""Keys under ids, so that they can be rotated: one makes new things, all of them read old ones."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from attrs import field, frozen

from flowcore.errors import Finding, InvalidInputError, Place

#: Bytes of every key: AES-256, and as much for HS256 as its digest has.
KEY_BYTES = 32

#: What the id of a key looks like.
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)


def generate_key() -> bytes:
    """Return a new random key of 32 bytes."""
    return secrets.token_bytes(KEY_BYTES)


@frozen
class Keys:
    """Secret keys of 32 bytes by id.

    Attributes:
        current: id of the key that new things are made with.
        by_id: every key that is still accepted; never shown.

    Raises:
        InvalidInputError: an id is not 1 to 32 letters, digits, ``_`` or ``-``, a key is not 32 bytes long, or the
            current one is missing; every problem at once.
    """

    current: str
    by_id: Mapping[str, bytes] = field(repr=False)

    def __attrs_post_init__(self) -> None:
        findings = [
            *(_finding(key_id, "the id of a key is 1 to 32 letters, digits, _ or -") for key_id in self._bad_ids()),
            *(_finding(key_id, f"a key has {KEY_BYTES} bytes") for key_id in self._bad_sizes()),
        ]
        if self.current not in self.by_id:
            findings.append(_finding(self.current, "the current key is not among the keys"))
        if findings:
            raise InvalidInputError(findings, code="keys.invalid")

    @classmethod
    def single(cls, key: bytes, key_id: str = "1") -> Keys:
        """Return the keys of somebody who has only one."""
        return cls(key_id, {key_id: key})

    @property
    def newest(self) -> bytes:
        """The current key."""
        return self.by_id[self.current]

    def rotated(self, key: bytes, key_id: str) -> Keys:
        """Return these keys with another current one."""
        return Keys(key_id, {**self.by_id, key_id: key})

    def _bad_ids(self) -> list[str]:
        return [key_id for key_id in self.by_id if not KEY_ID.fullmatch(key_id)]

    def _bad_sizes(self) -> list[str]:
        return [key_id for key_id, key in self.by_id.items() if len(key) != KEY_BYTES]


def _finding(key_id: str, message: str) -> Finding:
    return Finding(
        rule="key-invalid",
        message=message,
        place=Place(path=f"keys.{key_id}"),
        fix="make one with flowcore keys rotate",
    )
