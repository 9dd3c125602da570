"""Leases on names: who of several processes works on something, with a token that rises with every new holder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from attrs import evolve, field, frozen

from flowcore.errors import ConflictError, NotFoundError
from flowcore.model import Lease
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock


@frozen(kw_only=True)
class Leases:
    """The leases of one process.

    Attributes:
        store: where all processes keep them.
        clock: the time; the clocks of the processes must agree much better than ``seconds``.
        holder: id of this process.
        seconds: how long a lease lasts without being renewed.
    """

    store: Repository[Lease]
    clock: Clock
    holder: str
    seconds: float = field(default=15)

    async def acquire(self, name: str) -> Lease | None:
        """Take the lease when it is free, given back or expired; None when another holds it."""
        now = self.clock.now()
        expires = now + timedelta(seconds=self.seconds)
        try:
            held = await self.store.get(name)
        except NotFoundError:
            return await self._write(Lease(id=name, holder=self.holder, token=1, expires_at=expires), is_new=True)
        if held.holder and held.expires_at > now:
            return None
        return await self._write(evolve(held, holder=self.holder, token=held.token + 1, expires_at=expires))

    async def renew(self, lease: Lease) -> Lease | None:
        """Hold the lease for another while; None when it is lost."""
        expires = self.clock.now() + timedelta(seconds=self.seconds)
        renewed = await self._write(evolve(lease, expires_at=expires))
        if renewed is not None:
            return renewed
        # When only the answer to an earlier renewal was lost, the lease is ours under a later revision.
        held = await self.store.find({"id": lease.id}, limit=1)
        if not held or (held[0].holder, held[0].token) != (lease.holder, lease.token):
            return None
        return await self._write(evolve(held[0], expires_at=expires))

    async def release(self, lease: Lease) -> None:
        """Give the lease back, so that another process need not wait for its end."""
        await self._write(evolve(lease, holder="", expires_at=self.clock.now()))

    async def forget(self, name: str) -> None:
        """Remove a lease that nobody will ask for any more."""
        await self.store.remove(name)

    @asynccontextmanager
    async def waiting(self, name: str, *, poll: float = 0.05) -> AsyncIterator[Lease]:
        """Hold a lease for a short piece of work, waiting for it as long as it takes."""
        while (lease := await self.acquire(name)) is None:
            await self.clock.sleep(poll)
        try:
            yield lease
        finally:
            await self.release(lease)

    async def _write(self, lease: Lease, *, is_new: bool = False) -> Lease | None:
        with suppress(ConflictError, NotFoundError):
            return await (self.store.add(lease) if is_new else self.store.replace(lease))
        return None
