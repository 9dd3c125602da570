"""Ids and secrets from the operating system's randomness."""

from __future__ import annotations

import secrets
import string
import time
from threading import Lock

_ALPHABET = string.ascii_letters + string.digits
_LOW_BITS = 64


class SystemIds:
    """Ids shaped like MongoDB's ObjectIDs: four bytes of seconds, then eight that only rise inside a second.

    Ids of one source rise strictly, even when the machine's clock is set back; ids of several processes rise
    with the second. Safe to share between threads, but not with forked processes: each makes its own source.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = Lock()

    def new_id(self) -> str:
        """Return a new unique id: 24 lower-case hexadecimal digits, rising with time."""
        with self._lock:
            second = int(time.time())
            if second > self._last >> _LOW_BITS:
                # The high bit stays free, so that counting up never runs into the seconds.
                self._last = second << _LOW_BITS | secrets.randbits(_LOW_BITS - 1)
            else:
                self._last += 1
            return f"{self._last:024x}"

    def new_secret(self, length: int = 32) -> str:
        """Return *length* letters and digits that nobody can guess (almost 6 bits each).

        Raises:
            ValueError: *length* is less than 1.
        """
        if length < 1:
            raise ValueError("a secret has at least one character")
        return "".join(secrets.choice(_ALPHABET) for _ in range(length))
