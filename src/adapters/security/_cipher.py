"""Encryption of secrets at rest: AES-256-GCM, bound to what they belong to."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

from attrs import define
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.security._keys import KEY_ID, Keys
from flowcore.errors import InvalidInputError

_FORM = "v1"
_NONCE_BYTES = 12
_TAG_BYTES = 16

#: Lone surrogates come in through JSON escapes and come out as they went in.
_LONE = "surrogatepass"


@define
class AesGcmCipher:
    """A ``SecretCipher`` whose text form is ``v1:<key id>:<base64url of nonce, ciphertext and tag>``.

    Form, key id and context are authenticated with the text, so a sealed text fits one record and one key only.
    Every encryption draws its own 96-bit nonce.

    Attributes:
        keys: what it seals and opens with; a function is asked each time, so that keys may be added meanwhile.
    """

    keys: Keys | Callable[[], Keys]

    def encrypt(self, text: str, *, context: str) -> str:
        """Return *text* encrypted under the current key and bound to *context*."""
        keys, nonce = self._keys(), secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(keys.newest).encrypt(nonce, _bytes(text), _bound(keys.current, context))
        return f"{_FORM}:{keys.current}:{_encode(nonce + sealed)}"

    def decrypt(self, sealed: str, *, context: str) -> str:
        """Return the text.

        Raises:
            InvalidInputError: it was changed, belongs to another context, or its key is not known.
        """
        key_id = self.key_of(sealed)
        if not key_id:
            raise _unreadable("it is not in the form v1:<key id>:<data>", "secret.malformed")
        key = self._keys().by_id.get(key_id)
        if key is None:
            raise InvalidInputError.of(
                f"the encrypted value cannot be read: its key {key_id} is not in the keyring",
                rule="secret-unreadable",
                code="secret.unknown_key",
                fix=f"put the key {key_id} back into the keyring from a backup (flowcore keys check counts what needs "
                "it), or enter the secret again",
            )
        encoded = sealed.rpartition(":")[2]
        data = _decode(encoded)
        try:
            text = AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], _bound(key_id, context))
        except InvalidTag:
            raise _unreadable("it was changed or belongs to something else", "secret.forged") from None
        return text.decode("utf-8", _LONE)

    def key_of(self, sealed: str) -> str:
        """Return the id of the key that a text says it was sealed with; empty when it is no sealed text."""
        form, _, rest = sealed.partition(":")
        key_id, colon, encoded = rest.partition(":")
        return key_id if form == _FORM and colon and ":" not in encoded and KEY_ID.fullmatch(key_id) else ""

    def is_current(self, sealed: str) -> bool:
        """Say whether a sealed text uses the current key; others should be encrypted anew."""
        return self.key_of(sealed) == self._keys().current

    def _keys(self) -> Keys:
        return self.keys if isinstance(self.keys, Keys) else self.keys()


def _bound(key_id: str, context: str) -> bytes:
    return _bytes(f"{_FORM}:{key_id}:{context}")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", _LONE)


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(encoded: str) -> bytes:
    try:
        data = urlsafe_b64decode(encoded.encode("ascii") + b"=" * (-len(encoded) % 4))
    except (ValueError, UnicodeEncodeError):
        data = b""
    # The decoder skips foreign characters and spare bits; only the one spelling that encrypt() writes is accepted.
    if len(data) < _NONCE_BYTES + _TAG_BYTES or _encode(data) != encoded:
        raise _unreadable("its data is damaged", "secret.malformed")
    return data


def _unreadable(why: str, code: str) -> InvalidInputError:
    return InvalidInputError.of(
        f"the encrypted value cannot be read: {why}",
        rule="secret-unreadable",
        code=code,
        fix="enter the secret again, or bring back the keyring it was encrypted with",
    )
