"""Key pairs that sign access tokens, each for one algorithm, under ids."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from attrs import evolve, field, frozen
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from flowcore.errors import Finding, InvalidInputError, Place

PrivateKey: TypeAlias = Ed25519PrivateKey | RSAPrivateKey

#: Algorithms of key pairs, by their names in the header of a token.
PairAlgorithm = Literal["EdDSA", "RS256"]
#: Fewest bits of an RSA key that is accepted, and bits of one that is made here.
RSA_LEAST, RSA_BITS = 2048, 3072

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@frozen
class SigningKey:
    """A private key that is good for one algorithm, whatever a token says.

    Attributes:
        algorithm: ``EdDSA`` (Ed25519) or ``RS256``.
        pem: the private key as unencrypted PKCS#8; never shown.

    Raises:
        InvalidInputError: it is no private key of the algorithm, or an RSA key of less than 2048 bits.
    """

    algorithm: PairAlgorithm
    pem: str = field(repr=False)
    private: PrivateKey = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "private", _private(self.algorithm, self.pem))

    def public_jwk(self, key_id: str) -> dict[str, str]:
        """Return the public half as a JSON Web Key; RFC 7517, 7518 and 8037."""
        told = {"kid": key_id, "use": "sig", "alg": self.algorithm}
        public = self.private.public_key()
        if isinstance(self.private, Ed25519PrivateKey):
            raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
            return {"kty": "OKP", "crv": "Ed25519", "x": _encode(raw), **told}
        numbers = self.private.public_key().public_numbers()
        return {"kty": "RSA", "n": _encode(_bytes(numbers.n)), "e": _encode(_bytes(numbers.e)), **told}


def generate_signing_key(algorithm: PairAlgorithm) -> SigningKey:
    """Return a new key pair; an RSA one takes about a second to find."""
    private: PrivateKey
    private = Ed25519PrivateKey.generate() if algorithm == "EdDSA" else generate_private_key(65537, RSA_BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return SigningKey(algorithm, pem.decode("ascii"))


@frozen
class SigningKeys:
    """Key pairs by id; none at all is fine, too.

    Attributes:
        current: id of the one made last; empty when there is none.
        by_id: every pair whose tokens are still accepted, oldest first; never shown.

    Raises:
        InvalidInputError: an id is not 1 to 64 letters, digits, ``_`` or ``-``, or the current one is missing; every
            problem at once.
    """

    current: str = ""
    by_id: Mapping[str, SigningKey] = field(factory=dict, repr=False)

    def __attrs_post_init__(self) -> None:
        findings = [
            _finding(key_id, "the id of a key is 1 to 64 letters, digits, _ or -")
            for key_id in self.by_id
            if not _KEY_ID.fullmatch(key_id)
        ]
        if self.current not in self.by_id and (self.by_id or self.current):
            findings.append(_finding(self.current, "the current key is not among the keys"))
        if findings:
            raise InvalidInputError(findings, code="keys.invalid")

    @classmethod
    def none(cls) -> SigningKeys:
        """Return no key pairs."""
        return cls()

    @classmethod
    def of(cls, group: Any) -> SigningKeys:
        """Read the group ``signing`` of a keyring: ``{"current": id, "keys": {id: {"alg": …, "pem": …}}}``.

        Raises:
            InvalidInputError: a key or id will not do.
            KeyError, TypeError, AttributeError: it is no such group.
        """
        findings: list[Finding] = []
        keys = {}
        for key_id, entry in group["keys"].items():
            try:
                keys[key_id] = SigningKey(entry["alg"], entry["pem"])
            except InvalidInputError as error:
                findings += [evolve(each, place=Place(path=f"signing.keys.{key_id}")) for each in error.findings]
        if findings:
            raise InvalidInputError(findings, code="keys.invalid")
        return cls(group["current"], keys)

    def group(self) -> dict[str, Any]:
        """Return the form that ``of`` reads; it holds the private keys."""
        keys = {key_id: {"alg": key.algorithm, "pem": key.pem} for key_id, key in self.by_id.items()}
        return {"current": self.current, "keys": keys}

    def rotated(self, key: SigningKey, key_id: str) -> SigningKeys:
        """Return these keys with another current one."""
        return SigningKeys(key_id, {**self.by_id, key_id: key})

    def newest_of(self, algorithm: str) -> str | None:
        """Return the id of the newest key pair of an algorithm: the current one, else the last that is listed."""
        ids = [key_id for key_id, key in self.by_id.items() if key.algorithm == algorithm]
        if self.current in ids:
            return self.current
        return ids[-1] if ids else None

    def public_jwks(self) -> list[dict[str, str]]:
        """Return every public key, the current one first."""
        ids = sorted(self.by_id, key=lambda key_id: key_id != self.current)
        return [self.by_id[key_id].public_jwk(key_id) for key_id in ids]


def _private(algorithm: str, pem: str) -> PrivateKey:
    if algorithm not in ("EdDSA", "RS256"):
        raise _unusable("the algorithm of a key pair is EdDSA or RS256")
    try:
        private = load_pem_private_key(pem.encode("utf-8", "replace"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The cause may quote the key.
        raise _unusable("it is not an unencrypted private key in PEM form") from None
    if algorithm == "EdDSA" and isinstance(private, Ed25519PrivateKey):
        return private
    if algorithm == "EdDSA" or not isinstance(private, RSAPrivateKey):
        raise _unusable(f"it is not a key for {algorithm}")
    if private.key_size < RSA_LEAST:
        raise _unusable(f"an RSA key must have {RSA_LEAST} bits or more")
    return private


def _unusable(why: str) -> InvalidInputError:
    return InvalidInputError([_finding("", f"a key that signs tokens cannot be used: {why}")], code="keys.invalid")


def _finding(key_id: str, message: str) -> Finding:
    path = f"signing.keys.{key_id}" if key_id else "signing"
    fix = "make one with flowcore keys rotate --purpose tokens"
    return Finding(rule="key-invalid", message=message, place=Place(path=path), fix=fix)


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
