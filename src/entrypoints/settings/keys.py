"""Where the keys come from: one place of several, read from the environment."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from attrs import field, frozen

from flowcore.errors import Finding, Place

#: Asked for a setting by its name; empty when it is not set.
Ask = Callable[[str], str]

_WAYS = "FLOWCORE_KEYRING, FLOWCORE_ENCRYPTION_KEY with FLOWCORE_TOKEN_KEY, FLOWCORE_KEY_COMMAND, FLOWCORE_KEYRING_FILE"


@frozen(kw_only=True)
class KeySettings:
    """Where the keys come from; ``keyring.json`` in the data folder when nothing else is said.

    Attributes:
        text: ``FLOWCORE_KEYRING``: the keyring as JSON.
        file: ``FLOWCORE_KEYRING_FILE``: its file.
        encryption: ``FLOWCORE_ENCRYPTION_KEY``: keys in base64, the current one first.
        tokens: ``FLOWCORE_TOKEN_KEY``: likewise.
        command: ``FLOWCORE_KEY_COMMAND``: words of a command that prints the keyring.
        wrap_command: ``FLOWCORE_KEY_WRAP_COMMAND``: words of a command that wraps the content of the file.
        unwrap_command: ``FLOWCORE_KEY_UNWRAP_COMMAND``: words of a command that unwraps it.
    """

    text: str = field(default="", repr=False)
    file: Path | None = None
    encryption: str = field(default="", repr=False)
    tokens: str = field(default="", repr=False)
    command: tuple[str, ...] = field(default=(), repr=False)
    wrap_command: tuple[str, ...] = field(default=(), repr=False)
    unwrap_command: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_file(self) -> bool:
        """Whether flowcore keeps the keys in a file itself."""
        return not (self.text or self.encryption or self.command)


def read_keys(ask: Ask, findings: list[Finding]) -> KeySettings:
    """Read the settings; what is wrong with them is added to *findings*."""
    file = ask("keyring_file")
    settings = KeySettings(
        text=ask("keyring"),
        file=Path(file) if file else None,
        encryption=ask("encryption_key"),
        tokens=ask("token_key"),
        command=_words("key_command", ask, findings),
        wrap_command=_words("key_wrap_command", ask, findings),
        unwrap_command=_words("key_unwrap_command", ask, findings),
    )
    ways = [settings.text, settings.encryption or settings.tokens, settings.command, settings.file]
    if len([way for way in ways if way]) > 1:
        findings.append(_finding("keyring", f"is one of several places of keys, and only one is possible: {_WAYS}"))
    for one, other in (("encryption_key", "token_key"), ("token_key", "encryption_key")):
        if ask(one) and not ask(other):
            findings.append(_finding(other, f"is needed with {_variable(one)}"))
    for one, other in (
        ("key_wrap_command", "key_unwrap_command"),
        ("key_unwrap_command", "key_wrap_command"),
    ):
        if ask(one) and not ask(other):
            findings.append(_finding(other, f"is needed with {_variable(one)}"))
    if settings.wrap_command and not settings.is_file:
        findings.append(_finding("key_wrap_command", "wraps a file, and the keys are not in one"))
    return settings


def _words(name: str, ask: Ask, findings: list[Finding]) -> tuple[str, ...]:
    """Split a command into words as a shell would; no shell will see it."""
    try:
        return tuple(shlex.split(ask(name)))
    except ValueError:
        findings.append(_finding(name, "must be a command; a quotation mark in it is not closed"))
        return ()


def _variable(name: str) -> str:
    return f"FLOWCORE_{name.upper()}"


def _finding(name: str, problem: str) -> Finding:
    variable = _variable(name)
    return Finding(rule="setting", message=f"{variable} {problem}", place=Place(path=variable))
