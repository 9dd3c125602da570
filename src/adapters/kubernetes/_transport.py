"""Requests to one API server through the official client: limits, retries, and drivers' errors as ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp
from attrs import define, evolve, field, frozen
from kubernetes.aio.client import ApiClient

from adapters.kubernetes._access import close_client
from adapters.kubernetes._backoff import Backoff, Jitter, system_jitter
from adapters.kubernetes._errors import error_of, is_lost_race, may_pass, must_list_again, retry_after
from adapters.kubernetes._sockets import AddressRefusedError
from flowcore.errors import FlowcoreError, UnavailableError
from flowcore.ports.system import Clock

JSON = "application/json"

#: Seconds until a connection stands.
CONNECT_TIMEOUT = 10.0

_LARGEST_ANSWER = 128 * 2**20


@frozen(kw_only=True)
class Request:
    """One request; *path* is already quoted."""

    method: str
    path: str
    query: Mapping[str, str] = field(factory=dict)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    content_type: str = JSON


@frozen
class Answer:
    """A whole answer.

    Attributes:
        status: HTTP status.
        body: parsed from JSON, None when it is not JSON.
        took: seconds from sending the request to having the answer.
    """

    status: int
    headers: Mapping[str, str]
    body: Any = field(repr=False)
    took: float = 0.0

    @property
    def asked_at(self) -> float:
        """When the request was sent, by the server's clock, in seconds since 1970; 0 when it does not tell the time."""
        try:
            return parsedate_to_datetime(self.headers.get("Date", "")).timestamp() - self.took
        except ValueError:
            return 0.0


class FailedTryError(Exception):
    """One try failed; another one may not.

    Attributes:
        error: what to raise when trying ends here.
        wait: seconds that the server asked for.
        must_list_again: the server cannot go on from where it was asked to.
    """

    def __init__(self, error: FlowcoreError, *, wait: float = 0, must_list_again: bool = False) -> None:
        super().__init__()
        self.error = error
        self.wait = wait
        self.must_list_again = must_list_again

    def __str__(self) -> str:
        # Not kept in a second place, where ``mask`` would miss it.
        return self.error.message


