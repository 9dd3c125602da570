"""Settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from entrypoints.settings import Settings
from entrypoints.settings.limits import RateLimits
from flowcore.errors import InvalidInputError


def test_what_is_not_set_keeps_its_default() -> None:
    settings = Settings.from_env({"HOME": "/home/ann", "PATH": "/bin"})
    assert (settings.host, settings.port, settings.sandbox) == ("127.0.0.1", 3000, False)
    assert settings.store == "sqlite:////home/ann/.local/share/flowcore/flowcore.db"
    assert settings == Settings(data_dir=Path("/home/ann/.local/share/flowcore"))


def test_every_field_can_be_set() -> None:
    settings = Settings.from_env(
        {
            "FLOWCORE_PORT": "8080",
            "FLOWCORE_STORE_URL": "mongodb://ann:hunter22@db",
            "FLOWCORE_SANDBOX": "yes",
            "FLOWCORE_ALLOWED_DOMAINS": "a.example, b.example,",
            "FLOWCORE_ALLOWED_ADDRESSES": "10.0.0.0/8, *.corp.example:8443",
            "FLOWCORE_INVITE_CODE": "123456",
            "FLOWCORE_HEARTBEAT": "2.5",
            "FLOWCORE_PASSWORD_HASH": "BCRYPT",
            "FLOWCORE_TRUSTED_PROXIES": "10.0.0.0/24, fd00::1",
            "FLOWCORE_RATE_LIMITS": "read = 600, stream=0",
            "FLOWCORE_TOKEN_ALGORITHM": "eddsa",
            "FLOWCORE_TEST_MONGO_URL": "ignored",
            "FLOWCORE_SERVER": "read by the commands that ask a service",
            "FLOWCORE_TOKEN": "fct_secret",
        }
    )
    assert (settings.port, settings.sandbox, settings.heartbeat) == (8080, True, 2.5)
    assert settings.token_algorithm == "EdDSA"
    assert settings.password_hash == "bcrypt"
    assert settings.trusted_proxies == ("10.0.0.0/24", "fd00::1")
    assert settings.rate_limits == evolve(RateLimits(), read=600, stream=0)
    assert settings.allowed_domains == ("a.example", "b.example")
    assert settings.allowed_addresses == ("10.0.0.0/8", "*.corp.example:8443")
    assert settings.store == "mongodb://ann:hunter22@db"
    assert "hunter22" not in repr(settings)
    assert "123456" not in repr(settings)


def test_every_problem_is_told_at_once() -> None:
    wrong = {
        "FLOWCORE_PORT": "70000",
        "FLOWCORE_SANDBOX": "maybe",
        "FLOWCORE_STORE_URL": "redis://x",
        "FLOWCORE_LOG_LEVEL": "loud",
        "FLOWCORE_TOKEN_ALGORITHM": "none",
        "FLOWCORE_HEARTBEAT": "nan",
        "FLOWCORE_PASSWORD_MIN": "5",
        "FLOWCORE_PASSWORD_HASH": "md5",
        "FLOWCORE_TRUSTED_PROXIES": "10.0.0.1/8",
        "FLOWCORE_FORWARDED_HEADER": "x-real-ip",
        "FLOWCORE_ALLOWED_ADDRESSES": "10.0.0.0/8, 10.0.0.1/8",
        "FLOWCORE_PROT": "1",
    }
    with pytest.raises(InvalidInputError) as caught:
        Settings.from_env(wrong)
    assert {finding.place.path for finding in caught.value.findings} == set(wrong)
    assert '"10.0.0.1/8" is not' in caught.value.message
    assert "FLOWCORE_PORT must be a number from 0 to 65535" in caught.value.message


def test_every_field_has_a_variable_and_is_described() -> None:
    described = Settings.__doc__ or ""
    for name in (field.name for field in Settings.__attrs_attrs__):
        assert f"        {name}:" in described
        with_it = {f"FLOWCORE_{name.upper()}": ""}
        Settings.from_env(with_it)


@pytest.mark.parametrize("limits", ["requests=5", "read", "read=-1", "read=many", "read=10000001", "read=²"])
def test_limits_that_will_not_do_are_told_with_an_example(limits: str) -> None:
    with pytest.raises(InvalidInputError, match=r"like read=6"):
        Settings.from_env({"FLOWCORE_RATE_LIMITS": limits})
