"""Services that somebody has signed in to from the command line, and the file that keeps their tokens."""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import asdict, evolve, field, frozen

from entrypoints.settings.oauth import is_address
from flowcore.errors import Finding, InvalidInputError, UnauthenticatedError, UnavailableError

#: Variables that stand in for the file, as pipelines use them.
SERVER_VARIABLE, TOKEN_VARIABLE = "FLOWCORE_SERVER", "FLOWCORE_TOKEN"

_DEFAULT_PORTS = {"https": 443, "http": 80}


@frozen(kw_only=True)
class Server:
    """A service, and the API token to use there.

    Attributes:
        url: scheme, host and port, without a slash at its end.
        token: the API token.
        token_id: the id that the service knows the token by; empty when it was not made from here.
        email: whose it is; empty when nobody knows.
    """

    url: str
    token: str = field(repr=False)
    token_id: str = ""
    email: str = ""


@frozen
class Servers:
    """Every service that is known.

    Attributes:
        default: URL of the one that commands use when none is named; empty without any.
        by_url: all of them.
    """

    default: str = ""
    by_url: Mapping[str, Server] = field(factory=dict)

    def including(self, server: Server) -> Servers:
        """Return these servers and another one, which becomes the default."""
        return Servers(server.url, {**self.by_url, server.url: server})

    def without(self, url: str) -> Servers:
        """Return these servers but one; if it was the default, the last one that is left becomes it."""
        left = {known: server for known, server in self.by_url.items() if known != url}
        return Servers(self.default if self.default in left else next(reversed(left), ""), left)


def server_url(text: str) -> str:
    """Return the address of a service in the one spelling that its token is kept under.

    Args:
        text: as typed; ``https`` when it names no scheme, ``http`` for this machine.

    Raises:
        InvalidInputError: it is no address that tokens may be sent to: https, or http on this machine.
    """
    typed = text.strip()
    if "://" not in typed:
        typed = f"http://{typed}" if is_address(f"http://{typed.rstrip('/')}", with_path=False) else f"https://{typed}"
    typed = typed.rstrip("/")
    if not is_address(typed, with_path=False):
        raise _refused(
            "the server is not an address that a token may be sent to",
            rule="server-address",
            why="over plain HTTP everybody on the way can read the token",
            fix="give it as https://HOST or https://HOST:PORT; http:// only for this machine, like http://localhost:3000",
        )
    parts = urlsplit(typed)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{shown}{port}"


def chosen_server(url: str, env: Mapping[str, str]) -> Server:
    """Return the server that a command is about, with its token.

    Args:
        url: as given to the command; empty for ``FLOWCORE_SERVER``, else the default.
        env: where ``FLOWCORE_TOKEN`` goes before the file, for ``FLOWCORE_SERVER`` only.

    Raises:
        InvalidInputError: the address, a variable or the file will not do.
        UnauthenticatedError: nobody has signed in there.
    """
    named, token = env.get(SERVER_VARIABLE, "").strip(), env.get(TOKEN_VARIABLE, "").strip()
    if token and not named:
        raise _refused(
            f"{TOKEN_VARIABLE} is set, and {SERVER_VARIABLE} is not",
            rule="server-missing",
            why="a token is sent to the server it is for, and to no other",
            fix=f"set {SERVER_VARIABLE} to the address of the service",
        )
    if token and (not url or server_url(url) == server_url(named)):
        return Server(url=server_url(named), token=token)
    return stored_server(url or named)


def stored_server(url: str) -> Server:
    """Return a server of the file: the one of an address, the default one without an address.

    Raises:
        InvalidInputError: the address or the file will not do.
        UnauthenticatedError: nobody has signed in there.
    """
    servers = read_servers()
    wanted = server_url(url) if url else servers.default
    if wanted not in servers.by_url:
        where = f"at {wanted}" if wanted else "anywhere"
        text = f"you are not signed in {where}; sign in with: flowcore login {wanted or 'URL'}"
        raise UnauthenticatedError(text, code="server.unknown")
    return servers.by_url[wanted]


# ------------------------------------------------------------ the file


def servers_file() -> Path:
    """Return where the tokens are kept: ``flowcore/servers.json`` in the user's folder of settings."""
    from platformdirs import user_config_path

    return user_config_path("flowcore", appauthor=False) / "servers.json"


def read_servers() -> Servers:
    """Return the servers of the file; none when there is no file.

    Raises:
        InvalidInputError: others may read or write the file, or its content is not what was written.
        UnavailableError: it cannot be read.
    """
    path = servers_file()
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            _require_private(os.fstat(file.fileno()), path)
            text = file.read()
    except FileNotFoundError:
        return Servers()
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read: {error.strerror}", code="servers.unavailable") from None
    return _parse(text, path)


def write_servers(servers: Servers) -> None:
    """Write the file whole, readable by its owner only; without servers it is deleted.

    Raises:
        UnavailableError: it cannot be written; what was there stays.
    """
    path = servers_file()
    # Whoever reads meanwhile sees the old file or the new one.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        if not servers.by_url:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(_document(servers), file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written: {error.strerror}", code="servers.unavailable") from None


def _require_private(state: os.stat_result, path: Path) -> None:
    if os.name != "posix":
        return  # where modes say nothing about who may read
    mode = stat.S_IMODE(state.st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise _refused(
            f"{path} is open to others (mode {mode:04o})",
            rule="servers-open",
            why="it holds the API tokens of your servers",
            fix=f"chmod 600 {path}; if others may have read it, revoke the tokens and sign in again",
        )
    if state.st_uid not in (os.geteuid(), 0):
        raise _refused(
            f"{path} belongs to somebody else",
            rule="servers-open",
            why="whoever made it chooses the servers that you talk to",
            fix="delete it and sign in again",
        )


def _refused(message: str, *, rule: str, why: str, fix: str) -> InvalidInputError:
    return InvalidInputError([Finding(rule=rule, message=message, why=why, fix=fix)], message=message)


def _document(servers: Servers) -> dict[str, Any]:
    told = {url: {**asdict(server), "url": None} for url, server in servers.by_url.items()}
    return {
        "default": servers.default,
        "servers": {url: {name: value for name, value in each.items() if value} for url, each in told.items()},
    }


def _parse(text: str, path: Path) -> Servers:
    try:
        document = json.loads(text)
        by_url = {url: _server(url, each) for url, each in document["servers"].items()}
        return evolve(Servers(by_url=by_url), default=str(document["default"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidInputError):
        # The cause may quote a token.
        raise _refused(
            f"{path} is not a list of servers",
            rule="servers-malformed",
            why="only flowcore writes it",
            fix="delete it and sign in again",
        ) from None


def _server(url: str, told: Mapping[str, Any]) -> Server:
    if server_url(url) != url:
        raise ValueError
    texts = {name: str(told.get(name, "")) for name in ("token_id", "email")}
    return Server(url=url, token=str(told["token"]), **texts)
