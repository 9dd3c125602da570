"""The audit log: who did what, when, from where, and how it went."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from attrs import field, frozen


class ActorKind(StrEnum):
    """By what somebody acted: a session, an API token, the shell of the machine; or nobody did, or nobody knows."""

    SESSION = "session"
    API_TOKEN = "api-token"  # noqa: S105 (the word for one)
    LOCAL = "local"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


class AuditResult(StrEnum):
    """How it went: it was done, it was refused to who asked, or it could not be done."""

    OK = "ok"
    DENIED = "denied"
    FAILED = "failed"


@frozen(kw_only=True)
class AuditEntry:
    """One line of the audit log. Nothing secret is in it.

    Attributes:
        id: rises with time.
        actor_id: the user's id; empty where nobody is known.
        actor_email: the user's address at that time, in lower case.
        action: a stable dotted word like ``workflow.run``.
        target_type: what it was done to, like ``workflow``; empty for nothing in particular.
        target_id: its id, where it has one.
        target_name: its name at that time, where it has one.
        address: of the client; empty when nobody knows.
        agent: the client's program, as it calls itself, cut.
        request_id: the same as in the log of the service.
        error_code: stable word of what kept it from being done; empty where it was.
        details: what else is worth to be known.
        expires_at: the entry may be forgotten from this moment on; None for never.
    """

    id: str
    at: datetime
    actor_id: str = ""
    actor_email: str = ""
    actor_kind: ActorKind
    action: str
    target_type: str = ""
    target_id: str = ""
    target_name: str = ""
    address: str = ""
    agent: str = ""
    request_id: str = ""
    result: AuditResult = AuditResult.OK
    error_code: str = ""
    details: Mapping[str, str] = field(factory=dict)
    expires_at: datetime | None = None
    revision: int = 0
