"""Where keys come from when flowcore does not keep them itself: the environment, or a command."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256
from typing import Protocol

from attrs import field, frozen

from adapters.security._command import Command
from adapters.security._keyring import Keyring
from adapters.security._keys import Keys
from flowcore.errors import Finding, InvalidInputError, Place

_FIX = "give 32 random bytes in base64, like those of: openssl rand -base64 32; several as id:key, with commas between"


class KeySource(Protocol):
    """A place that keys are read from.

    Attributes:
        name: what messages call it.
    """

    @property
    def name(self) -> str: ...

    async def read(self) -> Keyring | None:
        """Return the keyring; None when there is none yet.

        Raises:
            InvalidInputError: what is there is not a keyring, or is open to others.
            UnavailableError: the place does not answer.
        """
        ...


@frozen
class TextSource:
    """A keyring that is given as a text, like in a variable."""

    name: str
    text: str = field(repr=False)

    async def read(self) -> Keyring | None:
        """Return the keyring; see the port."""
        return Keyring.of(self.text, self.name)


@frozen
class ListedSource:
    """Keys that are given one by one: each in base64, perhaps after an id and a colon, the current one first.

    Attributes:
        by_variable: the lists, by the settings that hold them: those of encryption, then those of tokens.
    """

    by_variable: Mapping[str, str] = field(repr=False)

    @property
    def name(self) -> str:
        """The variables."""
        return " and ".join(self.by_variable)

    async def read(self) -> Keyring | None:
        """Return the keyring; see the port."""
        findings: list[Finding] = []
        groups = []
        for variable, listed in self.by_variable.items():
            try:
                groups.append(_listed(listed))
            except (ValueError, InvalidInputError):
                # What is wrong is in the keys, and would be quoted.
                message = f"{variable} holds no list of keys of 32 bytes"
                findings.append(Finding(rule="key-invalid", message=message, place=Place(path=variable), fix=_FIX))
        if findings:
            raise InvalidInputError(findings, code="keys.invalid")
        encryption, tokens = groups
        return Keyring(tokens, encryption)


@frozen
class CommandSource:
    """A keyring that a command prints, like ``sops -d keyring.enc.json`` or ``vault kv get -field=keyring …``."""

    command: Command

    @property
    def name(self) -> str:
        """The setting that names the command."""
        return f"what {self.command.variable} printed"

    async def read(self) -> Keyring | None:
        """Return the keyring; see the port."""
        return Keyring.of((await self.command.run()).decode("utf-8", "replace"), self.name)


def _listed(text: str) -> Keys:
    keys: dict[str, bytes] = {}
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        given, colon, encoded = word.rpartition(":")
        key = b64decode(encoded, validate=True)
        key_id = given if colon else _fingerprint(key)
        if key_id in keys:
            raise ValueError("an id twice")
        keys[key_id] = key
    return Keys(next(iter(keys), ""), keys)


def _fingerprint(key: bytes) -> str:
    """Return an id for a key that came without one; every process makes the same."""
    return sha256(b"flowcore key id" + key).hexdigest()[:16]
