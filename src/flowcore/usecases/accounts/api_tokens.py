"""API tokens: made by a user for a program, shown once, scoped, expiring, revocable."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import timedelta

from attrs import evolve, field, frozen

from flowcore.errors import (
    Finding,
    FlowcoreError,
    InvalidInputError,
    NotFoundError,
    Place,
    UnauthenticatedError,
)
from flowcore.model import ApiToken, User
from flowcore.policy import Scope
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change

#: How every token begins, so that scanners of leaked secrets know it.
PREFIX = "fct_"
_LETTERS = 43  # letters and digits, more than 256 bits
_LONGEST_NAME = 100
#: Most days that a token is valid.
MOST_DAYS = 366
_MOST_TOKENS = 100
_NOTE_EVERY = timedelta(hours=1)


@frozen
class MadeToken:
    """A new token; this is the only time that it is shown."""

    token: str = field(repr=False)
    kept: ApiToken


@frozen(kw_only=True)
class ApiTokens:
    """A user's API tokens."""

    kept: Repository[ApiToken]
    clock: Clock
    ids: IdSource

    async def make(self, user: User, *, name: str, scopes: tuple[str, ...], days: int) -> MadeToken:
        """Return a new token.

        Raises:
            InvalidInputError: name, scopes or days will not do; every problem is listed.
        """
        findings = _problems(name, scopes, days)
        if not findings and await self.kept.count({"user_id": user.id}) >= _MOST_TOKENS:
            findings = [_problem("name", f"is one too many: you have {_MOST_TOKENS} tokens; revoke some first")]
        if findings:
            raise InvalidInputError(findings)
        now = self.clock.now()
        token = PREFIX + self.ids.new_secret(_LETTERS)
        fresh = ApiToken(
            id=self.ids.new_id(),
            user_id=user.id,
            name=name.strip(),
            digest=_digest(token),
            scopes=tuple(dict.fromkeys(scopes)),
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        return MadeToken(token, await self.kept.add(fresh))

    async def list(self, user: User) -> list[ApiToken]:
        """Return the user's tokens, newest first; those that have expired, too."""
        return await self.kept.find({"user_id": user.id}, order_by=("-created_at",))

    async def revoke(self, user: User, token_id: str) -> None:
        """Make a token useless at once.

        Raises:
            NotFoundError: the user has none of this id.
        """
        found = await self.kept.find({"id": token_id, "user_id": user.id}, limit=1)
        if not found:
            raise NotFoundError("API token not found", code="api_token.not_found")
        await self.kept.remove(token_id)

    async def recognise(self, token: str) -> ApiToken:
        """Return what is kept of a token, and note its use.

        Raises:
            UnauthenticatedError: it is none, or has expired or been revoked.
        """
        found = await self.kept.find({"digest": _digest(token)}, limit=1)
        now = self.clock.now()
        if not found or now >= found[0].expires_at:
            raise _invalid()
        used = found[0].last_used_at
        if used is None or now - used >= _NOTE_EVERY:
            with suppress(FlowcoreError):  # when it was used is good to know, and no reason to refuse it
                await change(self.kept, found[0].id, lambda stored: evolve(stored, last_used_at=now))
        return found[0]


def _invalid() -> UnauthenticatedError:
    return UnauthenticatedError("Invalid or expired token", code="token.invalid")


def _digest(token: str) -> str:
    # A random token needs no slow hash: there is nothing to guess.
    return hashlib.sha256(token.encode()).hexdigest()


def _problems(name: str, scopes: tuple[str, ...], days: int) -> list[Finding]:
    findings = []
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        findings.append(_problem("name", f"must have 1 to {_LONGEST_NAME} characters in one line"))
    known = [scope.value for scope in Scope]
    if not scopes or not set(scopes) <= set(known):
        findings.append(_problem("scopes", f"must be some of {', '.join(known)}"))
    if not 1 <= days <= MOST_DAYS:
        findings.append(_problem("days", f"must be 1 to {MOST_DAYS}"))
    return findings


def _problem(path: str, message: str) -> Finding:
    return Finding(rule="api-token", message=f"{path} {message}", place=Place(path=path))
