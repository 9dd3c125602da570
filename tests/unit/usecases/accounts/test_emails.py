"""E-mail addresses."""

from __future__ import annotations

import pytest

from flowcore.usecases.accounts.emails import is_email, key_of_domain, key_of_email


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.com",
        " ann@example.com ",
        "a.b+c@sub.example.co",
        "local@localhost",
        "jörg@bücher.example",
        "o'n@x.io",
    ],
)
def test_addresses_that_mail_can_be_sent_to_will_do(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "ann@intranet",
        "ann@192.0.2.1",
        "ann@[2001:db8::1]",
        "ann@ex ample.com",
        "an n@example.com",
        "a@b@example.com",
        "ann@example.com\nBcc: all@example.com",
        "ann\u202e@example.com",
        "ann\ud800@example.com",
        ".ann@example.com",
        "an..n@example.com",
        "<ann@example.com>",
        "x" * 65 + "@example.com",
        "ann@" + "x" * 60 + "." + "y" * 60 + "." + "z" * 60 + "." + "w" * 60 + "." + "v" * 60 + ".com",
    ],
)
def test_others_do_not(text: str) -> None:
    assert not is_email(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        (" ann@example.com", "ann@example.com"),
        ("ann@bücher.example", "ann@XN--BCHER-KVA.example"),
        ("jo\u0308rg@example.com", "j\u00f6rg@example.com"),
        ("ann@example.com.", "ann@example.com"),
    ],
)
def test_the_same_address_has_one_key(one: str, other: str) -> None:
    assert key_of_email(one) == key_of_email(other)


def test_others_have_another_key() -> None:
    assert key_of_email("ann@example.com") != key_of_email("ann@example.org")
    assert key_of_email("ann") == "ann"
    assert key_of_domain("not a domain") == "not a domain"
