"""What a start does about keys: development makes them, production refuses with everything that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from adapters.security import Keyring, KeyringFile
from adapters.system import SystemClock
from entrypoints.bootstrap import open_app
from entrypoints.bootstrap._keys import open_keys
from entrypoints.settings import Settings
from entrypoints.settings.keys import KeySettings
from entrypoints.settings.modes import Mode, Risk
from flowcore.errors import InvalidInputError, UnavailableError
from flowcore.ports.security import KeyPurpose

pytestmark = pytest.mark.anyio

CLOCK = SystemClock()
RING = Keyring.fresh(datetime(2026, 3, 1, tzinfo=UTC))


@pytest.fixture
def development(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def production(development: Settings) -> Settings:
    return evolve(development, mode=Mode.PRODUCTION, public_url="https://flow.example.com")


async def refusal(settings: Settings) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as refused:
        await open_keys(settings, CLOCK)
    return refused.value


async def test_development_makes_keys_once_for_its_owner_only(development: Settings) -> None:
    made = await open_keys(development, CLOCK)
    path = development.data_dir / "keyring.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert (await open_keys(development, CLOCK)).keyring == made.keyring


async def test_production_makes_no_keys_and_names_every_way_to_give_them(production: Settings) -> None:
    error = await refusal(production)
    fix = error.findings[0].fix
    assert error.code == "keyring.missing"
    assert str(production.data_dir / "keyring.json") in error.message
    for way in ("flowcore keys generate", "FLOWCORE_KEYRING", "FLOWCORE_ENCRYPTION_KEY", "FLOWCORE_KEY_COMMAND"):
        assert way in fix
    assert not production.data_dir.exists()


async def test_production_starts_with_keys_that_are_there(production: Settings) -> None:
    await KeyringFile(production.data_dir / "keyring.json").create(RING)
    assert (await open_keys(production, CLOCK)).keyring == RING


async def test_production_tells_everything_that_is_unsafe_at_once(production: Settings) -> None:
    settings = evolve(
        production,
        store_url="memory://",
        sandbox=True,
        cors_origins=("https://ok.example", "*"),
        allowed_addresses=("10.0.0.0/8", "0.0.0.0/0:443"),
        public_url="",
        keyring=KeySettings(file=production.data_dir / "none.json"),
    )
    error = await refusal(settings)
    told = [finding.place.path for finding in error.findings]
    assert told == [
        "",
        "FLOWCORE_STORE_URL",
        "FLOWCORE_SANDBOX",
        "FLOWCORE_CORS_ORIGINS",
        "FLOWCORE_ALLOWED_ADDRESSES",
        "FLOWCORE_PUBLIC_URL",
    ]
    accepted = evolve(settings, accepted_risks=tuple(Risk))
    assert len((await refusal(accepted)).findings) == 1
    assert len((await refusal(evolve(accepted, accepted_risks=(Risk.SANDBOX,)))).findings) == 5


async def test_development_refuses_none_of_that(development: Settings) -> None:
    await open_keys(evolve(development, store_url="memory://", sandbox=True, cors_origins=("*",)), CLOCK)


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_keyring_that_others_can_read_is_refused_in_every_mode(production: Settings, mode: Mode) -> None:
    file = KeyringFile(production.data_dir / "keyring.json")
    await file.create(RING)
    file.path.chmod(0o644)
    assert (await refusal(evolve(production, mode=mode))).code == "keyring.open"


async def test_what_is_in_memory_has_keys_that_end_with_it(production: Settings) -> None:
    settings = evolve(production, store_url="memory://", accepted_risks=(Risk.MEMORY_STORE,))
    first, second = [(await open_keys(settings, CLOCK)).keyring for _ in range(2)]
    assert first != second
    assert not settings.data_dir.exists()


@pytest.mark.parametrize("store", ["", "memory://"])
async def test_keys_that_are_given_are_used_with_every_store(development: Settings, store: str) -> None:
    settings = evolve(development, store_url=store, keyring=KeySettings(text=RING.text()))
    assert (await open_keys(settings, CLOCK)).keyring == RING
    assert not development.data_dir.exists()


async def test_a_command_that_fails_stops_the_start(development: Settings) -> None:
    settings = evolve(development, keyring=KeySettings(command=("false",)))
    with pytest.raises(UnavailableError, match="FLOWCORE_KEY_COMMAND"):
        await open_keys(settings, CLOCK)
    assert not development.data_dir.exists()


async def test_development_makes_the_key_pair_that_the_algorithm_needs(development: Settings) -> None:
    await open_keys(development, CLOCK)
    settings = evolve(development, token_algorithm="EdDSA")
    opened = await open_keys(settings, CLOCK)
    assert opened.keyring.signing.newest_of("EdDSA")
    assert (await open_keys(settings, CLOCK)).keyring == opened.keyring


async def test_where_keys_are_not_made_a_missing_key_pair_is_refused(production: Settings) -> None:
    await KeyringFile(production.data_dir / "keyring.json").create(RING)
    missing = await refusal(evolve(production, token_algorithm="RS256"))
    given = await refusal(
        evolve(production, mode=Mode.DEVELOPMENT, token_algorithm="RS256", keyring=KeySettings(text=RING.text()))
    )
    for error in (missing, given):
        assert error.code == "keyring.algorithm"
        assert "flowcore keys rotate --purpose tokens" in error.findings[0].fix


async def test_a_running_service_reads_what_another_process_seals_with_a_new_key(development: Settings) -> None:
    ours = (await open_keys(development, CLOCK)).cipher()
    before = ours.encrypt("secret", context="cluster:1")
    file = KeyringFile(development.data_dir / "keyring.json")
    await file.change(lambda ring: ring.rotated(KeyPurpose.ENCRYPTION, CLOCK.now()))
    theirs = (await open_keys(development, CLOCK)).cipher()
    after = theirs.encrypt("secret", context="cluster:1")
    assert ours.decrypt(after, context="cluster:1") == ours.decrypt(before, context="cluster:1") == "secret"
    assert theirs.is_current(ours.encrypt("secret", context="cluster:1"))


async def test_the_service_does_not_start_without_what_production_needs(production: Settings) -> None:
    overrides: dict[str, Any] = {}
    with pytest.raises(InvalidInputError, match="there are no keys"):
        async with open_app(production, **overrides):
            raise AssertionError("it started")
