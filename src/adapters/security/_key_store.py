"""The keys of an installation, for who looks after them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import reduce

from attrs import define, field

from adapters.security._key_sources import KeySource
from adapters.security._keyring import PLAIN_SIGNATURE, Keyring
from adapters.security._keyring_file import KeyringFile
from flowcore.errors import ForbiddenError
from flowcore.ports.security import KeyFacts, KeyPurpose
from flowcore.ports.system import Clock


@define
class SourcedKeys:
    """A ``KeyStore`` over a place that keys come from.

    Attributes:
        source: where they come from; only a file can be written.
        keyring: as it was read from there.
        token_algorithm: what new tokens are signed with.
    """

    source: KeySource
    keyring: Keyring = field(repr=False)
    clock: Clock
    token_algorithm: str = PLAIN_SIGNATURE

    def list(self) -> Sequence[KeyFacts]:
        """Return what there is; see the port."""
        return self.keyring.facts(self.token_algorithm)

    async def add(self, purposes: Collection[KeyPurpose]) -> Sequence[KeyFacts]:
        """Make new current keys; see the port."""
        known = {(key.purpose, key.id) for key in self.list()}
        self.keyring = await self._file().change(lambda keyring: self.rotated(keyring, purposes))
        return [key for key in self.list() if key.is_current and (key.purpose, key.id) not in known]

    async def drop(self, keys: Collection[KeyFacts]) -> None:
        """Forget keys; see the port."""
        self.keyring = await self._file().change(lambda keyring: keyring.without(keys))

    def rotated(self, keyring: Keyring, purposes: Collection[KeyPurpose]) -> Keyring:
        """Return a keyring with new current keys; nothing is written."""
        now = self.clock.now()
        ordered = [purpose for purpose in KeyPurpose if purpose in purposes]
        return reduce(lambda ring, purpose: ring.rotated(purpose, now, self.token_algorithm), ordered, keyring)

    def _file(self) -> KeyringFile:
        if not isinstance(self.source, KeyringFile):
            raise ForbiddenError(
                f"the keys come from {self.source.name}, which flowcore cannot write; "
                "print a new keyring with --print, and put it there",
                code="keyring.read_only",
            )
        return self.source
