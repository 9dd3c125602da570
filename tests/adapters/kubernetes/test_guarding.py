"""Connections go to addresses that the guard has checked, whatever a name leads to a moment later."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from attrs import define, evolve, field

from adapters.kubernetes import KubernetesClusters
from adapters.security import AesGcmCipher, Keys, generate_key
from flowcore.addresses import AddressPolicy
from flowcore.errors import ForbiddenError, InvalidInputError, UnavailableError
from flowcore.model import Cluster
from flowcore.ports.network import AddressGuard, Reachable
from flowcore.usecases.guarding import Guard
from tests.adapters.kubernetes.certificates import Authority, server_context
from tests.adapters.kubernetes.scripted import Reply, ScriptedServer, TestClock, open_scripted
from tests.doubles_network import ScriptedResolver

pytestmark = pytest.mark.anyio

CIPHER = AesGcmCipher(Keys.single(generate_key()))
NAME = "k8s.example.org"
METADATA = ("169.254.169.254",)
LOOPBACK = ("127.0.0.1",)


def clusters(resolver: ScriptedResolver, *entries: str, clock: TestClock | None = None) -> KubernetesClusters:
    guard = Guard(resolver=resolver, policy=AddressPolicy.of(entries))
    return KubernetesClusters(CIPHER, clock or TestClock(), guard=guard)


def a_cluster(server: str, **credentials: str) -> Cluster:
    auth_type = "kubeconfig" if "kubeconfig" in credentials else "token"
    cluster = Cluster(
        id="c1", owner_id="u1", name="test", server=server, auth_type=auth_type, created_at=TestClock().now()
    )
    given = credentials or {"token": "x"}
    return evolve(cluster, credentials=KubernetesClusters(CIPHER, TestClock()).seal(cluster, given))


def named(server: ScriptedServer, name: str = NAME) -> str:
    return server.url.replace("127.0.0.1", name)


async def test_the_first_checked_answer_is_connected_to_and_not_a_later_one(server: ScriptedServer) -> None:
    resolver = ScriptedResolver({NAME: [LOOPBACK, METADATA]})
    async with clusters(resolver, "127.0.0.0/8").connect(a_cluster(named(server))) as connection:
        assert await connection.version() == "v1.37.0"
    assert resolver.asked == [NAME]
    assert {asked.headers["host"] for asked in server.asked} == {f"{NAME}:{urlsplit(server.url).port}"}


async def test_later_connections_are_checked_again(server: ScriptedServer) -> None:
    server.on("GET", "/version", Reply(body={"gitVersion": "v1.37.0"}, headers={"Connection": "close"}))
    clock = TestClock()
    resolver = ScriptedResolver({NAME: [LOOPBACK, LOOPBACK, METADATA]})
    async with clusters(resolver, "127.0.0.1", clock=clock).connect(a_cluster(named(server))) as connection:
        clock.moment += timedelta(seconds=61)
        for _ in range(3):
            assert await connection.version() == "v1.37.0"
        assert resolver.asked == [NAME] * 2
        clock.moment += timedelta(seconds=61)
        seen = len(server.asked)
        for _ in range(2):  # a refusal does not bring the old addresses back
            with pytest.raises(UnavailableError, match="not allowed"):
                await connection.version()
        assert len(server.asked) == seen


async def test_a_name_that_goes_away_is_an_unavailable_cluster(server: ScriptedServer) -> None:
    server.on("GET", "/version", Reply(body={}, headers={"Connection": "close"}))
    clock = TestClock()
    resolver = ScriptedResolver({NAME: [LOOPBACK, ()]})
    async with clusters(resolver, "127.0.0.1", clock=clock).connect(a_cluster(named(server))) as connection:
        clock.moment += timedelta(seconds=61)
        with pytest.raises(UnavailableError):
            await connection.version()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", NAME, "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1", "１２７.0.0.1"]
)
async def test_an_address_that_is_not_allowed_is_not_connected_to(server: ScriptedServer, host: str) -> None:
    resolver = ScriptedResolver({NAME: [LOOPBACK], "localhost": [LOOPBACK]})
    with pytest.raises(ForbiddenError) as caught:
        async with clusters(resolver).connect(a_cluster(named(server, host))):
            pass
    assert caught.value.code == "network.forbidden_address"
    assert not server.asked


async def test_the_server_of_a_kubeconfig_is_checked_too(server: ScriptedServer) -> None:
    text = f"""
