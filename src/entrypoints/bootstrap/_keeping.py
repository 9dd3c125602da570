"""Looking after the keys, from the command line: beside a running service, or before the first start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from attrs import evolve, frozen

from adapters.security import AesGcmCipher, Keyring, KeyringFile, SourcedKeys
from adapters.system import SystemClock, SystemIds
from entrypoints.bootstrap._auditing import audit_log_of
from entrypoints.bootstrap._keys import key_source, no_keys
from entrypoints.bootstrap._opening import open_store
from entrypoints.settings import Settings
from flowcore.errors import ConflictError, ForbiddenError
from flowcore.model import AuditEntry
from flowcore.ports.security import KeyPurpose
from flowcore.ports.storage import Store
from flowcore.usecases.administration.keys import KeepKeys
from flowcore.usecases.administration.resealing import Reseal
from flowcore.usecases.auditing.recording import AuditRecorder


@frozen(kw_only=True)
class KeyDesk:
    """The keys of the settings, opened.

    Attributes:
        keep: what can be done with them.
        source: names where they come from.
        has_store: whether there is a store with records that they may have sealed.
        is_live: whether a service that runs now on this machine uses a new key at once.
        is_shared: whether there may be services that use a new key only when they start again.
    """

    keep: KeepKeys
    source: str
    has_store: bool
    is_live: bool
    is_shared: bool


async def generate_keyring(settings: Settings) -> Path:
    """Write a new keyring where the settings say that its file is, and return the path.

    Raises:
        ConflictError: there is a file; it stays as it is.
        ForbiddenError: the settings name another place than a file.
        UnavailableError: it cannot be written.
    """
    source = key_source(settings)
    if not isinstance(source, KeyringFile):
        text = f"the keys come from {source.name}, and a file would not be read; print a keyring with --print"
        raise ForbiddenError(text, code="keyring.read_only")
    if not await source.create(Keyring.fresh(SystemClock().now())):
        text = f"{source.path} is there already; without its keys, nothing that they sealed can be read again"
        raise ConflictError(f"{text}. To replace keys: flowcore keys rotate", code="keyring.exists")
    return source.path


def new_keyring() -> str:
    """Return a new keyring as JSON; it is written nowhere."""
    return Keyring.fresh(SystemClock().now()).text()


async def rotated_keyring(settings: Settings, purposes: Collection[KeyPurpose]) -> str:
    """Return the keyring of the settings with new current keys as JSON; it is written nowhere.

    Raises:
        InvalidInputError: there are no keys, or they cannot be used.
        UnavailableError: the place of the keys does not answer.
    """
    keys = await _open_keys(settings)
    return keys.rotated(keys.keyring, purposes).text()


@asynccontextmanager
async def open_key_desk(
    settings: Settings, on_loss: Callable[[AuditEntry, BaseException | None], None]
) -> AsyncIterator[KeyDesk]:
    """Open the keys, and the store when there is one.

    Args:
        settings: of the service.
        on_loss: told what could not be written into the audit log.

    Raises:
        InvalidInputError: there are no keys, they cannot be used, or the store cannot.
        UnavailableError: the place of the keys or the store does not answer.
    """
    keys = await _open_keys(settings)
    async with AsyncExitStack() as stack:
        store = await open_store(stack, settings, {}) if _is_kept(settings) else None
        keep = KeepKeys(keys=keys, reseal=None, clock=SystemClock())
        if store is not None:
            recorder = await stack.enter_async_context(_recorder(store, settings, on_loss))
            reseal = Reseal(store=store, cipher=AesGcmCipher(lambda: keys.keyring.encryption))
            keep = evolve(keep, reseal=reseal, record=recorder.record)
        is_live = isinstance(keys.source, KeyringFile) and keys.source.wrapper is None
        yield KeyDesk(
            keep=keep,
            source=keys.source.name,
            has_store=store is not None,
            is_live=is_live,
            is_shared=not (is_live and settings.store.startswith("sqlite:")),
        )


async def _open_keys(settings: Settings) -> SourcedKeys:
    source = key_source(settings)
    keyring = await source.read()
    if keyring is None:
        raise no_keys(source)
    return SourcedKeys(source, keyring, SystemClock(), settings.token_algorithm)


def _is_kept(settings: Settings) -> bool:
    """Say whether there is a store already; asking about keys makes none."""
    if settings.store.startswith("memory://"):
        return False
    return not settings.store.startswith("sqlite:///") or Path(settings.store.removeprefix("sqlite:///")).exists()


def _recorder(
    store: Store, settings: Settings, on_loss: Callable[[AuditEntry, BaseException | None], None]
) -> AuditRecorder:
    keep = timedelta(days=settings.audit_keep_days) if settings.audit_keep_days else None
    log = audit_log_of(store)
    return AuditRecorder(log=log, clock=SystemClock(), ids=SystemIds(), keep=keep, on_loss=on_loss)
