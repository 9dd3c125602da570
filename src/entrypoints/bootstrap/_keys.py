"""Keys: from the settings to what signs tokens and seals secrets."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from adapters.security import (
    AesGcmCipher,
    Command,
    CommandSource,
    CommandWrapper,
    JwtTokens,
    Keyring,
    KeyringFile,
    KeySource,
    ListedSource,
    TextSource,
)
from entrypoints.bootstrap._production import unsafe_settings
from entrypoints.settings import Settings
from entrypoints.settings.modes import Mode
from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.ports.security import KeyPurpose
from flowcore.ports.system import Clock

_PLAIN = "HS256"


@frozen
class OpenKeys:
    """A keyring that was read, and the place that it was read from; None for one that lives in this process only."""

    keyring: Keyring
    source: KeySource | None = None

    def cipher(self) -> AesGcmCipher:
        """Return what seals with these keys; keys that are added to a file meanwhile are used at once."""
        newest = self._newest()
        return AesGcmCipher(self.keyring.encryption if newest is None else lambda: newest().encryption)

    def tokens(self, settings: Settings, clock: Clock) -> JwtTokens:
        """Return what signs access tokens; keys that are added to a file meanwhile, or dropped, count at once."""
        newest = self._newest()
        return JwtTokens(
            clock=clock,
            keys=self.keyring.tokens,
            signing=self.keyring.signing,
            live=None if newest is None else lambda: ((ring := newest()).tokens, ring.signing),
            algorithm=settings.token_algorithm,
            issuer=settings.public_url or "flowcore",
        )

    def _newest(self) -> Callable[[], Keyring] | None:
        """Return what reads the keys that are there now; None where that takes a start."""
        file = self.source
        return file.newest if isinstance(file, KeyringFile) and file.wrapper is None else None


async def open_keys(settings: Settings, clock: Clock) -> OpenKeys:
    """Return the keys that the settings name, making them where development has none.

    Raises:
        InvalidInputError: there are none and the mode is production, they cannot be used, or production refuses other
            settings; everything at once.
        UnavailableError: the place of the keys does not answer.
    """
    findings = unsafe_settings(settings)
    source = key_source(settings)
    try:
        keyring = await _read_or_make(settings, source, clock)
    except InvalidInputError as error:
        raise InvalidInputError([*error.findings, *findings], code=error.code) from None
    if findings:
        raise InvalidInputError(findings, code="settings.unsafe")
    if keyring is None:  # what lives in memory needs no key that outlives it
        return OpenKeys(_with_pair(Keyring.fresh(clock.now()), settings, clock))
    if _lacks_pair(keyring, settings):
        if settings.mode is Mode.PRODUCTION or not isinstance(source, KeyringFile):
            raise _no_pair(settings, source)
        keyring = await source.change(lambda ring: _with_pair(ring, settings, clock))
    return OpenKeys(keyring, source)


def key_source(settings: Settings) -> KeySource:
    """Return the place that the keys come from; nothing is read yet."""
    keys = settings.keyring
    if keys.text:
        return TextSource("FLOWCORE_KEYRING", keys.text)
    if keys.encryption:
        return ListedSource({"FLOWCORE_ENCRYPTION_KEY": keys.encryption, "FLOWCORE_TOKEN_KEY": keys.tokens})
    if keys.command:
        return CommandSource(Command(keys.command, "FLOWCORE_KEY_COMMAND"))
    wrapper = None
    if keys.wrap_command:
        wrapper = CommandWrapper(
            Command(keys.wrap_command, "FLOWCORE_KEY_WRAP_COMMAND"),
            Command(keys.unwrap_command, "FLOWCORE_KEY_UNWRAP_COMMAND"),
        )
    return KeyringFile(keys.file or settings.data_dir / "keyring.json", wrapper)


async def _read_or_make(settings: Settings, source: KeySource, clock: Clock) -> Keyring | None:
    in_memory = settings.store.startswith("memory://")
    if in_memory and settings.keyring.is_file and settings.keyring.file is None:
        return None
    keyring = await source.read()
    if keyring is not None:
        return keyring
    if settings.mode is Mode.PRODUCTION or not isinstance(source, KeyringFile):
        raise no_keys(source)
    await source.create(Keyring.fresh(clock.now()))
    # Another process may have been first: then its keys count.
    return await _read_or_make(settings, source, clock)


def no_keys(source: KeySource) -> InvalidInputError:
    """Return the error of a place that has no keys, where none are made unasked."""
    return InvalidInputError.of(
        f"there are no keys: {source.name} does not exist, and keys that are made unasked are lost with the machine",
        rule="keyring-missing",
        code="keyring.missing",
        fix="make them once with: flowcore keys generate; keep a backup. Or give them with FLOWCORE_KEYRING_FILE, "
        "FLOWCORE_KEYRING, FLOWCORE_ENCRYPTION_KEY and FLOWCORE_TOKEN_KEY, or FLOWCORE_KEY_COMMAND; or set "
        "FLOWCORE_MODE=development, which makes them by itself",
    )


def _lacks_pair(keyring: Keyring, settings: Settings) -> bool:
    algorithm = settings.token_algorithm
    return algorithm != _PLAIN and keyring.signing.newest_of(algorithm) is None


def _with_pair(keyring: Keyring, settings: Settings, clock: Clock) -> Keyring:
    if not _lacks_pair(keyring, settings):
        return keyring
    return keyring.rotated(KeyPurpose.TOKENS, clock.now(), settings.token_algorithm)


def _no_pair(settings: Settings, source: KeySource) -> InvalidInputError:
    algorithm = settings.token_algorithm
    finding = Finding(
        rule="keyring-algorithm",
        message=f"{source.name} has no key pair for {algorithm}, which FLOWCORE_TOKEN_ALGORITHM asks for",
        place=Place(path="FLOWCORE_TOKEN_ALGORITHM"),
        fix="add one with: flowcore keys rotate --purpose tokens",
    )
    return InvalidInputError([finding], code="keyring.algorithm")
