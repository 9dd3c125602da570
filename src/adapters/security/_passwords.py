"""Password hashes: argon2id for new ones, bcrypt still understood."""

from __future__ import annotations

import asyncio
import secrets
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import bcrypt
from argon2 import PasswordHasher as Argon2
from argon2 import Type
from argon2.exceptions import Argon2Error, InvalidHashError
from attrs import field, frozen

from flowcore.errors import InvalidInputError
from flowcore.ports.security import PasswordVerdict

T = TypeVar("T")

#: Longest password in bytes of UTF-8; more would only cost time.
LONGEST = 1024

#: bcrypt looks at no more bytes than this.
BCRYPT_LONGEST = 72

_BCRYPT_PREFIXES = ("$2a$", "$2b$", "$2y$")
_SALT_BYTES = 16
_HASH_BYTES = 32


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
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")


@frozen(kw_only=True)
class Argon2BcryptHasher:
    """A ``PasswordHasher`` that works in its own few threads, so that sign-ins neither stop the loop nor fill memory.

    Attributes:
        cost: what new hashes cost; a stored hash with another cost asks for a new one.
        keep_bcrypt: do not ask for new hashes in place of bcrypt's, while an older program still reads them.
    """

    cost: Argon2Cost = field(factory=Argon2Cost)
    keep_bcrypt: bool = False
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
        salt, digest = (
            b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (_SALT_BYTES, _HASH_BYTES)
        )
        cost = f"m={self.cost.memory_kib},t={self.cost.passes},p={self.cost.lanes}"
        return f"$argon2id$v=19${cost}${salt}${digest}"

    async def hash(self, password: str) -> str:
        """Return a salted argon2id hash.

        Raises:
            InvalidInputError: the password is longer than 1024 bytes.
        """
        secret = _bytes(password)
        if len(secret) > LONGEST:
            raise InvalidInputError.of(
                f"the password is longer than {LONGEST} bytes",
                rule="password-too-long",
                path="password",
                code="password.too_long",
                fix="choose a shorter one",
            )
        return await self._in_thread(lambda: self._argon2.hash(secret))

    async def verify(self, password: str, encoded: str) -> PasswordVerdict:
        """Compare in constant time; an empty or unknown *encoded* takes as long as an argon2 one and never matches."""
        secret = _bytes(password)
        if len(secret) > LONGEST:
            return PasswordVerdict(matches=False)
        if encoded.startswith(_BCRYPT_PREFIXES):
            return await self._in_thread(lambda: self._verify_bcrypt(secret, encoded))
        return await self._in_thread(lambda: self._verify_argon2(secret, encoded))

    def close(self) -> None:
        """End the threads; hashing is not possible any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify_argon2(self, secret: bytes, encoded: str) -> PasswordVerdict:
        is_known = encoded.startswith("$argon2")
        try:
            matches = self._argon2.verify(encoded if is_known else self._nobody, secret)
        except InvalidHashError:
            return self._verify_argon2(secret, "")
        except Argon2Error:
            return PasswordVerdict(matches=False)
        if not (matches and is_known):
            return PasswordVerdict(matches=False)
        return PasswordVerdict(matches=True, needs_rehash=self._argon2.check_needs_rehash(encoded))

    def _verify_bcrypt(self, secret: bytes, encoded: str) -> PasswordVerdict:
        # The predecessor could not store longer passwords, so a longer one can match only by its truncated beginning.
        if len(secret) > BCRYPT_LONGEST or b"\0" in secret:
            self._verify_argon2(secret, "")
            return PasswordVerdict(matches=False)
        try:
            matches = bcrypt.checkpw(secret, encoded.encode())
        except ValueError:
            return self._verify_argon2(secret, "")
        return PasswordVerdict(matches=matches, needs_rehash=matches and not self.keep_bcrypt)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _bytes(password: str) -> bytes:
    # Lone surrogates come in through JSON escapes; they are kept, so that they cannot make two passwords equal.
    return password.encode("utf-8", "surrogatepass")
