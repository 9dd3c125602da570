"""Credentials for Git hosts: each user's own, each for exactly one host."""

from __future__ import annotations

import re

from attrs import evolve, frozen

from flowcore.errors import ConflictError, InvalidInputError, NotFoundError
from flowcore.model import GitAccess, User
from flowcore.ports.git import GitCredential
from flowcore.ports.sealed import GIT_SECRETS
from flowcore.ports.security import SecretCipher
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change

_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?::[1-9][0-9]{0,4})?")
_KEY = re.compile(r"-----BEGIN [A-Z ]+-----\r?\n[A-Za-z0-9+/=\r\n]+-----END [A-Z ]+-----\s*")
_LONGEST = 16_384


@frozen(kw_only=True)
class GitCredentials:
    """A user's credentials for Git hosts; what is stored is encrypted and never shown again."""

    kept: Repository[GitAccess]
    cipher: SecretCipher
    clock: Clock
    ids: IdSource

    async def list(self, user: User) -> list[GitAccess]:
        """Return the user's, by host; their secrets are encrypted."""
        return await self.kept.find({"owner_id": user.id}, order_by=("host",))

    async def put(self, user: User, host: str, *, username: str, secret: str) -> GitAccess:
        """Store what imports of the user show to a host, in place of what was stored for it.

        Raises:
            InvalidInputError: the host, the name or the secret will not do.
        """
        host = host.strip().lower()
        if not _HOST.fullmatch(host) or len(host) > 253:
            fix = "give the host alone, like git.example.com or git.example.com:8443"
            raise InvalidInputError.of("the host is not the name of a host", path="host", fix=fix)
        if not secret or len(secret) > _LONGEST or not (secret.isprintable() or _KEY.fullmatch(secret)):
            message = "the secret must be a password or token in one line, or a private key in PEM form"
            raise InvalidInputError.of(message, path="secret")
        if not username.isprintable() or ":" in username or len(username) > _LONGEST:
            raise InvalidInputError.of("the user name must be one line without a colon", path="username")
        found = await self.kept.find({"owner_id": user.id, "host": host}, limit=1)
        if not found:
            try:
                return await self.kept.add(self._fresh(user, host, username, secret))
            except ConflictError:
                found = await self.kept.find({"owner_id": user.id, "host": host}, limit=1)
        return await change(
            self.kept,
            found[0].id,
            lambda stored: evolve(
                stored, username=username, secret=self._sealed(stored.id, secret), updated_at=self.clock.now()
            ),
        )

    async def remove(self, user: User, host: str) -> None:
        """Forget what is stored for a host.

        Raises:
            NotFoundError: there is nothing.
        """
        for stored in await self.kept.find({"owner_id": user.id, "host": host.strip().lower()}):
            await self.kept.remove(stored.id)
            return
        raise NotFoundError("No credentials for this host", code="git.no_credentials")

    async def for_host(self, user: User, host: str) -> GitCredential | None:
        """Return what the user's imports show to exactly this host; None for nothing."""
        found = await self.kept.find({"owner_id": user.id, "host": host.lower()}, limit=1)
        if not found:
            return None
        secret = self.cipher.decrypt(found[0].secret, context=GIT_SECRETS.context(found[0].id))
        return GitCredential(host=found[0].host, username=found[0].username or "git", secret=secret)

    def _fresh(self, user: User, host: str, username: str, secret: str) -> GitAccess:
        id_ = self.ids.new_id()
        sealed = self._sealed(id_, secret)
        return GitAccess(
            id=id_, owner_id=user.id, host=host, username=username, secret=sealed, created_at=self.clock.now()
        )

    def _sealed(self, id_: str, secret: str) -> str:
        return self.cipher.encrypt(secret, context=GIT_SECRETS.context(id_))
