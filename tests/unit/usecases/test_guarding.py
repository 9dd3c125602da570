"""The gate before every outgoing connection."""

from __future__ import annotations

import pytest

from flowcore.addresses import AddressPolicy
from flowcore.errors import ForbiddenError, InvalidInputError, NotFoundError
from flowcore.ports.network import Reachable
from flowcore.usecases.guarding import Guard
from tests.doubles_network import ScriptedResolver

pytestmark = pytest.mark.anyio

PUBLIC = "140.82.121.3"


def guard(resolver: ScriptedResolver, *entries: str) -> Guard:
    return Guard(resolver=resolver, policy=AddressPolicy.of(entries))


async def refused(gate: Guard, host: str, port: int = 443) -> str:
    with pytest.raises(ForbiddenError) as caught:
        await gate.admit(host, port)
    assert caught.value.code == "network.forbidden_address"
    return caught.value.message


async def test_what_was_checked_is_what_is_returned() -> None:
    resolver = ScriptedResolver({"git.example.org": [(PUBLIC, "2606:50c0::1"), ("10.0.0.1",)]})
    reachable = await guard(resolver).admit("GIT.example.org.", 443)
    assert reachable == Reachable("git.example.org", 443, (PUBLIC, "2606:50c0::1"))
    assert resolver.asked == ["git.example.org"]


async def test_a_number_is_an_address_and_nobody_is_asked() -> None:
    resolver = ScriptedResolver()
    assert await guard(resolver).admit("0x8c.0x527903", 80) == Reachable(PUBLIC, 80, (PUBLIC,))
    assert await guard(resolver).admit("[2606:50C0::1]", 80) == Reachable("2606:50c0::1", 80, ("2606:50c0::1",))
    assert resolver.asked == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0177.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254", "１０.0.0.1", "0"]
)
async def test_an_inner_address_is_refused_in_every_notation(host: str) -> None:
    await refused(guard(ScriptedResolver()), host)


@pytest.mark.parametrize("addresses", [("10.0.0.1",), (PUBLIC, "10.0.0.1"), ("::1", PUBLIC), ("64:ff9b::a00:1",)])
async def test_one_inner_address_closes_a_name(addresses: tuple[str, ...]) -> None:
    await refused(guard(ScriptedResolver({"git.example.org": [addresses]})), "git.example.org")


async def test_a_refusal_tells_the_class_and_the_fix_and_no_address() -> None:
    resolver = ScriptedResolver.of(git__example__org=("10.11.12.13",))
    said = await refused(guard(resolver), "git.example.org")
    assert said.startswith("git.example.org may not be connected to: it leads to an address of the class private.")
    assert "FLOWCORE_ALLOWED_ADDRESSES" in said
    assert "10.11" not in said


async def test_local_names_are_refused_without_asking() -> None:
    resolver = ScriptedResolver.of(localhost=("127.0.0.1",))
    for name in ("localhost", "a.LOCALHOST.", "printer.local", "kubernetes", "metadata.google.internal"):
        await refused(guard(resolver), name)
    assert resolver.asked == []


async def test_whether_a_local_name_exists_is_told_to_nobody() -> None:
    resolver = ScriptedResolver.of(db__internal=("192.168.0.1",))
    gate = guard(resolver, "10.0.0.0/8")
    there, missing = await refused(gate, "db.internal"), await refused(gate, "no.internal")
    assert there.replace("db.", "no.") == missing


async def test_a_local_name_leads_where_the_list_allows() -> None:
    resolver = ScriptedResolver.of(git__local=("10.0.0.1",), gitea=("172.18.0.3",))
    assert (await guard(resolver, "10.0.0.0/8").admit("git.local", 443)).addresses == ("10.0.0.1",)
    assert (await guard(resolver, "gitea").admit("gitea", 3000)).addresses == ("172.18.0.3",)
    await refused(guard(resolver, "gitea:3000"), "gitea", 443)


async def test_a_listed_name_that_is_not_there_is_told_so() -> None:
    with pytest.raises(NotFoundError):
        await guard(ScriptedResolver(), "gitea").admit("gitea", 443)


@pytest.mark.parametrize("answers", [{}, {"git.example.org": [()]}])
async def test_a_name_without_an_address_is_not_found(answers: dict[str, list[tuple[str, ...]]]) -> None:
    with pytest.raises(NotFoundError) as caught:
        await guard(ScriptedResolver(answers)).admit("git.example.org", 443)
    assert caught.value.code == "network.unknown_host"


@pytest.mark.parametrize("port", [0, -1, 65536])
async def test_a_port_is_from_1_to_65535(port: int) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await guard(ScriptedResolver()).admit(PUBLIC, port)
    assert caught.value.code == "network.port_invalid"


async def test_what_is_no_host_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        await guard(ScriptedResolver()).admit("ann@example.org", 443)
