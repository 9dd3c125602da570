"""Which URLs are given to Git, and how they are written then: nothing that Git or curl may read in two ways."""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address

from attrs import frozen

from flowcore.errors import FlowcoreError, ForbiddenError, InvalidInputError

_PORTS = {"https": 443, "http": 80, "ssh": 22}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_URL = re.compile(
    r"(?P<scheme>[a-z]+)://(?P<host>[^/:\[\]@]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?/(?P<path>[^?#]+)",
    re.IGNORECASE,
)
#: The short form of SSH, ``git@host:owner/repository.git``, and the user in front of a host.
_SHORT = re.compile(r"(?P<user>[A-Za-z0-9_][A-Za-z0-9_.-]{0,31})@(?P<host>[^/:@\[\]]+):(?P<path>[^:/][^:]*)")
_USER = re.compile(r"ssh://(?P<user>[A-Za-z0-9_][A-Za-z0-9_.-]{0,31})@", re.IGNORECASE)
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PATH = re.compile(r"(?:[A-Za-z0-9_.~+!$&'(),;=@-]|%[0-9A-Fa-f]{2}|/)+")
#: What curl takes for a number, and so for an address: ``127.1``, ``2130706433``, ``0x7f.1``.
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_LONGEST = 2048


@frozen
class Remote:
    """A repository's address, in one spelling.

    Attributes:
        scheme: ``https``, ``http`` or ``ssh``.
        host: lower case; an IPv6 address without brackets.
        port: TCP port.
        path: starts with ``/``.
        user: whom SSH signs in as; empty for other schemes.
    """

    scheme: str
    host: str
    port: int
    path: str
    user: str = ""

    @property
    def place(self) -> str:
        """Host, with the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def root(self) -> str:
        """URL of the host."""
        return f"{self.scheme}://{self.place}/"

    @property
    def url(self) -> str:
        """URL of the repository."""
        user = f"{self.user}@" if self.user else ""
        return f"{self.scheme}://{user}{self.place}{self.path}"


def parse_remote(url: str, schemes: Collection[str]) -> Remote:
    """Return where a URL points.

    Raises:
        InvalidInputError: it is no URL of a repository, or can be read in two ways (code ``git.url_invalid``).
        ForbiddenError: its scheme is not allowed (code ``git.scheme_forbidden``), or it holds credentials
            (code ``git.url_credentials``). No text repeats the URL.
    """
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _invalid("it is too long, or holds a space, a backslash, a control character or a letter outside ASCII")
    short = _SHORT.fullmatch(url)
    if short is not None:
        url = f"ssh://{short['user']}@{short['host']}/{short['path']}"
    _check_scheme(url, schemes)
    named = _USER.match(url)
    if named is not None:
        url = f"ssh://{url[named.end() :]}"
    if "@" in url.split("//", 1)[1].split("/")[0]:
        raise ForbiddenError(
            "the URL holds a user or password; remove it, and give the credential on its own",
            code="git.url_credentials",
        )
    match = _URL.fullmatch(url)
    if match is None:
        raise _invalid("it does not read https://HOST/PATH, without query and fragment")
    scheme = match["scheme"].lower()
    port = int(match["port"] or _PORTS[scheme])
    if not 0 < port < 65536:
        raise _invalid("its port is none")
    user = (named["user"] if named is not None else "git") if scheme == "ssh" else ""
    return Remote(scheme, _host(match["host"].lower()), port, _path(match["path"]), user)


def _check_scheme(url: str, schemes: Collection[str]) -> None:
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    if scheme not in schemes or scheme not in _PORTS:
        allowed = " or ".join(f"{name}://" for name in sorted(schemes, reverse=True))
        raise ForbiddenError(f"the URL must start with {allowed}; nothing else is allowed", code="git.scheme_forbidden")


def _host(host: str) -> str:
    if host.startswith("["):
        try:
            return str(IPv6Address(host[1:-1]))
        except ValueError:
            raise _invalid("its host is not an address") from None
    if _NUMBER.fullmatch(host):
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise _invalid("its host is a number in another spelling than 192.0.2.1") from None
    if len(host) > 253 or not _NAME.fullmatch(host):
        raise _invalid("its host is not a name")
    return host


def _path(path: str) -> str:
    parts = path.split("/")
    if not _PATH.fullmatch(path) or any(part in (".", "..") for part in parts) or re.search(r"%[01]|%7f", path, re.I):
        raise _invalid("its path holds a step or character that has no place there")
    if "" in parts[:-1] or parts[0].startswith("-"):
        raise _invalid("its path has an empty part, or starts with '-'")
    return f"/{path}"


def _invalid(problem: str) -> FlowcoreError:
    return InvalidInputError.of(
        f"this is not the URL of a repository: {problem}",
        rule="git-url",
        path="url",
        code="git.url_invalid",
        fix="give a URL like https://git.example.org/owner/repository.git",
    )
