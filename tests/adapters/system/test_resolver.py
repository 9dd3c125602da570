"""The machine's resolver: what it says, and when it says nothing."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from adapters.system import SystemResolver
from flowcore.errors import FlowcoreError, NotFoundError, UnavailableError

pytestmark = pytest.mark.anyio


def answer(monkeypatch: pytest.MonkeyPatch, said: Any) -> None:
    """Let the loop's resolver say this: addresses, an error, or nothing for ever."""

    async def getaddrinfo(host: str, port: int, **_: Any) -> Any:
        if said is None:
            await asyncio.Event().wait()
        if isinstance(said, Exception):
            raise said
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in said]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)


async def test_the_order_is_kept_and_nothing_is_there_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, ["192.0.2.2", "192.0.2.1", "192.0.2.2"])
    assert await SystemResolver().resolve("git.example.org", 443) == ("192.0.2.2", "192.0.2.1")


async def test_waiting_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, None)
    with pytest.raises(UnavailableError) as caught:
        await SystemResolver(seconds=0.01).resolve("git.example.org", 443)
    assert caught.value.code == "network.resolver"


@pytest.mark.parametrize(
    ("number", "error"),
    [(socket.EAI_NONAME, NotFoundError), (socket.EAI_AGAIN, UnavailableError), (socket.EAI_FAIL, UnavailableError)],
)
async def test_errors_say_whether_another_try_may_help(
    monkeypatch: pytest.MonkeyPatch, number: int, error: type[FlowcoreError]
) -> None:
    answer(monkeypatch, socket.gaierror(number, "no"))
    with pytest.raises(error, match=r"git\.example\.org"):
        await SystemResolver().resolve("git.example.org", 443)
