"""Registered credentials: what each kind of sign-in needs, and what none may do."""

from __future__ import annotations

import ssl
from base64 import b64decode
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from attrs import define, field

from adapters.kubernetes._access import Access
from flowcore.errors import Finding, InvalidInputError, Place

#: The words of the wire for every credential that is understood.
KNOWN = ("token", "caData", "clientCertData", "clientKeyData", "kubeconfig", "context", "namespace", "insecure")


@define
class Problems:
    """Collects findings, so that all of them are said at once."""

    findings: list[Finding] = field(factory=list)

    def add(self, path: str, message: str, *, rule: str = "credentials-invalid", fix: str = "") -> None:
        """Note one problem at a field."""
        self.findings.append(Finding(rule=rule, message=message, place=Place(path=path), fix=fix))

    def stop(self) -> None:
        """Raise InvalidInputError if there is any problem."""
        if self.findings:
            raise InvalidInputError(self.findings, code="cluster.credentials")


def simple_access(auth_type: str, server: str, credentials: Mapping[str, str]) -> Access:
    """Return the access for token, serviceaccount and certificate.

    Raises:
        InvalidInputError: something is missing, unreadable or not understood; every problem at once.
    """
    problems = Problems()
    reader = Reader(credentials, problems)
    server = checked_server(server, "server", problems)
    is_insecure = reader.flag("insecure")
    ca = "" if is_insecure else reader.pem("caData", "CERTIFICATE")
    authorization = certificate = key = ""
    if auth_type == "certificate":
        certificate = reader.pem("clientCertData", "CERTIFICATE", is_needed=True)
        key = reader.pem("clientKeyData", "PRIVATE KEY", is_needed=True)
    else:
        authorization = bearer(reader.text("token", is_needed=True), "credentials.token", problems)
    problems.stop()
    return Access(
        server=server,
        authorization=authorization,
        ca=ca,
        certificate=certificate,
        key=key,
        is_insecure=is_insecure,
        namespace=reader.text("namespace") or "default",
    )


@define
class Reader:
    """Reads credentials by name and notes what is wrong with them."""

    credentials: Mapping[str, object] = field(repr=False)
    problems: Problems
    place: str = "credentials."

    def text(self, name: str, *, is_needed: bool = False) -> str:
        """Return a text without the white space around it."""
        value = self.credentials.get(name, "")
        if not isinstance(value, str):
            self.problems.add(self.place + name, "it is not a text")
            return ""
        if is_needed and not value.strip():
            self.problems.add(self.place + name, "it is missing", rule="credentials-missing", fix="fill it in")
        return value.strip()

    def flag(self, name: str) -> bool:
        """Return a yes or no."""
        value = self.text(name).lower()
        if value not in ("", "true", "false"):
            self.problems.add(self.place + name, 'it is neither "true" nor "false"')
        return value == "true"

    def pem(self, name: str, label: str, *, is_needed: bool = False) -> str:
        """Return a PEM text, which may come in base64."""
        text = self.text(name, is_needed=is_needed)
        pem = text if not text or "-----BEGIN " in text else _unpacked(text)
        for wrong, message in _PEM_RULES:
            if text and wrong(pem, label):
                self.problems.add(self.place + name, message.format(label=label))
                return ""
        return pem


def checked_server(server: str, path: str, problems: Problems) -> str:
    """Return an address without its last slash; note what is wrong with it."""
    try:
        parts = urlsplit(server.strip())
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    else:
        is_good = is_good and not (parts.username or parts.password or parts.query or parts.fragment)
    if not is_good:
        # It is not quoted: it may hold a password.
        problems.add(path, "it is not the address of an API server", fix="write it like https://203.0.113.7:6443")
    return server.strip().rstrip("/")


def bearer(token: str, path: str, problems: Problems) -> str:
    """Return the header that carries a token; note a token that cannot be in a header."""
    if not token.isascii() or not token.isprintable() or " " in token:
        problems.add(path, "it is not a token: it has spaces, line breaks or foreign letters")
    return f"Bearer {token}"


def _unpacked(text: str) -> str:
    try:
        return b64decode("".join(text.split()), validate=True).decode("ascii").strip()
    except ValueError:
        return ""


def _is_no_authority(pem: str, label: str) -> bool:
    if label != "CERTIFICATE":
        return False
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        return True
    return False


_PEM_RULES: tuple[tuple[Callable[[str, str], bool], str], ...] = (
    (lambda pem, label: f"{label}-----" not in pem, "it is not a {label} in PEM, nor the base64 of one"),
    (lambda pem, _: "ENCRYPTED" in pem, "it has a passphrase; give a key without one"),
    (_is_no_authority, "its certificate cannot be read"),
)
