"""What an administrator can allow, and what stays closed."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from flowcore.addresses import AddressClass, AddressPolicy, parse_host
from flowcore.errors import InvalidInputError

NONE = AddressPolicy()


def refusal(policy: AddressPolicy, host: str, address: str = "", port: int = 443) -> AddressClass | None:
    return policy.refusal(parse_host(host), ip_address(address or host), port)


def test_without_entries_only_public_addresses_are_allowed() -> None:
    assert refusal(NONE, "git.example.org", "140.82.121.3") is None
    assert refusal(NONE, "git.example.org", "10.0.0.1") is AddressClass.PRIVATE
    assert refusal(NONE, "localhost", "140.82.121.3") is AddressClass.LOCAL_NAME


@pytest.mark.parametrize(
    ("entry", "host", "address", "is_allowed"),
    [
        ("10.0.0.0/8", "10.1.2.3", "", True),
        ("10.0.0.0/8", "git.example.org", "10.1.2.3", True),
        ("10.0.0.0/8", "git.local", "10.1.2.3", True),
        ("10.0.0.0/8", "git.local", "140.82.121.3", False),
        ("10.0.0.0/8", "::ffff:10.1.2.3", "", True),
        ("10.0.0.0/8", "64:ff9b::a01:203", "", True),
        ("10.0.0.0/8", "2a00::5efe:10.1.2.3", "", True),
        ("10.0.0.0/8", "fd00::5efe:10.1.2.3", "", False),
        ("10.0.0.0/8", "11.1.2.3", "", True),
        ("10.0.0.0/8", "192.168.0.1", "", False),
        ("::ffff:10.0.0.0/104", "10.1.2.3", "", True),
        ("10.1.2.3", "10.1.2.3", "", True),
        ("10.1.2.3", "10.1.2.4", "", False),
        ("10.1.2.3:443", "10.1.2.3", "", True),
        ("10.1.2.3:6443", "10.1.2.3", "", False),
        ("10.0.0.0/8:443", "10.1.2.3", "", True),
        ("10.0.0.0/8:6443", "10.1.2.3", "", False),
        ("fd00::/8", "fd00::1", "", True),
        ("[fd00::/8]:443", "fd00::1", "", True),
        ("[fd00::1]:6443", "fd00::1", "", False),
        ("git.corp.example", "git.corp.example", "10.1.2.3", True),
        ("GIT.corp.example.", "git.corp.example", "127.0.0.1", True),
        ("git.corp.example:443", "git.corp.example", "10.1.2.3", True),
        ("git.corp.example:22", "git.corp.example", "10.1.2.3", False),
        ("git.corp.example", "a.git.corp.example", "10.1.2.3", False),
        ("*.corp.example", "git.corp.example", "10.1.2.3", True),
        ("*.corp.example", "a.b.corp.example", "10.1.2.3", True),
        ("*.corp.example", "corp.example", "10.1.2.3", False),
        ("*.corp.example", "evilcorp.example", "10.1.2.3", False),
        ("*.local", "git.local", "10.1.2.3", True),
        ("localhost", "localhost", "127.0.0.1", True),
        ("gitea", "gitea", "172.18.0.3", True),
        ("git.corp.example", "git.corp.example", "169.254.1.1", False),
        ("git.corp.example", "git.corp.example", "0.0.0.0", False),
        ("git.corp.example", "git.corp.example", "224.0.0.1", False),
        ("169.254.0.0/16", "git.corp.example", "169.254.1.1", True),
        ("0.0.0.0/0", "10.1.2.3", "", True),
        ("2130706433", "127.0.0.1", "", True),
    ],
)
def test_an_entry_allows_what_it_says(entry: str, host: str, address: str, is_allowed: bool) -> None:
    assert (refusal(AddressPolicy.of([entry]), host, address) is None) is is_allowed


@pytest.mark.parametrize("entry", ["169.254.0.0/16", "169.254.169.252/30", "0.0.0.0/0", "*.internal", "meta.example"])
@pytest.mark.parametrize(
    "host", ["169.254.169.254", "::ffff:169.254.169.254", "metadata.google.internal", "meta.example"]
)
def test_metadata_services_stay_closed_unless_they_are_listed_themselves(entry: str, host: str) -> None:
    address = host if parse_host(host).address else "169.254.169.254"
    assert refusal(AddressPolicy.of([entry]), host, address) is AddressClass.METADATA
    assert refusal(AddressPolicy.of([entry, "169.254.169.254"]), host, address) is None
    assert refusal(AddressPolicy.of([entry, "169.254.169.254:80"]), host, address) is AddressClass.METADATA


WRONG = [
    "10.0.0.1/8",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/8:0",
    "10.0.0.0/8:x",
    "host:70000",
    "host:",
    "[::1",
    "[::1]443",
    "*",
    "*.",
    "*.10.0.0.1",
    "a.*.example",
    "https://git.corp.example",
    "git corp",
    "",
]


def test_every_entry_that_will_not_do_is_named() -> None:
    with pytest.raises(InvalidInputError) as refused:
        AddressPolicy.of(["10.0.0.0/8", *WRONG])
    assert len(refused.value.findings) == len(WRONG)
    assert all(f'"{entry}"' in found.message for entry, found in zip(WRONG, refused.value.findings, strict=True))


def test_the_name_of_a_metadata_service_is_not_listed_by_a_wildcard() -> None:
    name, address = "metadata.google.internal", "10.0.0.1"
    assert refusal(AddressPolicy.of(["*.internal"]), name, address) is AddressClass.PRIVATE
    assert refusal(AddressPolicy.of(["*.internal", name]), name, address) is None
