"""SSH as Git calls it: no settings of the user, known hosts only, one key, the checked address."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from adapters.git._remote import Remote
from flowcore.errors import ForbiddenError
from flowcore.ports.git import GitCredential
from flowcore.ports.network import Reachable

_KEY = "-----BEGIN "
_OPTIONS = {
    "BatchMode": "yes",
    "StrictHostKeyChecking": "yes",
    "UpdateHostKeys": "no",
    "GlobalKnownHostsFile": os.devnull,
    "IdentitiesOnly": "yes",
    "IdentityAgent": "none",
    "PasswordAuthentication": "no",
    "KbdInteractiveAuthentication": "no",
    "ClearAllForwardings": "yes",
    "ForwardAgent": "no",
    "PermitLocalCommand": "no",
    "ProxyCommand": "none",
    "ConnectTimeout": "20",
}


def ssh_variables(
    ssh: str, home: Path, known_hosts: str, remote: Remote, reachable: Reachable, credential: GitCredential | None
) -> dict[str, str]:
    """Return the variables that make Git use SSH so; a key is written into *home*, for its owner only.

    Raises:
        ForbiddenError: the credential is no private key (code ``git.credential_kind``).
    """
    key = _write_key(home / "key", credential)
    # Known hosts are looked up by the name, also where the connection goes to a checked address.
    alias = remote.host if remote.port == 22 else f"[{remote.host}]:{remote.port}"
    options = {
        **_OPTIONS,
        "UserKnownHostsFile": known_hosts,
        "IdentityFile": key,
        "HostName": reachable.addresses[0],
        "HostKeyAlias": alias,
    }
    words = [ssh, "-F", os.devnull, *(f"-o{name}={value}" for name, value in options.items())]
    return {"GIT_SSH_COMMAND": shlex.join(words), "GIT_SSH_VARIANT": "ssh"}


def _write_key(path: Path, credential: GitCredential | None) -> str:
    if credential is None:
        return "none"
    if not credential.secret.startswith(_KEY):
        text = "SSH needs a private key in PEM form as the secret, without a passphrase"
        raise ForbiddenError(text, code="git.credential_kind")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(credential.secret.rstrip() + "\n")
    return str(path)
