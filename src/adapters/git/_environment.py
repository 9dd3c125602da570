"""The environment that ``git`` runs in: nothing of this process, of the machine's or the user's settings."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path

from adapters.git._remote import Remote
from flowcore.ports.git import GitCredential
from flowcore.ports.network import Reachable

#: Settings that hold for every run. An empty value takes back what was set before it.
_SAFE = {
    "protocol.allow": "never",
    "protocol.version": "2",
    "http.followRedirects": "false",  # also keeps a dumb server's http-alternates from being followed
    "http.proxy": "",
    "http.sslVerify": "true",
    "http.lowSpeedLimit": "1",
    "credential.helper": "",
    "core.askPass": "",
    "core.hooksPath": os.devnull,
    "core.attributesFile": os.devnull,
    "core.fsmonitor": "false",
    "core.bigFileThreshold": "8m",  # larger objects are streamed to disk and not held in memory
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.unpackLimit": "1",
    "fetch.writeCommitGraph": "false",
    "transfer.bundleURI": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "pack.threads": "1",
}


def environment(git: str, home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the variables; what *settings* hold is not on the command line, which everybody on a machine can read."""
    every = {**_SAFE, **settings}
    numbered = {
        f"GIT_CONFIG_{kind}_{number}": text
        for number, pair in enumerate(every.items())
        for kind, text in zip(("KEY", "VALUE"), pair, strict=True)
    }
    return {
        "PATH": os.pathsep.join((str(Path(git).parent), os.defpath)),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "TMPDIR": str(home),
        "GIT_DIR": str(home / "tree.git"),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_CONFIG_COUNT": str(len(every)),
        **numbered,
    }


def connecting(remote: Remote, reachable: Reachable, credential: GitCredential | None, ca_file: str) -> dict[str, str]:
    """Return the settings for one host: its one protocol, its checked addresses, and what it is shown."""
    addresses = ",".join(f"[{address}]" if ":" in address else address for address in reachable.addresses)
    settings = {f"protocol.{remote.scheme}.allow": "always"}
    if remote.scheme == "ssh":
        return settings  # pinned by SSH's own options
    if remote.host not in reachable.addresses:  # an address needs no resolver
        settings["http.curloptResolve"] = f"{remote.host}:{remote.port}:{addresses}"
    if ca_file:
        settings["http.sslCAInfo"] = ca_file
    if credential is not None:
        shown = base64.b64encode(f"{credential.username}:{credential.secret}".encode()).decode()
        settings[f"http.{remote.root}.extraHeader"] = f"Authorization: Basic {shown}"
    return settings
