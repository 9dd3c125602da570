"""Laws of addresses: no notation, no embedding and no spelling changes what an address is."""

from __future__ import annotations

import contextlib
from ipaddress import IPv4Address, IPv6Address, IPv6Network

from hypothesis import example, given
from hypothesis import strategies as st

from flowcore.addresses import AddressClass, AddressPolicy, classify, parse_host
from flowcore.errors import InvalidInputError

PUBLIC = IPv6Network("2000::/3")
IPV4 = st.integers(0, 2**32 - 1)
SPELL = {8: "0{:o}".format, 10: "{:d}".format, 16: "0x{:x}".format}
#: Where every class of IPv4 is likely to be met.
SPECIAL = st.sampled_from([0x0A000000, 0x7F000000, 0xA9FE0000, 0xC0A80000, 0x64400000, 0xA9FEA9FE & ~0xFFFF])
ADDRESSES = st.one_of(IPV4, st.builds(int.__or__, SPECIAL, st.integers(0, 0xFFFF)))


@st.composite
def notations(draw: st.DrawFn) -> tuple[int, str]:
    """An address, and one of the ways to write it: one to four numbers of any base."""
    number = draw(ADDRESSES)
    front = draw(st.integers(0, 3))
    values = [number >> 8 * (3 - place) & 255 for place in range(front)] + [number & (1 << 8 * (4 - front)) - 1]
    labels = [SPELL[draw(st.sampled_from([8, 10, 16]))](value) for value in values]
    text = ".".join(labels) + draw(st.sampled_from(["", "."]))
    return number, draw(st.sampled_from([str.lower, str.upper, full_width]))(text)


def full_width(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


@given(notations())
def test_every_notation_of_an_address_is_that_address(written: tuple[int, str]) -> None:
    number, text = written
    assert parse_host(text).address == IPv4Address(number)


@given(ADDRESSES)
@example(0x7F000001)
@example(0xA9FEA9FE)
def test_an_embedded_address_has_the_class_of_the_embedded_one(number: int) -> None:
    alone = classify(IPv4Address(number))
    for prefix in (0xFFFF << 32, 0xFFFF << 48, 0x64FF9B << 96):
        assert classify(IPv6Address(prefix | number)) is alone
    assert classify(IPv6Address(0x2002 << 112 | number << 80)) is alone
    if number > 1:
        assert classify(IPv6Address(number)) is alone


@given(ADDRESSES, st.integers(0, 2**32 - 1))
def test_a_tunnel_is_public_only_when_both_its_ends_are(inner: int, other: int) -> None:
    both = {classify(IPv4Address(inner)), classify(IPv4Address(other))}
    for server, client in ((inner, other), (other, inner)):
        teredo = IPv6Address(0x20010000 << 96 | server << 64 | client ^ 0xFFFFFFFF)
        assert (classify(teredo) is AddressClass.PUBLIC) is (both == {AddressClass.PUBLIC})


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_nothing_that_is_not_global_in_ipv6_is_public(address: IPv6Address) -> None:
    if classify(address) is AddressClass.PUBLIC and int(address) >> 96 not in (0, 0x64FF9B):
        assert address in PUBLIC or int(address) >> 32 in (0xFFFF, 0xFFFF0000)


@given(st.text(max_size=40))
def test_every_text_is_a_host_in_one_spelling_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidInputError):
        host = parse_host(text)
        assert parse_host(host.name) == host
        assert host.name.isascii()
        assert not set(host.name) & set("/\\@?#%[] \t\r\n\0")


@given(st.text(max_size=40))
def test_every_entry_is_understood_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidInputError):
        AddressPolicy.of([text])
