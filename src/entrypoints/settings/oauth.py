"""The file of identity providers (TOML), read once; every problem is told at once, with its place."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field, frozen

from entrypoints.settings.presets import PRESETS
from flowcore.errors import Finding, InvalidInputError, Place

_LARGEST = 1024 * 1024
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SECRETS = ("client_secret", "client_secret_env", "client_secret_file")
_URLS = ("issuer", "authorization_url", "token_url", "userinfo_url", "emails_url")
_CLAIMS = ("subject", "email", "email_verified", "name", "groups")


@frozen(kw_only=True)
class ProviderSettings:
    """One identity provider, as the file describes it; ``docs/how-to/sign-in-with-oauth.md`` says what each means.

    Attributes:
        default_role: ``admin``, ``user`` or ``none``.
        claims: names of claims by ``subject``, ``email``, ``email_verified``, ``name`` and ``groups``.
    """

    name: str
    type: str = "oidc"
    display_name: str = ""
    icon: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    token_auth: str = ""
    issuer: str = ""
    authorization_url: str = ""
    token_url: str = ""
    userinfo_url: str = ""
    emails_url: str = ""
    scopes: tuple[str, ...] = ()
    claims: Mapping[str, str] = field(factory=dict)
    allowed_domains: tuple[str, ...] = ()
    assume_email_verified: bool = False
    link_verified_email: bool = False
    admin_groups: tuple[str, ...] = ()
    user_groups: tuple[str, ...] = ()
    default_role: str = "user"


def read_providers(path: Path, env: Mapping[str, str]) -> tuple[ProviderSettings, ...]:
    """Return the providers that are switched on, in the order of the file.

    Raises:
        InvalidInputError: the file cannot be read, or with everything that is wrong in it.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        text = content.decode()
        document = tomllib.loads(text) if len(content) <= _LARGEST else {}
    except OSError as error:
        raise InvalidInputError([_finding(path, "", f"cannot be read: {error.strerror}")]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        # The parser's text may quote a line with a secret in it.
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (0, 0)
        raise InvalidInputError([_finding(path, "", "is not TOML", line=line, column=column)]) from None
    reader = _File(path, text.splitlines(), env)
    providers = reader.providers(document)
    if reader.findings:
        raise InvalidInputError(reader.findings, code="settings.invalid")
    return tuple(providers)


def variables_of(path: Path) -> frozenset[str]:
    """Return the environment variables that a readable file takes secrets from."""
    try:
        document = tomllib.loads(path.read_text())
        tables = document.get("providers", {}).values()
    except (OSError, ValueError, AttributeError, RecursionError):
        return frozenset()
    return frozenset(
        str(table["client_secret_env"])
        for table in tables
        if isinstance(table, dict) and isinstance(table.get("client_secret_env"), str)
    )


@define
class _File:
    """Reads a parsed file and remembers every problem."""

    path: Path
    lines: list[str]
    env: Mapping[str, str]
    findings: list[Finding] = field(factory=list)

    def providers(self, document: Mapping[str, Any]) -> list[ProviderSettings]:
        tables = document.get("providers", {})
        for key in document.keys() - {"providers"}:
            self.problem(key, "is not known here", "put providers under [providers.<name>]")
        if not isinstance(tables, dict) or not tables:
            self.problem("providers", "has no provider", "add a table [providers.<name>]")
            return []
        read = [_Table(self, name, table).read() for name, table in tables.items()]
        return [provider for provider in read if provider is not None]

    def problem(self, key: str, problem: str, fix: str = "") -> None:
        self.findings.append(_finding(self.path, key, f"{key} {problem}", fix=fix, line=self.line_of(key)))

    def line_of(self, key: str) -> int:
        """Return the line that a dotted key is written on, else what it stands in; 0 when that is not found."""
        table, _, last = key.rpartition(".")
        found, current = 0, ""
        for number, line in enumerate(self.lines, 1):
            header = re.match(r"\s*\[([^\[\]]+)\]", line)
            if header:
                current = header[1].replace('"', "").replace(" ", "")
                found = number if current in (key, table) else found
            elif current == table and re.match(rf"\s*\"?{re.escape(last)}\"?\s*[=.]", line):
                return number
        return found or (self.line_of(table) if table else 0)


_KINDS: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(
        ("preset", "type", "display_name", "icon", "client_id", "token_auth", "default_role", *_SECRETS, *_URLS), (str,)
    ),
    **dict.fromkeys(("scopes", "allowed_domains"), (list,)),
    **dict.fromkeys(("claims", "roles"), (dict,)),
    **dict.fromkeys(("enabled", "assume_email_verified", "link_verified_email"), (bool,)),
}
_WORDS = {str: "a text", list: "a list of texts", dict: "a table", bool: "true or false"}
_CHOICES = {
    "type": ("oidc", "oauth2"),
    "token_auth": ("client_secret_basic", "client_secret_post"),
    "default_role": ("user", "admin", "none"),
    "preset": tuple(PRESETS),
}


