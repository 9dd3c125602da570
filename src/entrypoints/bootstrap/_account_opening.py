"""Open the accounts of a store alone, without the service around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from attrs import frozen

from adapters.security import Argon2BcryptHasher, PasswordScheme, is_common_password
from adapters.system import SystemClock, SystemIds
from entrypoints.bootstrap._accounts import rules_of
from entrypoints.bootstrap._auditing import audit_log_of, keep_of
from entrypoints.bootstrap._opening import open_store
from entrypoints.settings import Settings
from flowcore.errors import InvalidInputError, NotFoundError
from flowcore.ports.storage import ATTEMPTS, SESSIONS, USERS
from flowcore.usecases.accounts.locking import Lockout
from flowcore.usecases.accounts.operating import OperateAccounts
from flowcore.usecases.accounts.passwords import Passwords
from flowcore.usecases.accounts.throttling import Throttle
from flowcore.usecases.auditing.recording import AuditRecorder


@frozen
class AccountDesk:
    """The accounts of a store, and the log of what is done with them."""

    accounts: OperateAccounts
    recorder: AuditRecorder


@asynccontextmanager
async def open_accounts(settings: Settings, *, makes_store: bool = False) -> AsyncIterator[AccountDesk]:
    """Open the accounts in the store of the settings; the service may run meanwhile.

    Args:
        settings: as for the service.
        makes_store: make a database where there is none.

    Raises:
        InvalidInputError: the store is in the memory of the service, or cannot be used.
        NotFoundError: there is no database file.
        UnavailableError: the store does not answer.
    """
    store_url = settings.store
    if store_url.startswith("memory://"):
        text = "the accounts are in the memory of the service"
        raise InvalidInputError.of(text, rule="account-store", fix="register in the service itself")
    if not makes_store:
        _require_file(store_url)
    async with AsyncExitStack() as stack:
        store, clock, ids = await open_store(stack, settings, {}), SystemClock(), SystemIds()
        hasher = Argon2BcryptHasher(scheme=PasswordScheme(settings.password_hash))
        stack.callback(hasher.close)
        accounts = OperateAccounts(
            users=store.repository(USERS),
            sessions=store.repository(SESSIONS),
            passwords=Passwords(hasher=hasher, rules=rules_of(settings, is_common_password)),
            lockout=Lockout(throttle=Throttle(kept=store.repository(ATTEMPTS), clock=clock)),
            clock=clock,
            ids=ids,
        )
        recorder = AuditRecorder(log=audit_log_of(store), clock=clock, ids=ids, keep=keep_of(settings))
        yield AccountDesk(accounts, await stack.enter_async_context(recorder))


def _require_file(store_url: str) -> None:
    path = Path(store_url.removeprefix("sqlite:///"))
    if store_url.startswith("sqlite:///") and not path.exists():
        raise NotFoundError(f"there is no database {path}; name the service's with --data-dir or --store")