@define(eq=False)
class Transport:
    """The way to one API server.

    Attributes:
        client: the official client; closed with this transport.
        clock: waits between tries.
        tries: how often an idempotent request is sent at most.
        timeout: seconds for one whole request and its answer.
        parallel: requests in flight at once; streams do not count.
    """

    client: ApiClient
    clock: Clock
    jitter: Jitter = field(default=system_jitter, kw_only=True)
    tries: int = field(default=4, kw_only=True)
    timeout: float = field(default=30.0, kw_only=True)
    parallel: int = field(default=32, kw_only=True)
    is_closed: bool = field(default=False, init=False)
    _slots: asyncio.Semaphore = field(init=False)

    @_slots.default
    def _make_slots(self) -> asyncio.Semaphore:
        return asyncio.Semaphore(self.parallel)

    async def call(self, request: Request) -> Answer:
        """Send an idempotent request, again when that may help, and return its good answer.

        Raises:
            FlowcoreError: what ``error_of`` makes of a refusal, UnavailableError when every try failed.
        """
        answer = await self.ask(request)
        if answer.status >= 400:
            raise error_of(answer.status, answer.body)
        return answer

    async def ask(self, request: Request) -> Answer:
        """Send like ``call``, but return a refusal instead of raising it."""
        waits = Backoff(0.2, 5.0, self.jitter)
        while True:
            try:
                async with self._slots:
                    return await self._try(request)
            except FailedTryError as failed:
                if waits.failures + 1 >= self.tries or self.is_closed:
                    raise failed.error from None
                wait = waits.next(failed.wait)
            await self.clock.sleep(wait)

    @asynccontextmanager
    async def stream(self, request: Request, *, quiet: float | None) -> AsyncIterator[aiohttp.ClientResponse]:
        """Open one streamed answer; leaving the context closes its connection at once.

        Args:
            request: what to ask.
            quiet: seconds without a byte after which the connection counts as dead; None for never.

        Raises:
            FailedTryError: the server refuses or does not answer, or the connection is lost inside the context.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT, sock_read=quiet)
        with _translated():
            response = await self._send(request, timeout)
        try:
            with _translated():
                if response.status >= 400:
                    raise _failure(await _read(response))
                yield response
        except RuntimeError:
            # aiohttp's word for reading on right after the connection was closed from here.
            if self.is_closed:
                raise FailedTryError(_closed()) from None
            raise
        finally:
            response.close()

    async def close(self) -> None:
        """Close every connection; streams and requests that are under way fail."""
        self.is_closed = True
        await close_client(self.client)

    async def _try(self, request: Request) -> Answer:
        started = self.clock.now()
        with _translated():
            response = await self._send(
                request, aiohttp.ClientTimeout(total=self.timeout, sock_connect=CONNECT_TIMEOUT)
            )
            try:
                answer = await _read(response)
            except BaseException:
                response.close()
                raise
        is_second = request.method == "PATCH" and is_lost_race(answer.status, answer.body)
        if is_second or may_pass(answer.status, answer.body):
            raise _failure(answer)
        if answer.status < 300 and answer.body is None:
            raise FailedTryError(
                UnavailableError("the API server answered with something that is not JSON", code="cluster.unavailable")
            )
        return evolve(answer, took=(self.clock.now() - started).total_seconds())

    async def _send(self, request: Request, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        if self.is_closed:
            raise _closed()
        headers = {"Accept": JSON, "Content-Type": request.content_type, "User-Agent": "flowcore"}
        await self.client.update_params_for_auth(
            headers, None, ["BearerToken"], request.path, request.method, request.body
        )
        query = f"?{urlencode(request.query)}" if request.query else ""
        url = f"{self.client.configuration.host.rstrip('/')}{request.path}{query}"
        try:
            sent = await self.client.call_api(
                request.method, url, header_params=headers, body=request.body, _request_timeout=timeout
            )
        except Exception:
            # What aiohttp raises when it is closed in the middle of a request depends on where it was.
            if self.is_closed:
                raise _closed() from None
            raise
        response: aiohttp.ClientResponse = sent.response
        return response


class _translated:  # noqa: N801 - reads as a word of the ``with`` statement
    """Turn what aiohttp raises into FailedTryError or, where no other try can help, UnavailableError."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            raise _unavailable("its TLS certificate is not trusted") from None
        if isinstance(error, aiohttp.ClientConnectorSSLError):
            raise _unavailable("no TLS connection can be agreed on") from None
        if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, AddressRefusedError):
            # Raised anew for every connection: what the name leads to may have changed since the first.
            raise _unavailable("its address is not allowed") from None
        if isinstance(error, aiohttp.InvalidURL | aiohttp.TooManyRedirects | aiohttp.ServerFingerprintMismatch):
            raise _unavailable("its address cannot be used") from None
        if isinstance(error, TimeoutError):
            raise FailedTryError(_unavailable("no answer in time")) from None
        if isinstance(error, aiohttp.ClientError | OSError):
            raise FailedTryError(_unavailable(_why(error))) from None


def _why(error: Exception) -> str:
    # Only the system's own words: a driver's text may quote the request.
    cause = error.strerror if isinstance(error, OSError) else ""
    return cause or "the connection was lost"


def _closed() -> UnavailableError:
    return UnavailableError("the connection to the cluster is closed", code="cluster.closed")


def _unavailable(why: str) -> UnavailableError:
    return UnavailableError(f"the cluster does not answer: {why}", code="cluster.unavailable")


def _failure(answer: Answer) -> FailedTryError:
    return FailedTryError(
        error_of(answer.status, answer.body),
        wait=retry_after(answer.headers, answer.body),
        must_list_again=must_list_again(answer.status, answer.body),
    )


async def _read(response: aiohttp.ClientResponse) -> Answer:
    data = bytearray()
    async for chunk in response.content.iter_any():
        data += chunk
        if len(data) > _LARGEST_ANSWER:
            raise UnavailableError("the API server's answer is too large", code="cluster.too_large")
    try:
        body = json.loads(data) if data else None
    except (ValueError, RecursionError):
        body = None
    return Answer(response.status, response.headers, body)
