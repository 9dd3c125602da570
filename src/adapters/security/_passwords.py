"""Password hashes: argon2id or bcrypt for new ones, both understood."""

from __future__ import annotations

import asyncio
import secrets
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import StrEnum
from typing import TypeVar

import bcrypt
from argon2 import PasswordHasher as Argon2
from argon2 import Type
from argon2.exceptions import Argon2Error, InvalidHashError
from attrs import define, field, frozen

from flowcore.errors import InvalidInputError, LimitExceededError
from flowcore.ports.security import PasswordVerdict

T = TypeVar("T")

#: Longest password in bytes of UTF-8; more would only cost time.
LONGEST = 1024

#: bcrypt looks at no more bytes than this.
BCRYPT_LONGEST = 72

_BCRYPT_PREFIXES = ("$2a$", "$2b$", "$2y$")
_BCRYPT_COST = 12
_THREADS = 2
_SALT_BYTES = 16
_HASH_BYTES = 32


class PasswordScheme(StrEnum):
    """What hashes are made with."""

    ARGON2ID = "argon2id"
    BCRYPT = "bcrypt"


@frozen(kw_only=True)
class Argon2Cost:
    """What one argon2id hash costs; the default is OWASP's: 19 MiB, two passes, one lane.

    Attributes:
        memory_kib: memory in KiB.
        passes: passes over that memory.
        lanes: threads that one hash uses.
    """

    memory_kib: int = 19 * 1024
    passes: int = 2
    lanes: int = 1


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="passwords")


@define(kw_only=True, eq=False)
class Argon2BcryptHasher:
    """A ``PasswordHasher`` that works in its own few threads, so that sign-ins neither stop the loop nor fill memory.

    bcrypt looks at 72 bytes only. A longer password is refused by it and not hashed before: what another program
    cannot verify would be of no use in that place.

    Attributes:
        scheme: what new hashes are made with.
        cost: what new argon2id hashes cost; a stored one with another cost asks for a new one.
        bcrypt_cost: the same of bcrypt, as a power of two; a stored one that costs more is kept.
        keep_bcrypt: do not ask for new hashes in place of bcrypt's, while an older program still reads them.
        queue: how many may wait for a thread; more are sent away, before they fill memory and time.
    """

    scheme: PasswordScheme = PasswordScheme.ARGON2ID
    cost: Argon2Cost = field(factory=Argon2Cost)
    bcrypt_cost: int = _BCRYPT_COST
    keep_bcrypt: bool = False
    queue: int = 100
    _at_work: int = field(init=False, default=0)
    _pool: ThreadPoolExecutor = field(init=False, factory=_threads, repr=False)
    _argon2: Argon2 = field(init=False, repr=False)
    #: Compared with when there is no real hash: right in form and cost, and nobody's.
    _nobody: str = field(init=False, repr=False)

    @_argon2.default
    def _make_argon2(self) -> Argon2:
        return Argon2(
            time_cost=self.cost.passes,
            memory_cost=self.cost.memory_kib,
            parallelism=self.cost.lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
            type=Type.ID,
        )

    @_nobody.default
    def _make_nobody(self) -> str:
        if self.scheme is PasswordScheme.BCRYPT:
            return f"$2b${self.bcrypt_cost:02}${bcrypt.gensalt().decode()[7:]}{secrets.token_hex(16)[:31]}"
        salt, digest = (
            b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (_SALT_BYTES, _HASH_BYTES)
        )
        cost = f"m={self.cost.memory_kib},t={self.cost.passes},p={self.cost.lanes}"
        return f"$argon2id$v=19${cost}${salt}${digest}"

    async def hash(self, password: str) -> str:
        """Return a salted hash.

        Raises:
            InvalidInputError: the password is longer than 1024 bytes, or bcrypt cannot tell it from another one.
            LimitExceededError: too many wait for a thread.
        """
        secret = _bytes(password)
        longest = BCRYPT_LONGEST if self.scheme is PasswordScheme.BCRYPT else LONGEST
        if len(secret) > longest:
            raise _refused(f"the password is longer than {longest} bytes", "password-too-long", "choose a shorter one")
        if self.scheme is PasswordScheme.ARGON2ID:
            return await self._in_thread(lambda: self._argon2.hash(secret))
        if b"\0" in secret:
            raise _refused("the password has a NUL character", "password-nul", "choose one without it")
        return await self._in_thread(lambda: bcrypt.hashpw(secret, bcrypt.gensalt(self.bcrypt_cost)).decode())

    async def verify(self, password: str, encoded: str) -> PasswordVerdict:
        """Compare in constant time; an empty or unknown *encoded* takes as long as a new one and never matches.

        Raises:
            LimitExceededError: too many wait for a thread.
        """
        secret = _bytes(password)
        if len(secret) > LONGEST:
            return PasswordVerdict(matches=False)
        if encoded.startswith(_BCRYPT_PREFIXES):
            return await self._in_thread(lambda: self._verify_bcrypt(secret, encoded))
        if encoded.startswith("$argon2"):
            return await self._in_thread(lambda: self._verify_argon2(secret, encoded))
        return await self._in_thread(lambda: self._verify_nothing(secret))

    def close(self) -> None:
        """End the threads; hashing is not possible any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify_argon2(self, secret: bytes, encoded: str) -> PasswordVerdict:
        try:
            self._argon2.verify(encoded, secret)
        except InvalidHashError:
            return self._verify_nothing(secret)
        except Argon2Error:
            return PasswordVerdict(matches=False)
        # With bcrypt for new ones these stay: nothing is made weaker than it is.
        outdated = self.scheme is PasswordScheme.ARGON2ID and self._argon2.check_needs_rehash(encoded)
        return PasswordVerdict(matches=True, needs_rehash=outdated)

    def _verify_bcrypt(self, secret: bytes, encoded: str) -> PasswordVerdict:
        # The predecessor could not store longer passwords, so a longer one can match only by its truncated beginning.
        if len(secret) > BCRYPT_LONGEST or b"\0" in secret:
            return self._verify_nothing(secret)
        try:
            matches = bcrypt.checkpw(secret, encoded.encode())
        except ValueError:
            return self._verify_nothing(secret)
        return PasswordVerdict(matches=matches, needs_rehash=matches and self._is_weak(encoded))

    def _verify_nothing(self, secret: bytes) -> PasswordVerdict:
        """Work as long as for a real hash."""
        if self.scheme is PasswordScheme.BCRYPT:
            bcrypt.checkpw(secret.replace(b"\0", b"")[:BCRYPT_LONGEST], self._nobody.encode())
        else:
            with suppress(Argon2Error):
                self._argon2.verify(self._nobody, secret)
        return PasswordVerdict(matches=False)

    def _is_weak(self, encoded: str) -> bool:
        if self.scheme is PasswordScheme.ARGON2ID:
            return not self.keep_bcrypt
        return int(encoded[4:6]) < self.bcrypt_cost

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._at_work >= _THREADS + self.queue:
            raise LimitExceededError("Too many sign in at once; try again", code="password.busy", retry_after=1)
        self._at_work += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._at_work -= 1


def _refused(message: str, rule: str, fix: str) -> InvalidInputError:
    code = "password.too_long" if rule == "password-too-long" else ""
    return InvalidInputError.of(message, rule=rule, path="password", code=code, fix=fix)


def _bytes(password: str) -> bytes:
    # Lone surrogates come in through JSON escapes; they are kept, so that they cannot make two passwords equal.
    return password.encode("utf-8", "surrogatepass")
