"""Requests to servers that are broken, or hostile."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from entrypoints.cli._service import Service, session
from flowcore.errors import (
    ConflictError,
    FlowcoreError,
    ForbiddenError,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)

TOKEN = "fct_secret"


class Played(ThreadingHTTPServer):
    """A server on loopback that answers everything in one way and remembers what it was asked."""

    daemon_threads = True

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = status, body, headers
        self.seen: list[tuple[str, str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Played

    def _answer(self) -> None:
        self.server.seen.append((self.command, self.path, dict(self.headers)))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, body, headers = self.server.answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - as the library calls them

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def played(status: int = 200, body: object = b"{}", **headers: str) -> Iterator[Played]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with Played(status, data, headers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def refused(server: Played, kind: type[FlowcoreError] = UnavailableError) -> FlowcoreError:
    with pytest.raises(kind) as caught:
        Service(server.url, TOKEN).ask("GET", "/auth/session")
    assert TOKEN not in f"{caught.value} {caught.value!r}"
    assert server.url in caught.value.message
    return caught.value


def test_an_answer_is_read_and_the_token_is_sent() -> None:
    with played(body={"a": 1}) as server:
        assert Service(server.url, TOKEN).ask("POST", "/x", {"b": "ä"}) == {"a": 1}
        method, path, headers = server.seen[0]
    assert (method, path, headers["Authorization"]) == ("POST", "/v1/api/x", f"Bearer {TOKEN}")
    assert headers["User-Agent"].startswith("flowcore-cli/")


def test_an_empty_answer_is_none() -> None:
    with played(204, b"") as server:
        assert Service(server.url).ask("DELETE", "/x") is None
        assert "Authorization" not in server.seen[0][2]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_where_it_leads_is_told(status: int) -> None:
    with played() as other, played(status, Location=f"{other.url}/v1/api/auth/session") as server:
        error = refused(server)
        assert other.url.removeprefix("http://") in error.message
        assert other.seen == []


def test_the_host_of_a_redirect_cannot_steer_the_terminal_or_show_a_password() -> None:
    with played(302, Location="https://ann:hunter2@evil.example/\x1b[2J") as server:
        assert "hunter2" not in refused(server).message


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"[]", b"1", b"null", b'"x"', b"[" * 100_000, b"{" + b" " * 5_000_000 + b"}", b"\xff"]
)
def test_what_does_not_answer_like_flowcore_is_said(body: bytes) -> None:
    for status in (200, 404, 502):
        if (status, body) == (200, b""):
            continue  # the answer to what has none
        with played(status, body) as server:
            assert "check the address" in refused(server).message


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, UnauthenticatedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (429, LimitExceededError),
        (500, UnavailableError),
        (503, UnavailableError),
    ],
)
def test_a_refusal_keeps_its_class_its_text_and_its_code(status: int, kind: type[FlowcoreError]) -> None:
    with played(status, {"error": "No, Ann", "code": "some.code"}) as server:
        error = refused(server, kind)
    assert "No, Ann" in error.message
    assert error.code == "some.code"


def test_who_is_not_known_is_told_to_sign_in() -> None:
    with played(401, {"error": "No", "code": "token.invalid"}) as server:
        assert f"flowcore login {server.url}" in refused(server, UnauthenticatedError).message


def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    with played(429, {"error": "Too often", "code": "limit"}, **{"Retry-After": "7"}) as server:
        assert "7 seconds" in refused(server, LimitExceededError).message


def test_every_problem_of_bad_input_is_told() -> None:
    problems = [{"rule": "api-token", "message": "name is long", "fix": "cut it"}, {"message": "days is 0"}, 7]
    with played(400, {"error": "name is long (and 1 more)", "code": "input.invalid", "problems": problems}) as server:
        error = refused(server, InvalidInputError)
    assert isinstance(error, InvalidInputError)
    assert [(each.message.partition(": ")[2], each.fix) for each in error.findings] == [
        ("name is long", "cut it"),
        ("days is 0", ""),
    ]


@pytest.mark.parametrize("told", ["\x1b[2J\x1b]0;owned\x07", "a\r\nb", "\u202egnp.exe", "x" * 100_000])
def test_what_a_server_says_cannot_steer_the_terminal(told: str) -> None:
    with played(403, {"error": told, "code": told}) as server:
        error = refused(server, ForbiddenError)
    assert error.message.isprintable()
    assert error.code.isprintable()
    assert len(error.message) < 1000


@pytest.mark.parametrize("token", ["a b", "a\r\nX-Evil: 1", "ä", "x" * 9000, "\ud800"])
def test_a_token_that_cannot_be_one_is_not_sent(token: str) -> None:
    with played() as server:
        with pytest.raises(InvalidInputError) as caught:
            Service(server.url, token).ask("GET", "/x")
        assert server.seen == []
    assert token not in str(caught.value)


def test_a_server_that_is_not_there_is_said_with_what_to_do() -> None:
    with played() as server:
        url = server.url
    with pytest.raises(UnavailableError, match="check the address") as caught:
        Service(url, TOKEN).ask("GET", "/x")
    assert TOKEN not in str(caught.value)


def test_a_server_that_speaks_no_tls_is_said() -> None:
    with played() as server:
        with pytest.raises(UnavailableError, match="does not answer"):
            Service(server.url.replace("http:", "https:"), TOKEN).ask("GET", "/x")
        assert server.seen == []


def test_a_token_for_this_machine_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with played() as proxy, played(body={"own": True}) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        assert Service(server.url, TOKEN).ask("GET", "/x") == {"own": True}
        assert proxy.seen == []


def test_a_session_ends_with_its_block_even_when_it_breaks_off() -> None:
    with played(body={"token": "jwt"}) as server:
        with pytest.raises(ZeroDivisionError), session(server.url, "ann@example.com", "secret"):
            _ = 1 / 0
        assert [path for _, path, _ in server.seen] == ["/v1/api/auth/login", "/v1/api/auth/logout"]
        assert "Authorization" not in server.seen[0][2]
        assert server.seen[1][2]["Authorization"] == "Bearer jwt"


def test_the_token_is_not_shown() -> None:
    assert TOKEN not in repr(Service("https://one.example", TOKEN))
