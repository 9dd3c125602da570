"""Where identity providers may be connected to."""

from __future__ import annotations

import pytest

from entrypoints.bootstrap._addresses import ProviderAddresses
from flowcore.errors import ForbiddenError

pytestmark = pytest.mark.anyio


async def test_hosts_that_the_settings_name_may_be_inside() -> None:
    guard = ProviderAddresses(frozenset({"127.0.0.1", "10.1.2.3"}))
    for host in ("127.0.0.1", "10.1.2.3"):
        assert (await guard.admit(host, 443)).addresses == (host,)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fd00::1", "::ffff:10.1.2.3", "0.0.0.0", "2130706433", "0x7f.1"],
)
async def test_hosts_that_only_documents_name_may_not(host: str) -> None:
    with pytest.raises(ForbiddenError) as refused:
        await ProviderAddresses(frozenset({"sso.corp.example"})).admit(host, 443)
    assert refused.value.code == "network.forbidden_address"


@pytest.mark.parametrize("host", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "224.0.0.1", "::"])
async def test_metadata_services_are_out_of_reach_for_all(host: str) -> None:
    with pytest.raises(ForbiddenError):
        await ProviderAddresses(frozenset({host})).admit(host, 80)


async def test_public_addresses_are_reached() -> None:
    assert (await ProviderAddresses(frozenset()).admit("93.184.216.34", 443)).addresses == ("93.184.216.34",)
