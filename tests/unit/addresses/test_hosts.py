"""One spelling for every host."""

from __future__ import annotations

import pytest

from flowcore.addresses import AddressClass, classify, classify_name, parse_host
from flowcore.errors import InvalidInputError

#: Spellings of numbers and the address that resolvers take them for.
NUMBERS = {
    "127.0.0.1": "127.0.0.1",
    "127.0.0.1.": "127.0.0.1",
    "127.1": "127.0.0.1",
    "127.0.1": "127.0.0.1",
    "127.65535": "127.0.255.255",
    "2130706433": "127.0.0.1",
    "017700000001": "127.0.0.1",
    "0x7f000001": "127.0.0.1",
    "0X7F.0.0.1": "127.0.0.1",
    "0177.0.0.1": "127.0.0.1",
    "0177.0.0.01": "127.0.0.1",
    "0x7f.1": "127.0.0.1",
    "0x7f.0x0.0x0.0x1": "127.0.0.1",
    "0x.0x.0.0": "0.0.0.0",
    "0": "0.0.0.0",
    "00": "0.0.0.0",
    "4294967295": "255.255.255.255",
    "0xa9fea9fe": "169.254.169.254",
    "2852039166": "169.254.169.254",
    "0251.0376.0251.0376": "169.254.169.254",
    "169.254.43518": "169.254.169.254",
    "169.0xfea9fe": "169.254.169.254",
    "１２７.０.０.１": "127.0.0.1",
    "①②⑦.⓪.⓪.①": "127.0.0.1",
    "127。0。0。1": "127.0.0.1",
    "127．0｡0．1": "127.0.0.1",
    "127.0.0\u00ad.1": "127.0.0.1",
    "1\u200b27.1": "127.0.0.1",
    "𝟏𝟐𝟕.𝟎.𝟎.𝟏": "127.0.0.1",
    "²130706433": "127.0.0.1",
    "🯱🯲🯷.0.0.1": "127.0.0.1",  # digits of Unicode 13, which the tables of IDNA 2003 do not know
    "[::1]": "::1",
    "::1": "::1",
    "[0:0:0:0:0:0:0:1]": "::1",
    "[::FFFF:127.0.0.1]": "::ffff:127.0.0.1",
    "[2001:DB8:0::A]": "2001:db8::a",
}

#: Spellings of names.
NAMES = {
    "git.example.org": "git.example.org",
    "GIT.Example.ORG.": "git.example.org",
    "k8s": "k8s",
    "_dmarc.example.org": "_dmarc.example.org",
    "1and1.com": "1and1.com",
    "0x7f.example.org": "0x7f.example.org",
    "bücher.example": "xn--bcher-kva.example",
    "BÜCHER.example": "xn--bcher-kva.example",
    "xn--bcher-kva.example": "xn--bcher-kva.example",
    "ｌｏｃａｌｈｏｓｔ": "localhost",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ": "localhost",
    "loc\u00adalhost": "localhost",
}

#: What is no host, or can be read in two ways.
NEITHER = [
    "",
    " ",
    ".",
    "..",
    ".example.org",
    "a..example.org",
    "example.org..",
    "127.0.0.1..",
    "[::1%eth0]",
    "fe80::1%25eth0",
    "%31%32%37.0.0.1",
    "localhost%00.example.org",
    "ann@example.org",
    "example.org@127.0.0.1",
    "example.org:pw@127.0.0.1",
    "example.org:80",
    "127.0.0.1:80",
    "[::1]:80",
    "[127.0.0.1]",
    "[::1",
    "::1]",
    "[]",
    "[v1.fe80]",
    ":::",
    "12345::",
    "::ffff:0177.0.0.1",
    "example.org/path",
    "example.org\\@127.0.0.1",
    "example.org#@127.0.0.1",
    "example.org?x",
    "example.org\n127.0.0.1",
    "exam\tple.org",
    "example.org\0",
    "exam ple.org",
    "a／b.example",
    "ann＠example.org",
    "℀.example",
    "-a.example.org",
    "a-.example.org",
    "a" * 64 + ".example.org",
    "a." * 127 + "org",
    "x" * 5000,
    "faß.example",
    "ex\u200dample.org",
    "\ud800.example",
    "256.0.0.1",
    "127.0.0.256",
    "127.0.0.0.1",
    "127.256.1",
    "127.16777216",
    "4294967296",
    "0x100000000",
    "08.8.8.8",
    "0x7g.1",
    "1_0.0.0.1",
    "+1.0.0.1",
    "example.1",
    "example.0x1",
    "a.b.08",
    "--option",
]


@pytest.mark.parametrize(("text", "spelled"), NUMBERS.items())
def test_an_address_is_recognised_in_every_notation(text: str, spelled: str) -> None:
    host = parse_host(text)
    assert host.address is not None
    assert str(host.address) == host.name
    assert host == parse_host(spelled)


@pytest.mark.parametrize(("text", "spelled"), NAMES.items())
def test_a_name_has_one_spelling(text: str, spelled: str) -> None:
    host = parse_host(text)
    assert (host.name, host.address) == (spelled, None)


@pytest.mark.parametrize("text", NEITHER)
def test_what_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_host(text)
    assert refused.value.code == "network.host_invalid"


def test_what_is_refused_is_not_repeated() -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_host("ann:hunter22@example.org")
    assert "hunter22" not in str(refused.value.findings) + refused.value.message


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("localhost", AddressClass.LOCAL_NAME),
        ("LOCALHOST.", AddressClass.LOCAL_NAME),
        ("a.localhost", AddressClass.LOCAL_NAME),
        ("ip6-localhost", AddressClass.LOCAL_NAME),
        ("localhost.localdomain", AddressClass.LOCAL_NAME),
        ("printer.local", AddressClass.LOCAL_NAME),
        ("db.internal", AddressClass.LOCAL_NAME),
        ("db.production.svc", AddressClass.LOCAL_NAME),
        ("db.production.svc.cluster.local", AddressClass.LOCAL_NAME),
        ("svc.example", AddressClass.PUBLIC),
        ("router.home.arpa", AddressClass.LOCAL_NAME),
        ("kubernetes", AddressClass.LOCAL_NAME),
        ("kubernetes.default.svc.cluster.local", AddressClass.LOCAL_NAME),
        ("metadata.google.internal", AddressClass.METADATA),
        ("Metadata.Google.Internal.", AddressClass.METADATA),
        ("metadata.goog", AddressClass.METADATA),
        ("localhost.example.org", AddressClass.PUBLIC),
        ("notlocal.example", AddressClass.PUBLIC),
        ("my-local.org", AddressClass.PUBLIC),
        ("127.0.0.1", AddressClass.PUBLIC),
    ],
)
def test_some_names_say_where_they_lead(name: str, kind: AddressClass) -> None:
    assert classify_name(parse_host(name)) is kind


def test_the_class_of_an_address_does_not_depend_on_its_spelling() -> None:
    for text in NUMBERS:
        address = parse_host(text).address
        assert address is not None
        assert classify(address) is not AddressClass.PUBLIC, text
