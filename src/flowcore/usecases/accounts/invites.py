"""Invites: codes that let people register. Administrators make them; at the door they are looked at and used up."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta

from attrs import evolve, field, frozen

from flowcore.errors import ConflictError, Finding, ForbiddenError, InvalidInputError, NotFoundError
from flowcore.model import HouseCode, Invite, User
from flowcore.ports.sealed import HOUSE_CODE
from flowcore.ports.security import SecretCipher
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change
from flowcore.usecases.access import require_administrator
from flowcore.usecases.accounts.locking import network_of
from flowcore.usecases.accounts.passwords import account_finding
from flowcore.usecases.accounts.throttling import Allowance, Throttle, digest

#: How every strong code begins, so that scanners of leaked secrets know it.
PREFIX = "fci_"
_LETTERS = 32
_MOST_USES = 1000
_MOST_DAYS = 90
_LONGEST_NOTE = 200
_MOST_INVITES = 1000
_HOUSE = "house"

#: Guesses from one address; codes that are typed wrong do not reach it.
_BY_ADDRESS = Allowance(free=10, first_wait=30, longest_wait=3600, drain=600)
#: Guesses from everywhere, at codes that are short enough to be guessed. A million of them take years.
_BY_ALL = Allowance(free=200, first_wait=5, longest_wait=900, drain=60)


@frozen
class MadeInvite:
    """A new invite; this is the only time that its code is shown."""

    code: str = field(repr=False)
    kept: Invite


@frozen(kw_only=True)
class Invites:
    """The strong codes. Every method raises ForbiddenError for who is no administrator."""

    kept: Repository[Invite]
    clock: Clock
    ids: IdSource

    async def make(self, admin: User, *, uses: int = 1, days: int = 7, note: str = "") -> MadeInvite:
        """Return a new code for so many people and days.

        Raises:
            InvalidInputError: uses, days or note will not do; every problem is listed.
        """
        require_administrator(admin)
        findings = _problems(uses, days, note)
        if not findings and await self.kept.count({}) >= _MOST_INVITES:
            findings = [account_finding("uses", f"is of one invite too many: there are {_MOST_INVITES}; revoke some")]
        if findings:
            raise InvalidInputError(findings)
        now = self.clock.now()
        code = PREFIX + self.ids.new_secret(_LETTERS)
        fresh = Invite(
            id=self.ids.new_id(),
            digest=digest(code),
            created_by=admin.id,
            created_at=now,
            expires_at=now + timedelta(days=days),
            uses_left=uses,
            note=note.strip(),
        )
        return MadeInvite(code, await self.kept.add(fresh))

    async def list(self, admin: User) -> list[Invite]:
        """Return the invites that have not expired, newest first; those that are used up, too."""
        require_administrator(admin)
        now = self.clock.now()
        return [invite for invite in await self.kept.find({}, order_by=("-created_at",)) if now < invite.expires_at]

    async def revoke(self, admin: User, invite_id: str) -> None:
        """Make a code useless at once.

        Raises:
            NotFoundError: there is no such invite.
        """
        require_administrator(admin)
        if not await self.kept.remove(invite_id):
            raise NotFoundError("Invite not found", code="invite.not_found")


@frozen(kw_only=True)
class HouseCodes:
    """The six-digit code of the house, kept sealed. Methods that take an *admin* raise ForbiddenError for others."""

    kept: Repository[HouseCode]
    cipher: SecretCipher
    clock: Clock
    ids: IdSource

    async def show(self, admin: User) -> str:
        """Return the code; there is one afterwards."""
        require_administrator(admin)
        code = self.code_in(await self._stored())
        return code or await self.renew(admin)

    async def renew(self, admin: User) -> str:
        """Return a new code; the old one is of no use any more."""
        require_administrator(admin)
        code = self._new()
        await self._change(lambda stored: self._with(stored, code))
        return code

    async def changes_after_use(self, admin: User) -> bool:
        """Say whether somebody who registers with the code uses it up."""
        require_administrator(admin)
        stored = await self._stored()
        return stored is not None and stored.changes_after_use

    async def set_changes_after_use(self, admin: User, *, changes: bool) -> None:
        """Choose whether somebody who registers with the code uses it up, and a new one takes its place."""
        require_administrator(admin)
        await self._change(lambda stored: evolve(stored, changes_after_use=changes, updated_at=self.clock.now()))

    async def use(self, code: str) -> bool:
        """Say whether this is the code. Where that uses it up, two at once do not both have it."""
        stored = await self._stored()
        if stored is None or not is_same(code, self.code_in(stored)):
            return False
        if not stored.changes_after_use:
            return True
        try:
            await self.kept.replace(self._with(stored, self._new()))
        except (ConflictError, NotFoundError):
            return False
        return True

    def code_in(self, stored: HouseCode | None) -> str:
        """Return the code of a record; empty when there is none, or its key is gone."""
        if stored is None or not stored.code:
            return ""
        try:
            return self.cipher.decrypt(stored.code, context=HOUSE_CODE.context(stored.id))
        except InvalidInputError:
            return ""

    async def _stored(self) -> HouseCode | None:
        found = await self.kept.find({"id": _HOUSE}, limit=1)
        return found[0] if found else None

    async def _change(self, make: Callable[[HouseCode], HouseCode]) -> None:
        try:
            await change(self.kept, _HOUSE, make)
        except NotFoundError:
            try:
                await self.kept.add(make(HouseCode(id=_HOUSE)))
            except ConflictError:  # somebody was faster
                await change(self.kept, _HOUSE, make)

    def _with(self, stored: HouseCode, code: str) -> HouseCode:
        sealed = self.cipher.encrypt(code, context=HOUSE_CODE.context(_HOUSE))
        return evolve(stored, code=sealed, updated_at=self.clock.now())

    def _new(self) -> str:
        chance = hashlib.sha256(self.ids.new_secret(_LETTERS).encode()).digest()
        return f"{int.from_bytes(chance) % 1_000_000:06d}"


@frozen(kw_only=True)
class Admission:
    """Looks at the codes of those who want to register.

    Attributes:
        is_required: whether a code is asked for.
        fixed_code: one that is always good; empty for none. It is asked for when there is one.
    """

    invites: Repository[Invite]
    house: HouseCodes
    throttle: Throttle
    clock: Clock
    is_required: bool = False
    fixed_code: str = field(default="", repr=False)

    @property
    def asks(self) -> bool:
        """Whether a code is asked for."""
        return self.is_required or bool(self.fixed_code)

    async def admit(self, code: str, address: str) -> Invite | None:
        """Use a code up by one; return the invite that it was, which can be given back.

        Args:
            code: as typed.
            address: where the request comes from; empty when nobody knows.

        Raises:
            ForbiddenError: the code is wrong, used up or expired: the answer does not tell which.
            LimitExceededError: too many codes were wrong lately; it says when to try again.
        """
        code = code.strip()
        if not self.asks:
            return None
        if not code:
            raise _refused()
        counts = _counts(code, address)
        for key, allowance in counts:
            await self.throttle.charge(key, allowance)
        invite = await self._used_invite(code) if code.startswith(PREFIX) else None
        if invite is None and not (is_same(code, self.fixed_code) or await self.house.use(code)):
            raise _refused()
        for key, allowance in counts:
            await self.throttle.take_back(key, allowance)
        return invite

    async def give_back(self, invite: Invite | None) -> None:
        """Let somebody else use what was not needed after all."""
        if invite is None:
            return
        try:
            await change(self.invites, invite.id, lambda stored: evolve(stored, uses_left=stored.uses_left + 1))
        except NotFoundError:
            return  # it was revoked meanwhile

    async def _used_invite(self, code: str) -> Invite | None:
        found = await self.invites.find({"digest": digest(code)}, limit=1)
        if not found:
            return None
        try:
            return await change(self.invites, found[0].id, self._with_one_less)
        except (_UselessError, NotFoundError):
            return None

    def _with_one_less(self, stored: Invite) -> Invite:
        if stored.uses_left < 1 or self.clock.now() >= stored.expires_at:
            raise _UselessError
        return evolve(stored, uses_left=stored.uses_left - 1)


class _UselessError(Exception):
    """An invite is used up or has expired."""


def is_same(typed: str, code: str) -> bool:
    """Compare two codes in constant time; an empty one is never the same."""
    same = hmac.compare_digest(digest(typed), digest(code))
    return bool(code) and same


def _refused() -> ForbiddenError:
    return ForbiddenError("Valid invite code required", code="account.invite_required")


def _counts(code: str, address: str) -> list[tuple[str, Allowance]]:
    counts = [(f"invite from {network_of(address)}", _BY_ADDRESS)] if address else []
    if not code.startswith(PREFIX):
        counts.append(("invite from anywhere", _BY_ALL))
    return counts


def _problems(uses: int, days: int, note: str) -> list[Finding]:
    findings = []
    if not 1 <= uses <= _MOST_USES:
        findings.append(account_finding("uses", f"must be 1 to {_MOST_USES}"))
    if not 1 <= days <= _MOST_DAYS:
        findings.append(account_finding("days", f"must be 1 to {_MOST_DAYS}"))
    if len(note) > _LONGEST_NOTE or not note.isprintable():
        findings.append(account_finding("note", f"must have at most {_LONGEST_NOTE} characters in one line"))
    return findings
