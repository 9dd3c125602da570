"""What every resolver promises."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from adapters.system import SystemResolver
from flowcore.errors import NotFoundError
from flowcore.ports.network import Resolver
from tests.doubles_network import ScriptedResolver

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["scripted", "system"])
def resolver(request: pytest.FixtureRequest) -> Resolver:
    return ScriptedResolver.of(localhost=("::1", "127.0.0.1")) if request.param == "scripted" else SystemResolver()


async def test_a_name_has_addresses_each_once(resolver: Resolver) -> None:
    found = await resolver.resolve("localhost", 443)
    assert found
    assert len(set(found)) == len(found)
    assert all(ip_address(address).is_loopback for address in found)


async def test_a_name_that_cannot_be_is_unknown(resolver: Resolver) -> None:
    with pytest.raises(NotFoundError) as caught:
        await resolver.resolve("x" * 64 + ".example", 443)
    assert caught.value.code == "network.unknown_host"