clusters: [{{name: c, cluster: {{server: "{server.url}"}}}}]
users: [{{name: u, user: {{token: x}}}}]
contexts: [{{name: a, context: {{cluster: c, user: u}}}}]
"""
    cluster = a_cluster("https://k8s.example.org", kubeconfig=text)
    with pytest.raises(ForbiddenError):
        async with clusters(ScriptedResolver()).connect(cluster):
            pass
    with pytest.raises(InvalidInputError) as caught:
        await clusters(ScriptedResolver()).vet(cluster)
    assert [found.place.path for found in caught.value.findings] == ["kubeconfig.cluster.server"]
    assert not server.asked


@define
class Careless:
    """A guard that checks one address and would let the connection go to another."""

    addresses: tuple[str, ...] = field(default=("192.0.2.1",))

    async def admit(self, host: str, port: int) -> Reachable:
        return Reachable(host, port, self.addresses)


async def test_numbers_are_looked_at_when_the_socket_is_made(server: ScriptedServer) -> None:
    guard: AddressGuard = Careless()
    with pytest.raises(UnavailableError, match="not allowed"):
        async with KubernetesClusters(CIPHER, TestClock(), guard=guard).connect(a_cluster(server.url)):
            pass
    assert not server.asked


@pytest.mark.parametrize("host", ["8.8.8.8", "134744072", "0x8.0x8.0x8.0x8", "１３４７４４０７２"])
async def test_another_spelling_of_a_number_goes_nowhere_else(host: str) -> None:
    guard: AddressGuard = Careless(LOOPBACK)  # where nobody listens
    with pytest.raises(UnavailableError):
        async with KubernetesClusters(CIPHER, TestClock(), guard=guard).connect(a_cluster(f"http://{host}:1")):
            pass


async def test_an_unknown_name_is_an_unavailable_cluster() -> None:
    with pytest.raises(UnavailableError, match="has no address"):
        async with clusters(ScriptedResolver()).connect(a_cluster(f"https://{NAME}")):
            pass


async def test_tls_checks_the_name_and_not_the_address(tmp_path: Path) -> None:
    authority = Authority.new()  # its certificates are for 127.0.0.1
    config = """
clusters: [{{name: c, cluster: {{server: "{server}", certificate-authority-data: {ca}{more}}}}}]
users: [{{name: u, user: {{token: x}}}}]
contexts: [{{name: a, context: {{cluster: c, user: u}}}}]
"""
    async with open_scripted(server_context(authority, tmp_path, asks_clients=False)) as server:
        ca = repr(authority.pair.certificate).replace("'", '"')
        by_name, by_number = (
            a_cluster("", kubeconfig=config.format(server=named(server), ca=ca, more=more))
            for more in ("", ", tls-server-name: 127.0.0.1")
        )
        gate = clusters(ScriptedResolver({NAME: [LOOPBACK]}), NAME)
        with pytest.raises(UnavailableError, match="not trusted"):
            async with gate.connect(by_name):
                pass
        async with gate.connect(by_number) as connection:
            assert await connection.version() == "v1.37.0"


async def test_vetting_connects_to_nobody_and_asks_only_whether_it_may(server: ScriptedServer) -> None:
    resolver = ScriptedResolver({NAME: [LOOPBACK]})
    await clusters(resolver, NAME).vet(a_cluster(named(server)))
    await clusters(ScriptedResolver()).vet(a_cluster(f"https://{NAME}"))  # it may get an address tomorrow
    with pytest.raises(InvalidInputError) as caught:
        await clusters(resolver).vet(a_cluster(named(server)))
    assert caught.value.code == "network.forbidden_address"
    assert [found.place.path for found in caught.value.findings] == ["server"]
    assert not server.asked
