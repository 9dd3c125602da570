"""Certificates made for one test run."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat


@frozen
class Pair:
    """A certificate and its key, as PEM texts."""

    certificate: str
    key: str
    locked_key: str


@frozen
class Authority:
    """Issues certificates that its own one vouches for."""

    pair: Pair
    _key: ec.EllipticCurvePrivateKey
    _name: x509.Name

    @classmethod
    def new(cls) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("test authority")
        return cls(_pair(_certificate(name, key.public_key(), name, key, is_authority=True), key), key, name)

    def issue(self, common_name: str) -> Pair:
        """Issue a certificate for 127.0.0.1, good for servers and clients."""
        key = ec.generate_private_key(ec.SECP256R1())
        return _pair(_certificate(_name(common_name), key.public_key(), self._name, self._key), key)


def server_context(authority: Authority, folder: Path, *, asks_clients: bool) -> ssl.SSLContext:
    """The TLS settings of a server that (perhaps) asks clients for certificates."""
    pair = authority.issue("server")
    file = folder / "server.pem"
    file.write_text(pair.certificate + pair.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=authority.pair.certificate)
    context.load_cert_chain(file)
    context.verify_mode = ssl.CERT_REQUIRED if asks_clients else ssl.CERT_NONE
    return context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    )
    return builder.sign(issuer_key, hashes.SHA256())


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    form = (Encoding.PEM, PrivateFormat.PKCS8)
    return Pair(
        certificate.public_bytes(Encoding.PEM).decode(),
        key.private_bytes(*form, NoEncryption()).decode(),
        key.private_bytes(*form, BestAvailableEncryption(b"passphrase")).decode(),
    )
