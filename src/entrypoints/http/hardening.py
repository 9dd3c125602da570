"""What every answer says to browsers, and what no request may do: come to another host, or take for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from attrs import define
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPReceiveMessage, Message, Receive, Scope, Send, WebSocketReceiveMessage

from entrypoints.settings import Settings

#: For answers that are data: nothing in them may be shown as a page, run, or framed.
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

#: What an answer has unless its handler says it otherwise, like a page of a web client with its own policy.
_HEADERS: Mapping[str, str] = {
    "content-security-policy": API_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_TWO_YEARS = "max-age=63072000; includeSubDomains"


def headers_of(settings: Settings) -> Callable[[Message, Scope], Awaitable[None]]:
    """Return what adds the headers of security to every answer, also to those that no handler makes."""
    wanted = dict(_HEADERS)
    if settings.public_url.startswith("https:"):
        wanted["strict-transport-security"] = _TWO_YEARS
    encoded = [(name.encode(), value.encode()) for name, value in wanted.items()]

    async def add(message: Message, _: Scope) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            known = {name.lower() for name, _ in headers}
            message["headers"] = [*headers, *((name, value) for name, value in encoded if name not in known)]

    return add


@define(eq=False)
class Harden(ASGIMiddleware):
    """Checks the host, and ends requests that take too long.

    A request's body must have come after ``settings.body_timeout`` seconds, and its answer begun after
    ``settings.request_timeout``; an answer that has begun, like a live stream, may last.
    """

    scopes = (ScopeType.HTTP,)

    settings: Settings

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass one request on."""
        has_begun = False

        async def tell(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                deadline.reschedule(None)
            await send(message)

        try:
            async with asyncio.timeout(self.settings.request_timeout) as deadline:
                if not self._is_ours(scope):
                    await _refuse(tell, 421, "host", "The service does not answer for this host")
                    return
                await next_app(scope, _timed(receive, self.settings.body_timeout), tell)
        except TimeoutError:
            if has_begun:
                raise
            await _refuse(send, 503, "request.timeout", "The answer took too long; try again later")

    def _is_ours(self, scope: Scope) -> bool:
        """Say whether a request is for a host of the settings; health checks come by address."""
        allowed = self.settings.allowed_hosts
        if not allowed or scope["path"] == "/health":
            return True
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        return _without_port(host.lower()) in {name.lower() for name in allowed}


def _timed(receive: Receive, seconds: float) -> Receive:
    """Return what receives a request's body within *seconds* in all."""
    loop = asyncio.get_running_loop()
    ends, is_complete = loop.time() + seconds, False

    async def timed() -> HTTPReceiveMessage | WebSocketReceiveMessage:
        nonlocal is_complete
        if is_complete:
            return await receive()  # from here on, only the client's leaving is waited for
        try:
            async with asyncio.timeout_at(ends):
                message = await receive()
        except TimeoutError:
            raise HTTPException(status_code=408, detail="The request's body did not come in time") from None
        is_complete = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    return timed


async def _refuse(send: Send, status: int, code: str, text: str) -> None:
    body = msgspec.json.encode({"error": text, "code": code, "problems": []})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host
