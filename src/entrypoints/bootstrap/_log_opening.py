"""The audit log alone, for the command line: beside a running service, or without one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from attrs import frozen

from adapters.system import SystemClock, SystemIds
from entrypoints.bootstrap._auditing import audit_log_of, keep_of
from entrypoints.bootstrap._opening import open_store
from entrypoints.settings import Settings
from flowcore.errors import InvalidInputError, NotFoundError
from flowcore.ports.audit import AuditLog
from flowcore.usecases.auditing.recording import AuditRecorder


@frozen(kw_only=True)
class AuditDesk:
    """The audit log of the settings' store, opened.

    Attributes:
        recorder: for what is done with the log from here.
    """

    log: AuditLog
    recorder: AuditRecorder


@asynccontextmanager
async def open_audit_log(settings: Settings) -> AsyncIterator[AuditDesk]:
    """Open the store of the settings; none is made.

    Raises:
        InvalidInputError: the store is in the memory of the service, or cannot be used.
        NotFoundError: there is no database file.
        UnavailableError: the store does not answer.
    """
    if settings.store.startswith("memory://"):
        fix = "ask the service: GET /v1/api/admin/audit/export"
        raise InvalidInputError.of("the audit log is in the memory of the service", rule="audit-store", fix=fix)
    _require_file(settings.store)
    async with AsyncExitStack() as stack:
        log = audit_log_of(await open_store(stack, settings, {}))
        recorder = AuditRecorder(log=log, clock=SystemClock(), ids=SystemIds(), keep=keep_of(settings))
        yield AuditDesk(log=log, recorder=await stack.enter_async_context(recorder))


def _require_file(store: str) -> None:
    path = Path(store.removeprefix("sqlite:///"))
    if store.startswith("sqlite:///") and not path.exists():
        raise NotFoundError(f"there is no database {path}; name the service's with --data-dir or --store")