@define
class _Table:
    """Reads the table of one provider."""

    file: _File
    name: str
    table: Any

    def read(self) -> ProviderSettings | None:
        if not isinstance(self.table, dict):
            self.problem("", "must be a table")
            return None
        if not _NAME.fullmatch(self.name):
            self.problem("", "is no name: it has up to 63 lower-case letters, digits and hyphens")
        before = len(self.file.findings)
        self._check_kinds()
        if len(self.file.findings) > before or self.table.get("enabled") is False:
            return None
        values = self._with_preset()
        self._check(values)
        return self._settings(values)

    def _check_kinds(self) -> None:
        for key, value in self.table.items():
            if key not in _KINDS:
                self.problem(key, "is not a setting of a provider")
            elif type(value) not in _KINDS[key] or (isinstance(value, list) and not _are_texts(value)):
                self.problem(key, f"must be {_WORDS[_KINDS[key][0]]}")
            elif key in _CHOICES and value not in _CHOICES[key]:
                self.problem(key, f"must be one of {', '.join(_CHOICES[key])}")
        self._check_inner("claims", _CLAIMS, lambda value: isinstance(value, str), "a text")
        self._check_inner("roles", ("admin", "user"), _are_texts, "a list of texts")

    def _check_inner(self, name: str, known: Iterable[str], fits: Any, word: str) -> None:
        table = self.table.get(name, {})
        for key, value in table.items() if isinstance(table, dict) else ():
            if key not in known:
                self.problem(f"{name}.{key}", f"is not known; it may have {', '.join(known)}")
            elif not fits(value):
                self.problem(f"{name}.{key}", f"must be {word}")

    def _with_preset(self) -> dict[str, Any]:
        preset = PRESETS.get(self.table.get("preset", ""), {})
        claims = {**preset.get("claims", {}), **self.table.get("claims", {})}
        if claims.get("email", "email") != "email":
            # What the provider says about `email` is not about another claim.
            claims.setdefault("email_verified", "")
        return {**preset, **self.table, "claims": claims}

    def _check(self, values: Mapping[str, Any]) -> None:
        is_oidc = values.get("type", "oidc") == "oidc"
        needed = ("issuer",) if is_oidc else ("authorization_url", "token_url", "userinfo_url")
        for key in ("client_id", *needed):
            if not values.get(key):
                self.problem(key, "is missing")
        for key in _URLS:
            if values.get(key) and not is_address(values[key], with_query=True):
                self.problem(key, "must be an https address (http only on this machine), without user or fragment")
        if values.get("roles") and not values["claims"].get("groups"):
            self.problem("roles", "needs groups", f"say in [providers.{self.name}.claims] which claim has the groups")
        if len([key for key in _SECRETS if key in self.table]) > 1:
            self.problem("client_secret", "is given more than once", f"keep one of {', '.join(_SECRETS)}")

    def _settings(self, values: Mapping[str, Any]) -> ProviderSettings:
        is_oidc = values.get("type", "oidc") == "oidc"
        scopes = values.get("scopes") or (["openid", "profile", "email"] if is_oidc else ["email"])
        if is_oidc and "openid" not in scopes:
            scopes = ["openid", *scopes]
        roles = values.get("roles", {})
        texts = ("type", "icon", "client_id", "token_auth", "default_role", *_URLS)
        flags = ("assume_email_verified", "link_verified_email")
        return ProviderSettings(
            name=self.name,
            display_name=values.get("display_name") or self.name,
            client_secret=self._secret(),
            scopes=tuple(scopes),
            claims=values["claims"],
            allowed_domains=tuple(values.get("allowed_domains", ())),
            admin_groups=tuple(roles.get("admin", ())),
            user_groups=tuple(roles.get("user", ())),
            **{key: values[key] for key in (*texts, *flags) if key in values},
        )

    def _secret(self) -> str:
        if variable := self.table.get("client_secret_env"):
            if not self.file.env.get(variable):
                self.problem("client_secret_env", f"names {variable}, which is not set")
            return str(self.file.env.get(variable, "")).strip()
        if name := self.table.get("client_secret_file"):
            try:
                return (self.file.path.parent / str(name)).read_text().strip()
            except (OSError, ValueError):
                self.problem("client_secret_file", "names a file that cannot be read")
        return str(self.table.get("client_secret", ""))

    def problem(self, key: str, problem: str, fix: str = "") -> None:
        self.file.problem(f"providers.{self.name}.{key}".rstrip("."), problem, fix)


def is_address(url: str, *, with_path: bool = True, with_query: bool = False) -> bool:
    """Whether a text is an address that secrets may be sent to: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not (url.isascii() and url.isprintable()) or " " in url or parts.fragment or parts.username is not None:
        return False
    if (parts.path and not with_path) or (parts.query and not with_query):
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _finding(path: Path, key: str, message: str, *, fix: str = "", line: int = 0, column: int = 0) -> Finding:
    place = Place(file=str(path), path=key, line=line, column=column)
    return Finding(rule="setting", message=message, place=place, fix=fix)
