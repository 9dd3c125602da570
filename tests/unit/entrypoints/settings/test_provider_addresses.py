"""Where identity providers may be connected to."""

from __future__ import annotations

import pytest

from entrypoints.bootstrap._guarding import guard_of_named
from entrypoints.settings import Settings
from flowcore.errors import ForbiddenError
from flowcore.ports.network import AddressGuard

pytestmark = pytest.mark.anyio


def guard(*hosts: str) -> AddressGuard:
    return guard_of_named(Settings(), hosts)


async def test_hosts_that_the_settings_name_may_be_inside() -> None:
    gate = guard("127.0.0.1", "10.1.2.3", "fd00::1")
    for host in ("127.0.0.1", "10.1.2.3", "fd00::1"):
        assert (await gate.admit(host, 443)).addresses == (host,)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fd00::1", "::ffff:10.1.2.3", "0.0.0.0", "2130706433", "0x7f.1"],
)
async def test_hosts_that_only_documents_name_may_not(host: str) -> None:
    with pytest.raises(ForbiddenError) as refused:
        await guard("sso.corp.example").admit(host, 443)
    assert refused.value.code == "network.forbidden_address"


@pytest.mark.parametrize("host", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "224.0.0.1", "::"])
async def test_metadata_services_are_out_of_reach_for_all(host: str) -> None:
    with pytest.raises(ForbiddenError):
        await guard(host).admit(host, 80)


async def test_public_addresses_are_reached() -> None:
    assert (await guard().admit("93.184.216.34", 443)).addresses == ("93.184.216.34",)
