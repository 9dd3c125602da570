"""The keyring file: made on first use, readable by its owner only."""

from __future__ import annotations

import json
import os
import secrets
import stat
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from attrs import field, frozen

from adapters.security._keys import Keys, generate_key
from flowcore.errors import InvalidInputError, UnavailableError

_GROUPS = ("tokens", "encryption")


@frozen
class Keyring:
    """Every key of one installation.

    Attributes:
        tokens: keys that sign access tokens.
        encryption: keys that encrypt secrets at rest; when they are lost, so are the secrets.
    """

    tokens: Keys = field(repr=False)
    encryption: Keys = field(repr=False)


def open_keyring(path: Path) -> Keyring:
    """Read the keyring, making it first (mode 0600) when there is none.

    The file is JSON: ``{"tokens": {"current": "1", "keys": {"1": "<base64>"}}, "encryption": {…}}``. To rotate a key,
    add one under a new id and name it as ``current``; old ones stay as long as something is still sealed with them.

    Raises:
        InvalidInputError: others may read or its group may write the file, or its content is not a keyring.
        UnavailableError: the file can be neither read nor made.
    """
    try:
        if not path.exists():
            _create(path)
        text = _read(path)
    except OSError as error:
        raise UnavailableError(
            f"the keyring {path} cannot be opened: {error.strerror}", code="keyring.unavailable"
        ) from None
    return _parse(text, path)


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    document = {name: {"current": "1", "keys": {"1": b64encode(generate_key()).decode("ascii")}} for name in _GROUPS}
    # Written whole under another name first: a second process that starts now sees all of it or nothing.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # the other process was first, its keys count
    finally:
        draft.unlink()


def _read(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & (stat.S_IRWXO | stat.S_IWGRP):
            raise InvalidInputError.of(
                f"the keyring {path} is open to others (mode {mode:04o})",
                rule="keyring-open",
                code="keyring.open",
                fix=f"chmod 600 {path}",
            )
        return file.read()


def _parse(text: str, path: Path) -> Keyring:
    try:
        document = json.loads(text)
        return Keyring(*(_keys(document[name]) for name in _GROUPS))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # The cause would quote the content.
        raise InvalidInputError.of(
            f"the file {path} is not a keyring",
            rule="keyring-malformed",
            code="keyring.malformed",
            fix="bring it back from a backup; a new one cannot read what the old one encrypted",
        ) from None


def _keys(group: Any) -> Keys:
    return Keys(group["current"], {key_id: b64decode(key, validate=True) for key_id, key in group["keys"].items()})
