"""The keyring: every key of one installation, and its text form."""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import evolve, field, frozen

from adapters.security._keys import Keys, generate_key
from adapters.security._signing import PairAlgorithm, SigningKeys, generate_signing_key
from flowcore.errors import ConflictError, InvalidInputError
from flowcore.ports.security import KeyFacts, KeyPurpose

#: What keys of secrets at rest, and the plain keys of tokens, are used with.
CIPHER, PLAIN_SIGNATURE = "AES-256-GCM", "HS256"
_PAIRS: Mapping[str, PairAlgorithm] = {"EdDSA": "EdDSA", "RS256": "RS256"}


@frozen
class Keyring:
    """Every key of one installation.

    Attributes:
        tokens: keys that sign access tokens with HS256.
        encryption: keys that encrypt secrets at rest; when they are lost, so are the secrets.
        signing: key pairs that sign access tokens where the settings ask for another algorithm.
        made: when keys were made, by group and id; what is older than this note, or was added by hand, is not in it.
    """

    tokens: Keys = field(repr=False)
    encryption: Keys = field(repr=False)
    signing: SigningKeys = field(factory=SigningKeys.none, repr=False)
    made: Mapping[str, Mapping[str, datetime]] = field(factory=dict, repr=False)

    @classmethod
    def fresh(cls, now: datetime) -> Keyring:
        """Return a keyring with one new key for everything."""
        token, sealing = _new_id(now, ()), _new_id(now, ())
        made = {"tokens": {token: now}, "encryption": {sealing: now}}
        return cls(Keys.single(generate_key(), token), Keys.single(generate_key(), sealing), made=made)

    @classmethod
    def of(cls, text: str, source: str) -> Keyring:
        """Read the text form: ``{"tokens": {"current": "1", "keys": {"1": "<base64>"}}, "encryption": {…}}``.

        There may be ``signing`` (as ``SigningKeys.of`` reads it) and ``made``, the moments that keys were made at.

        Args:
            text: of the keyring; it is in no error.
            source: names where it comes from, for errors.

        Raises:
            InvalidInputError: it is not a keyring, or a key will not do.
        """
        try:
            return _read(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            # The cause would quote the content.
            raise InvalidInputError.of(
                f"{source} is not a keyring",
                rule="keyring-malformed",
                code="keyring.malformed",
                fix="bring it back from a backup; a new one cannot read what the old one encrypted",
            ) from None

    def text(self) -> str:
        """Return the form that ``of`` reads; it holds every key."""
        document: dict[str, Any] = {"tokens": _group(self.tokens), "encryption": _group(self.encryption)}
        if self.signing.by_id:
            document["signing"] = self.signing.group()
        if self.made:
            document["made"] = {
                group: {key_id: moment.isoformat() for key_id, moment in moments.items()}
                for group, moments in self.made.items()
            }
        return json.dumps(document, indent=2) + "\n"

    def facts(self, token_algorithm: str = PLAIN_SIGNATURE) -> Sequence[KeyFacts]:
        """Return what may be told of the keys; *token_algorithm* says which of those for tokens is in use."""
        signs = self.signing.newest_of(token_algorithm) if token_algorithm != PLAIN_SIGNATURE else self.tokens.current
        pairs = {key_id: key.algorithm for key_id, key in self.signing.by_id.items()}
        plain, sealing = dict.fromkeys(self.tokens.by_id, PLAIN_SIGNATURE), dict.fromkeys(self.encryption.by_id, CIPHER)
        return [
            *self._facts("tokens", KeyPurpose.TOKENS, plain, signs),
            *self._facts("signing", KeyPurpose.TOKENS, pairs, signs),
            *self._facts("encryption", KeyPurpose.ENCRYPTION, sealing, self.encryption.current),
        ]

    def rotated(self, purpose: KeyPurpose, now: datetime, token_algorithm: str = PLAIN_SIGNATURE) -> Keyring:
        """Return this keyring with another current key for a purpose; the old ones stay."""
        key_id = _new_id(now, [fact.id for fact in self.facts()])
        if purpose is KeyPurpose.ENCRYPTION:
            return evolve(
                self, encryption=self.encryption.rotated(generate_key(), key_id), made=self._noted(purpose, key_id, now)
            )
        if token_algorithm == PLAIN_SIGNATURE:
            return evolve(
                self, tokens=self.tokens.rotated(generate_key(), key_id), made=self._noted("tokens", key_id, now)
            )
        pair = generate_signing_key(_PAIRS[token_algorithm])
        return evolve(self, signing=self.signing.rotated(pair, key_id), made=self._noted("signing", key_id, now))

    def without(self, keys: Collection[KeyFacts]) -> Keyring:
        """Return this keyring without some keys.

        Raises:
            ConflictError: one of them is current.
        """
        tokens = {key.id for key in keys if key.purpose is KeyPurpose.TOKENS}
        sealing = {key.id for key in keys if key.purpose is KeyPurpose.ENCRYPTION}
        if {self.tokens.current, self.signing.current} & tokens or self.encryption.current in sealing:
            raise ConflictError("a key that is in use now cannot be dropped", code="keys.current")
        pairs = {key_id: key for key_id, key in self.signing.by_id.items() if key_id not in tokens}
        dropped = {"tokens": tokens, "signing": tokens, "encryption": sealing}
        return evolve(
            self,
            tokens=_lacking(self.tokens, tokens),
            signing=SigningKeys(self.signing.current, pairs),
            encryption=_lacking(self.encryption, sealing),
            made={
                group: {key_id: moment for key_id, moment in moments.items() if key_id not in dropped.get(group, ())}
                for group, moments in self.made.items()
            },
        )

    def _facts(
        self, group: str, purpose: KeyPurpose, algorithms: Mapping[str, str], current: str | None
    ) -> Iterator[KeyFacts]:
        made, ids = self.made.get(group, {}), list(algorithms)
        for key_id, following in zip(ids, [*ids[1:], ""], strict=False):
            yield KeyFacts(
                purpose=purpose,
                id=key_id,
                algorithm=algorithms[key_id],
                is_current=key_id == current,
                made_at=made.get(key_id),
                replaced_at=made.get(following) if key_id != current else None,
            )

    def _noted(self, group: str, key_id: str, now: datetime) -> Mapping[str, Mapping[str, datetime]]:
        return {**self.made, str(group): {**self.made.get(group, {}), key_id: now}}


def _new_id(now: datetime, taken: Collection[str]) -> str:
    """Return an id that says the day, for people, and that no other process makes at the same time."""
    while (made := f"{now:%Y%m%d}-{secrets.token_hex(4)}") in taken:
        pass
    return made


def _lacking(keys: Keys, dropped: Collection[str]) -> Keys:
    return Keys(keys.current, {key_id: key for key_id, key in keys.by_id.items() if key_id not in dropped})


def _group(keys: Keys) -> Mapping[str, Any]:
    return {
        "current": keys.current,
        "keys": {key_id: b64encode(key).decode("ascii") for key_id, key in keys.by_id.items()},
    }


def _read(document: Any) -> Keyring:
    made = {
        str(group): {str(key_id): _moment(moment) for key_id, moment in moments.items()}
        for group, moments in document.get("made", {}).items()
    }
    signing = SigningKeys.of(document["signing"]) if "signing" in document else SigningKeys.none()
    return Keyring(_keys(document["tokens"]), _keys(document["encryption"]), signing, made)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment


def _keys(group: Any) -> Keys:
    return Keys(group["current"], {key_id: b64decode(key, validate=True) for key_id, key in group["keys"].items()})
