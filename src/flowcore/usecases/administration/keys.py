"""The keys of an installation: list them, check them, replace them, and drop those that nothing needs any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta

from attrs import field, frozen

from flowcore.errors import Finding, Place, Severity
from flowcore.ports.security import KeyFacts, KeyPurpose, KeyStore
from flowcore.ports.system import Clock
from flowcore.usecases.administration.resealing import Reseal, Resealed, SealedRecords
from flowcore.usecases.auditing.recording import OPERATOR, Happened, Target

#: How long something that was sealed with the key before may be on its way into the store, with a margin.
SETTLES = timedelta(hours=1)
#: How long a token can be refreshed, from the moment it was signed.
TOKENS_LIVE = timedelta(days=8)
#: A key that is older should be replaced.
SHOULD_ROTATE = timedelta(days=365)


@frozen(kw_only=True)
class KeyUse:
    """A key and what needs it.

    Attributes:
        key: what may be told of it.
        records: how many stored records it has sealed; None for keys that seal none, and when there is no store.
    """

    key: KeyFacts
    records: int | None = None


@frozen(kw_only=True)
class Kept:
    """An old key that was not dropped, and the reason."""

    key: KeyFacts
    why: str


@frozen(kw_only=True)
class Dropped:
    """What became of the old keys."""

    dropped: Sequence[KeyFacts]
    kept: Sequence[Kept]


async def _ignore(_: Happened) -> None:
    return None


@frozen(kw_only=True)
class KeepKeys:
    """Look after the keys, as who has a shell on the machine may.

    Attributes:
        reseal: over the store that the keys are for; None when there is none.
        record: writes into the audit log what was done.
    """

    keys: KeyStore
    reseal: Reseal | None
    clock: Clock
    record: Callable[[Happened], Awaitable[None]] = field(default=_ignore)

    async def list(self) -> Sequence[KeyUse]:
        """Return every key with what needs it."""
        sealed = await self._sealed()
        return [KeyUse(key=key, records=_records(key, sealed)) for key in self.keys.list()]

    async def check(self) -> Sequence[Finding]:
        """Return what is wrong with the keys, and what should be done about them; every sealed record is opened."""
        sealed = await self._sealed()
        records = sealed or SealedRecords(by_key={})
        findings = [
            Finding(rule="secret-unreadable", message=each.why, place=Place(path=each.place), fix=each.fix)
            for each in records.unreadable
        ]
        for key in self.keys.list():
            findings += self._advice(key, _records(key, sealed) or 0)
        return findings

    async def rotate(self, purposes: Collection[KeyPurpose]) -> Sequence[KeyFacts]:
        """Make a new current key for each purpose and return them; the old ones stay.

        Raises:
            ForbiddenError: the keys come from a place that flowcore cannot write to.
        """
        added = await self.keys.add(purposes)
        for key in added:
            await self._record("keys.rotate", key)
        return added

    async def seal_anew(self) -> Resealed:
        """Seal every secret of the store with the current key."""
        if self.reseal is None:
            return Resealed(sealed=0, current=0, unreadable=())
        done = await self.reseal()
        counts = {"sealed": str(done.sealed), "unreadable": str(len(done.unreadable))}
        await self.record(Happened(action="keys.reseal", actor=OPERATOR, details=counts))
        return done

    async def drop_old(self) -> Dropped:
        """Forget the old keys that nothing needs any more: no sealed record, no token that is still good.

        Raises:
            ForbiddenError: the keys come from a place that flowcore cannot write to.
        """
        sealed, now = await self._sealed(), self.clock.now()
        old = [key for key in self.keys.list() if not key.is_current]
        reasons = {(key.purpose, key.id): _reason(key, _records(key, sealed), now) for key in old}
        dropped = [key for key in old if not reasons[key.purpose, key.id]]
        if dropped:
            await self.keys.drop(dropped)
        for key in dropped:
            await self._record("keys.drop", key)
        kept = [Kept(key=key, why=why) for key in old if (why := reasons[key.purpose, key.id])]
        return Dropped(dropped=dropped, kept=kept)

    async def _record(self, action: str, key: KeyFacts) -> None:
        target = Target(type="key", id=key.id)
        await self.record(Happened(action=action, actor=OPERATOR, target=target, details={"purpose": key.purpose}))

    async def _sealed(self) -> SealedRecords | None:
        return await self.reseal.look() if self.reseal is not None else None

    def _advice(self, key: KeyFacts, records: int) -> Sequence[Finding]:
        place = Place(path=f"{key.purpose}/{key.id}")
        if records and not key.is_current:
            message = f"{_counted(records)} still sealed with the old key {key.id}"
            fix = "seal them with the current one: flowcore keys reseal"
            return [Finding(rule="key-old", message=message, place=place, fix=fix, severity=Severity.WARNING)]
        if key.is_current and key.made_at is not None and self.clock.now() - key.made_at > SHOULD_ROTATE:
            message = f"the current key {key.id} is older than {SHOULD_ROTATE.days} days"
            fix = f"make another: flowcore keys rotate --purpose {key.purpose}"
            return [Finding(rule="key-old", message=message, place=place, fix=fix, severity=Severity.WARNING)]
        return []


def _records(key: KeyFacts, sealed: SealedRecords | None) -> int | None:
    if sealed is None or key.purpose is not KeyPurpose.ENCRYPTION:
        return None
    return sealed.by_key.get(key.id, 0)


def _reason(key: KeyFacts, records: int | None, now: datetime) -> str:
    """Return why an old key must stay; empty when it need not."""
    is_sealing = key.purpose is KeyPurpose.ENCRYPTION
    if is_sealing and records is None:
        return "there is no store to look for what it has sealed"
    if records:
        return f"{_counted(records)} sealed with it"
    if key.replaced_at is None:
        return "nobody noted when it was replaced; take it out by hand when nothing needs it"
    rests = SETTLES if is_sealing else TOKENS_LIVE
    if now - key.replaced_at < rests:
        word = "a record may still be on its way into the store" if is_sealing else "tokens of it are still good"
        return f"{word} until {(key.replaced_at + rests).isoformat(timespec='minutes')}"
    return ""


def _counted(records: int) -> str:
    return "1 record is" if records == 1 else f"{records} records are"
