"""Requests over real sockets: which address is connected to, and whose certificate is believed."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.oauth import Outgoing
from adapters.oauth._outgoing import OutgoingError
from adapters.system import SystemClock
from flowcore.ports.network import Reachable
from tests.mongo_server import free_port

pytestmark = pytest.mark.anyio


@frozen
class Leading:
    """An ``AddressGuard`` that leads to given addresses."""

    addresses: tuple[str, ...] = ("127.0.0.1",)

    async def admit(self, host: str, port: int) -> Reachable:
        return Reachable(host, port, self.addresses)


def certificate(folder: Path, host: str) -> Path:
    """Write a certificate of a host and its key into one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, bare = serialization.Encoding.PEM, serialization.NoEncryption()
    path = folder / f"{host}.pem"
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, bare) + made.public_bytes(pem))
    return path


@asynccontextmanager
async def served(answer: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[str]]]:
    """Answer every request with the same bytes; yield the port and the heads of the requests."""
    heads: list[str] = []
    over, replies = asyncio.Event(), set[asyncio.Task[None]]()

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(answer)
            await writer.drain()
        if not answer:
            await over.wait()
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        replies.add(asyncio.ensure_future(reply(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], heads
        over.set()
        if replies:
            await asyncio.wait(replies)


GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


async def test_the_certificate_must_be_the_names_though_the_address_is_pinned(tmp_path: Path) -> None:
    path = certificate(tmp_path, "idp.test")
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(path)
    theirs = ssl.create_default_context(cafile=str(path))
    outgoing = Outgoing(Leading(), lambda: httpx.AsyncHTTPTransport(verify=theirs))
    async with served(GOOD, ours) as (port, heads):
        assert (await outgoing.send("GET", f"https://idp.test:{port}/x")).document == {}
        assert f"Host: idp.test:{port}\r\n" in heads[0]
        with pytest.raises(OutgoingError, match="ConnectError"):
            await outgoing.send("GET", f"https://other.test:{port}/x")
    assert len(heads) == 1


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async with served(GOOD) as (port, _):
        outgoing = Outgoing(Leading(("127.0.0.2", "127.0.0.1")))
        assert (await outgoing.send("POST", f"http://idp.test:{port}/x", body="a=b")).is_ok


async def test_nobody_there_is_told_without_the_address() -> None:
    with pytest.raises(OutgoingError, match=r"^idp\.test: ConnectError$"):
        await Outgoing(Leading()).send("GET", f"http://idp.test:{free_port()}/x?secret=s3cret")


async def test_who_never_answers_is_left_in_time() -> None:
    async with served(b"") as (port, _):
        with pytest.raises(OutgoingError, match="TimeoutError"):
            await Outgoing(Leading(), seconds=0.05).send("GET", f"http://idp.test:{port}/x")


async def test_redirects_are_answers() -> None:
    moved = b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"
    async with served(moved) as (port, heads):
        answer = await Outgoing(Leading()).send("GET", f"http://idp.test:{port}/x")
    assert (answer.status, len(heads)) == (302, 1)


async def test_compressed_answers_which_nobody_asked_for_are_not_unpacked() -> None:
    packed = gzip.compress(b"{}")
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(packed)}\r\n\r\n".encode()
    async with served(head + packed) as (port, _):
        with pytest.raises(OutgoingError, match="DecodingError"):
            await Outgoing(Leading()).send("GET", f"http://idp.test:{port}/x")


async def test_an_answer_without_an_end_is_cut_off() -> None:
    endless = b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n" + b" " * 1_100_000
    async with served(endless) as (port, _):
        with pytest.raises(OutgoingError, match="larger"):
            await Outgoing(Leading()).send("GET", f"http://idp.test:{port}/x")
