"""Accounts for who runs the machine: whoever has the store needs nobody's leave, and may have locked themselves out."""

from __future__ import annotations

from attrs import evolve, frozen

from flowcore.errors import ConflictError, InvalidInputError, NotFoundError
from flowcore.model import Role, Session, User
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change
from flowcore.usecases.accounts.emails import key_of_email
from flowcore.usecases.accounts.enrolling import FOUNDER
from flowcore.usecases.accounts.locking import Lockout
from flowcore.usecases.accounts.passwords import Passwords
from flowcore.usecases.accounts.registering import Newcomer, drafted, newcomer_findings


@frozen(kw_only=True)
class OperateAccounts:
    """Make accounts and open them again, whatever the rules of signing up say."""

    users: Repository[User]
    sessions: Repository[Session]
    passwords: Passwords
    lockout: Lockout
    clock: Clock
    ids: IdSource

    async def list(self) -> list[User]:
        """Return all accounts, by e-mail."""
        return await self.users.find({}, order_by=("email_key",))

    async def create(self, newcomer: Newcomer, role: Role) -> User:
        """Return a new account; the very first is an administrator's.

        Raises:
            InvalidInputError: e-mail, password or name will not do.
            ConflictError: there is an account with this e-mail.
        """
        findings = newcomer_findings(newcomer, self.passwords)
        if findings:
            raise InvalidInputError(findings)
        fresh = evolve(await drafted(newcomer, self.passwords, self.clock, self.ids), role=role)
        if not await self.users.count({}):
            fresh = evolve(fresh, id=FOUNDER, role=Role.ADMIN)
        try:
            return await self.users.add(fresh)
        except ConflictError:
            text = f"there is an account with the e-mail {newcomer.email.strip()}, or one was made at this moment"
            raise ConflictError(text, code="account.exists") from None

    async def find(self, email: str) -> User:
        """Return the account with an address.

        Raises:
            NotFoundError: there is none.
        """
        found = await self.users.find({"email_key": key_of_email(email)}, limit=1)
        if not found:
            raise NotFoundError(f"there is no account with the e-mail {email.strip()}", code="user.not_found")
        return found[0]

    async def reset_password(
        self, email: str, password: str, *, enable: bool = False, make_admin: bool = False
    ) -> User:
        """Return the account with a new password; its sessions and API tokens have ended, and failures are forgiven.

        Args:
            email: of the account.
            password: the new one.
            enable: let it be used again when it is disabled.
            make_admin: make its owner an administrator.

        Raises:
            NotFoundError: there is no such account.
            InvalidInputError: the password will not do.
        """
        user = await self.find(email)
        findings = self.passwords.rules.findings(password, "password", email=user.email, name=user.name)
        if findings:
            raise InvalidInputError(findings)
        fresh, now = await self.passwords.hash(password), self.clock.now()

        def renewed(stored: User) -> User:
            return evolve(
                stored,
                password_hash=fresh,
                tokens_from=now,
                updated_at=now,
                disabled_at=None if enable else stored.disabled_at,
                role=Role.ADMIN if make_admin else stored.role,
            )

        changed = await change(self.users, user.id, renewed)
        for session in await self.sessions.find({"user_id": user.id}):
            await self.sessions.remove(session.id)
        await self.lockout.forgive(changed)
        return changed
