"""Requests to a service over HTTP: JSON there and back, and errors that say which server and what to do."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from importlib.metadata import version
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from attrs import field, frozen

from entrypoints.cli._output import errors_console
from flowcore.errors import (
    ConflictError,
    Finding,
    FlowcoreError,
    ForbiddenError,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)

_API = "/v1/api"
_SECONDS = 30
_LARGEST = 4 * 1024 * 1024
_LONGEST_TEXT = 500
_TOKEN = re.compile(r"[!-~]{1,8192}", re.ASCII)

_ERRORS: Mapping[int, type[FlowcoreError]] = {
    401: UnauthenticatedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    413: LimitExceededError,
    429: LimitExceededError,
}


@frozen
class Service:
    """A service at an address that tokens may be sent to.

    Attributes:
        url: scheme, host and port.
        token: sent with every request; empty sends none.
    """

    url: str
    token: str = field(default="", repr=False)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a request and return the JSON of its answer; None for an empty one.

        Args:
            method: of HTTP.
            path: below ``/v1/api``.
            body: sent as JSON.

        Raises:
            InvalidInputError: the service refuses what was sent, or the token cannot be one.
            UnauthenticatedError, ForbiddenError, NotFoundError, LimitExceededError: as the service says.
            UnavailableError: it does not answer, or not like flowcore.
        """
        try:
            with _opener(self.url).open(self._request(method, path, body), timeout=_SECONDS) as answer:
                status, text = answer.status, answer.read(_LARGEST)  # cut off, it is no JSON
                told = _json(text)
        except (OSError, HTTPException) as error:
            raise UnavailableError(f"{self.url} does not answer: {_reason(error)}", code="server.silent") from None
        if 200 <= status < 300 and (told is not None or not text):
            return told
        raise self._refusal(status, answer, told or {})

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> Request:
        headers = {"Accept": "application/json", "User-Agent": f"flowcore-cli/{version('flowcore')}"}
        if self.token:
            if not _TOKEN.fullmatch(self.token):
                raise InvalidInputError.of(
                    "the token has characters that no token has", rule="token-malformed", fix="copy it again"
                )
            headers["Authorization"] = f"Bearer {self.token}"
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        return Request(f"{self.url}{_API}{path}", data, headers, method=method)  # noqa: S310 - checked by server_url

    def _refusal(self, status: int, answer: HTTPResponse, told: Mapping[str, Any]) -> FlowcoreError:
        if 300 <= status < 400:
            host = urlsplit(answer.headers.get("Location", "")).netloc.rpartition("@")[2]
            where = f" to {_shown(host)}" if host else ""
            text = f"{self.url} sends everybody on{where}, and a token goes nowhere but where it was meant for"
            return UnavailableError(f"{text}; sign in at the address it sends to", code="server.redirects")
        if "error" not in told:
            text = f"{self.url} does not answer like flowcore (status {status}); check the address"
            return UnavailableError(text, code="server.foreign")
        message, code = f"{self.url}: {_shown(told['error'])}", _shown(told.get("code", ""))
        if status == 400:
            return _invalid(self.url, told)
        if status == 401 and self.token:
            message += f"; sign in with: flowcore login {self.url}"
        if status == 429:
            message += f"; try again in {_shown(answer.headers.get('Retry-After', 'a few'))} seconds"
        return _ERRORS.get(status, UnavailableError)(message, code=code)


@contextmanager
def session(url: str, email: str, password: str) -> Iterator[Service]:
    """Sign in for a moment: the session ends with the block.

    Raises:
        UnauthenticatedError: e-mail and password do not match an account.
        FlowcoreError: as ``Service.ask``.
    """
    told = Service(url).ask("POST", "/auth/login", {"email": email, "password": password})
    signed_in = Service(url, str(told["token"]))
    try:
        yield signed_in
    finally:
        try:
            signed_in.ask("POST", "/auth/logout")
        except FlowcoreError as error:
            errors_console().print(f"the session could not be ended, and ends by itself: {error.message}", markup=False)


def _opener(url: str) -> OpenerDirector:
    """Return what sends requests; it follows no redirects, so that the token stays with its server."""
    opener = OpenerDirector()
    # A proxy on the way to this machine would see the token: there is no TLS.
    handlers = [ProxyHandler() if url.startswith("https:") else ProxyHandler({}), HTTPHandler()]
    for handler in (*handlers, HTTPSHandler(context=ssl.create_default_context())):
        opener.add_handler(handler)
    return opener


def _json(text: bytes) -> dict[str, Any] | None:
    """Return an answer that is an object of JSON, as all of flowcore's are; else None."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _reason(error: Exception) -> str:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        text = f"its certificate cannot be trusted ({cause.verify_message})"
        return f"{text}; for an authority of your own, name its file in SSL_CERT_FILE"
    if isinstance(cause, OSError) and cause.strerror:
        return f"{cause.strerror}; check the address, and that the service runs"
    return f"{type(cause).__name__ if isinstance(cause, Exception) else _shown(cause)}; check the address"


def _invalid(url: str, told: Mapping[str, Any]) -> InvalidInputError:
    problems = told.get("problems")
    listed = [each for each in problems if isinstance(each, dict)] if isinstance(problems, list) else []
    findings = [
        Finding(
            rule=_shown(each.get("rule", "refused")),
            message=f"{url}: {_shown(each.get('message', ''))}",
            fix=_shown(each.get("fix", "")),
        )
        for each in listed or [{"message": told["error"]}]
    ]
    return InvalidInputError(findings, code=_shown(told.get("code", "")))


def _shown(told: object) -> str:
    """Return what a server says as a line that cannot steer the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in str(told))[:_LONGEST_TEXT]
