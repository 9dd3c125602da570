"""The audit log's hook: every change, and everything that is refused, is recorded before its answer is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import structlog
from attrs import define, evolve, field
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from entrypoints.bootstrap import App
from entrypoints.http.client_address import device_of
from flowcore.errors import FlowcoreError
from flowcore.model import ActorKind, AuditResult
from flowcore.usecases.accounts.authenticating import Caller
from flowcore.usecases.accounts.locking import network_of
from flowcore.usecases.accounts.sessions import SignedIn
from flowcore.usecases.auditing.recording import NOBODY, Actor, Happened, Target

#: Option of a route that changes nothing although its method is not a reading one.
CHANGES_NOTHING: dict[str, Any] = {"audit": ""}
#: What is recorded when a route without a word of its own is refused.
REFUSED = "request"

_DENIED = (401, 403, 429)
_REFUSALS = (401, 403)
_ERROR = 400
_SERVER_ERROR = 500

#: What a path parameter says of the target; the last one that is known counts.
_PARAMETERS: Mapping[str, tuple[str, str]] = {
    "workflow_id": ("workflow", "id"),
    "version": ("version", "name"),
    "run_id": ("run", "id"),
    "grant_id": ("grant", "id"),
    "team_id": ("team", "id"),
    "user_id": ("user", "id"),
    "session_id": ("session", "id"),
    "token_id": ("api_token", "id"),
    "invite_id": ("invite", "id"),
    "name": ("cluster", "name"),
    "host": ("git_host", "name"),
    "provider": ("identity_provider", "name"),
    "plugin_id": ("plugin", "name"),
}


def audited(action: str) -> dict[str, Any]:
    """Return the option of a route that is recorded in the audit log under a stable dotted word."""
    return {"audit": action}


@define
class _Trail:
    """What the handler of a request tells about it.

    Attributes:
        email: of the account that somebody tries to get into.
    """

    target: Target | None = None
    actor: Actor | None = None
    email: str = ""
    error_code: str = ""
    details: dict[str, str] = field(factory=dict)


_TRAIL: ContextVar[_Trail] = ContextVar("audit_trail")


def tell_target(type_: str, id_: str = "", name: str = "", **details: object) -> None:
    """Tell what a request is about, where its path does not: what it made, and what else is worth to be known."""
    trail = _TRAIL.get(None)
    if trail is not None:
        trail.target = Target(type=type_, id=id_, name=name)
        trail.details |= {key: str(value) for key, value in details.items()}


def tell_details(**details: object) -> None:
    """Tell what else is worth to be known of a request; no secrets."""
    trail = _TRAIL.get(None)
    if trail is not None:
        trail.details |= {key: str(value) for key, value in details.items()}


def tell_attempt(email: str) -> None:
    """Tell which account somebody tries to get into. An address that is nobody's is not recorded: people type their
    password into the wrong field.
    """
    trail = _TRAIL.get(None)
    if trail is not None:
        trail.email = email


def tell_signed_in(signed_in: SignedIn) -> None:
    """Tell who has signed in by this request."""
    trail = _TRAIL.get(None)
    if trail is not None:
        trail.actor = Actor.user(signed_in.user, ActorKind.SESSION)
        trail.target = Target.user(signed_in.user)
        trail.details["session"] = signed_in.session.id


def tell_failure(code: str) -> None:
    """Tell that a request failed although its answer looks well, like a redirect."""
    trail = _TRAIL.get(None)
    if trail is not None:
        trail.error_code = code


async def note_error(error: Exception, scope: Scope) -> None:
    """Remember the code of what a request failed with; a hook of the application."""
    trail = _TRAIL.get(None)
    if trail is None:
        return
    if isinstance(error, FlowcoreError):
        trail.error_code = error.code
    elif isinstance(error, HTTPException):
        trail.error_code = f"http.{error.status_code}"
    else:
        trail.error_code = "internal"


@define(eq=False)
class Audit(ASGIMiddleware):
    """Records requests. The answer goes out when the entry is written, or when writing it takes too long.

    Attributes:
        on_left_out: told of every refusal that is not recorded, because there are too many of its sort.
        on_mistake: told the word of a request that could not be recorded by a mistake of ours.
    """

    scopes = (ScopeType.HTTP,)

    on_left_out: Callable[[], None]
    on_mistake: Callable[[str, Exception], None]

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let one request pass, and record it."""
        app: App = scope["litestar_app"].state.flowcore
        trail, answered = _Trail(), False
        token = _TRAIL.set(trail)

        async def tell(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start" and not answered:
                answered = True
                await self._record(app, scope, trail, message["status"])
            await send(message)

        try:
            await next_app(scope, receive, tell)
        finally:
            _TRAIL.reset(token)
            if not answered and (word := _word(scope)):
                # Whoever asked went away, or we broke down: what was done by then is not known.
                app.audit.recorder.note(_described(scope, trail, word, AuditResult.FAILED, "request.broken_off"))

    async def _record(self, app: App, scope: Scope, trail: _Trail, status: int) -> None:
        try:
            happened = await self._happened(app, scope, trail, status)
            if happened is not None:
                await app.audit.recorder.record(happened)
        except Exception as error:  # noqa: BLE001 (what was done is done: a mistake here must not turn its answer)
            self.on_mistake(_word(scope), error)

    async def _happened(self, app: App, scope: Scope, trail: _Trail, status: int) -> Happened | None:
        word = _word(scope)
        if not word and status not in _REFUSALS:
            return None
        result = AuditResult.OK if status < _ERROR and not trail.error_code else AuditResult.FAILED
        result = AuditResult.DENIED if status in _DENIED else result
        code = trail.error_code or (f"http.{status}" if result is not AuditResult.OK else "")
        if result is not AuditResult.OK and trail.email:
            await _find_account(app, trail)
        happened = _described(scope, trail, word or REFUSED, result, code)
        return self._dampened(app, happened) if result is AuditResult.DENIED else happened

    def _dampened(self, app: App, happened: Happened) -> Happened | None:
        """Keep anybody from filling the log with what they may not: of many refusals of one user, or of one network of
        strangers, some are recorded and all counted.
        """
        left_out = app.audit.dampener.admit(happened.actor.id or network_of(happened.address))
        if left_out is None:
            self.on_left_out()
            return None
        return evolve(happened, details={**happened.details, "left_out": str(left_out)}) if left_out else happened


def _word(scope: Scope) -> str:
    word: str = scope["route_handler"].opt.get("audit") or ""
    return word


def _described(scope: Scope, trail: _Trail, word: str, result: AuditResult, code: str) -> Happened:
    device = device_of(ASGIConnection(scope))
    caller = scope.get("auth")
    details = dict(trail.details)
    if word == REFUSED:
        details |= {"method": str(scope.get("method", "")), "route": str(scope.get("path_template", ""))}
    target = trail.target or _target_of(word, scope.get("path_params", {}), details)
    return Happened(
        action=word,
        actor=trail.actor or (Actor.of(caller) if isinstance(caller, Caller) else NOBODY),
        target=target,
        result=result,
        error_code=code,
        address=device.address,
        agent=device.agent,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
        details=details,
    )


def _target_of(word: str, parameters: Mapping[str, Any], details: dict[str, str]) -> Target:
    """Return what the path is about: its last parameter; the ones before go into the details."""
    target = Target()
    for name, value in parameters.items():
        if name not in _PARAMETERS:
            continue
        if target.type:
            details.setdefault(target.type, target.id or target.name)
        type_, kind = _PARAMETERS[name]
        if type_ == "session" and word.startswith("import."):
            type_ = "import"
        target = Target(type=type_, id=str(value)) if kind == "id" else Target(type=type_, name=str(value))
    return target


async def _find_account(app: App, trail: _Trail) -> None:
    with suppress(FlowcoreError):
        user = await app.audit.queries.subject(trail.email)
        if user is None:
            trail.details["account"] = "unknown"
        else:
            trail.target = Target.user(user)
