"""Requests to providers: only to addresses that the guard has checked, without redirects, bounded in size and time."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import httpx
from attrs import field, frozen

from flowcore.errors import FlowcoreError
from flowcore.ports.network import AddressGuard

_LARGEST = 1024 * 1024
_LONGEST = 10.0
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "flowcore"}
_PORTS = {"https": 443, "http": 80}


class OutgoingError(Exception):
    """There is no answer that can be used; the text is safe for a log."""


@frozen
class Answer:
    """An answer with a JSON body."""

    status: int
    document: Any = field(repr=False)

    @property
    def is_ok(self) -> bool:
        """Whether the request was successful."""
        return self.status == httpx.codes.OK


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _connect() -> httpx.AsyncBaseTransport:
    return httpx.AsyncHTTPTransport(verify=_tls())


class _Pinned(httpx.AsyncBaseTransport):
    """Connects to the checked address, and still asks for the host by its name, in TLS and in HTTP."""

    def __init__(self, guard: AddressGuard, inner: httpx.AsyncBaseTransport) -> None:
        self._guard = guard
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        place = await self._guard.admit(url.host, url.port or _PORTS[url.scheme])
        failure: httpx.TransportError = httpx.ConnectError("no address")
        for address in place.addresses:
            pinned = httpx.Request(
                request.method,
                url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": place.host},
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure

    async def aclose(self) -> None:
        await self._inner.aclose()


@frozen
class Outgoing:
    """The way out.

    Attributes:
        guard: decides on addresses.
        connect: makes what carries a request to an address that was let through.
        seconds: how long one request may take in all.
    """

    guard: AddressGuard
    connect: Callable[[], httpx.AsyncBaseTransport] = _connect
    seconds: float = _LONGEST

    async def send(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: str = "") -> Answer:
        """Send a request and return what came back.

        Raises:
            OutgoingError: the address is not allowed, nobody answers in time, or it is too large or no JSON.
        """
        host = httpx.URL(url).host
        try:
            async with asyncio.timeout(self.seconds):
                return await self._send(method, url, {**_HEADERS, **(headers or {})}, body)
        except FlowcoreError as error:
            raise OutgoingError(f"{host}: {error.code}") from None
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise OutgoingError(f"{host}: {type(error).__name__}") from None
        except (ValueError, RecursionError):
            raise OutgoingError(f"{host}: the answer is not JSON") from None

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: str) -> Answer:
        # One connection for one request: a pool would reuse an address for another name.
        transport = _Pinned(self.guard, self.connect())
        async with (
            httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False) as client,
            client.stream(method, url, headers=headers, content=body or None) as response,
        ):
            if "content-encoding" in response.headers:
                raise httpx.DecodingError("not asked for")
            received = bytearray()
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > _LARGEST:
                    raise OutgoingError(f"{httpx.URL(url).host}: the answer is larger than {_LARGEST} bytes")
            return Answer(response.status_code, _document(bytes(received), response.status_code))


def _document(body: bytes, status: int) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        if status == httpx.codes.OK:
            raise
        return None
