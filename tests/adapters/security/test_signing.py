"""Key pairs that sign tokens, and what attackers try when there are several algorithms."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
import pytest
from attrs import frozen
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from adapters.security import JwtTokens, Keys, generate_key
from adapters.security._signing import PairAlgorithm, SigningKey, SigningKeys, generate_signing_key
from flowcore.errors import InvalidInputError, UnauthenticatedError
from flowcore.ports.security import Claims

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
KEYS = Keys("h1", {"h1": generate_key(), "h0": generate_key()})
PAIRS: tuple[PairAlgorithm, ...] = ("EdDSA", "RS256")
ALGORITHMS: tuple[str, ...] = ("HS256", *PAIRS)
OURS = {"alg": "HS256", "typ": "JWT", "kid": "h1"}
CLAIMS = Claims(
    user_id="u1",
    email="ann@example.com",
    role="user",
    session_id="s1",
    token_id="t1",
    issued_at=NOW,
    expires_at=NOW + timedelta(days=1),
)
PAYLOAD: dict[str, Any] = {
    "iss": "flowcore",
    "aud": "flowcore",
    "sub": "u1",
    "sid": "s1",
    "jti": "t1",
    "iat": SECONDS,
    "nbf": SECONDS,
    "exp": SECONDS + 60,
    "user_id": "u1",
    "email": "ann@example.com",
    "role": "user",
}


@frozen
class StoppedClock:
    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


@cache
def key_of(algorithm: PairAlgorithm) -> SigningKey:
    return generate_signing_key(algorithm)


@cache
def signing() -> SigningKeys:
    return SigningKeys("ed", {"rs": key_of("RS256"), "ed": key_of("EdDSA")})


def tokens(algorithm: str = "EdDSA", **fields: Any) -> JwtTokens:
    return JwtTokens(**{"clock": StoppedClock(), "keys": KEYS, "signing": signing(), "algorithm": algorithm} | fields)


def refused(token: str, by: JwtTokens | None = None) -> None:
    with pytest.raises(UnauthenticatedError) as caught:
        (by or tokens()).verify(token)
    assert caught.value.code == "token.invalid"
    assert "ann@example.com" not in str(caught.value)


def encoded(value: bytes | dict[str, Any]) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sealed(signed: str, secret: bytes) -> str:
    """Sign with HMAC whatever the key is; libraries refuse public keys as secrets, attackers do not."""
    return f"{signed}.{encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def by_hand(header: dict[str, Any], secret: bytes = KEYS.newest, **changed: Any) -> str:
    return sealed(f"{encoded(header)}.{encoded(PAYLOAD | changed)}", secret)


def public_forms(algorithm: PairAlgorithm) -> list[bytes]:
    """Return every spelling of a public key that somebody may try as a secret."""
    public = key_of(algorithm).private.public_key()
    text = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ssh = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    jwk = key_of(algorithm).public_jwk("k")
    raw = base64.urlsafe_b64decode(jwk.get("x", jwk.get("n", "")) + "==")
    return [text, text.strip(), der, ssh, raw, json.dumps(jwk).encode(), b""]


# ---------------------------------------------------------------- issuing


@pytest.mark.parametrize(("algorithm", "key_id"), [("HS256", "h1"), ("EdDSA", "ed"), ("RS256", "rs")])
def test_new_tokens_are_signed_with_the_algorithm_that_was_chosen(algorithm: str, key_id: str) -> None:
    token = tokens(algorithm).issue(CLAIMS)
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "typ": "JWT", "kid": key_id}
    assert tokens(algorithm).issue(CLAIMS) == token


@pytest.mark.parametrize("before", ALGORITHMS)
@pytest.mark.parametrize("after", ALGORITHMS)
def test_another_algorithm_signs_nobody_out(before: str, after: str) -> None:
    assert tokens(after).verify(tokens(before).issue(CLAIMS)) == CLAIMS


@pytest.mark.parametrize("algorithm", PAIRS)
def test_tokens_of_an_older_key_pair_are_valid_until_it_is_taken_away(algorithm: PairAlgorithm) -> None:
    old = SigningKeys("a", {"a": key_of(algorithm)})
    rotated = old.rotated(generate_signing_key(algorithm), "b")
    token = tokens(algorithm, signing=old).issue(CLAIMS)
    assert tokens(algorithm, signing=rotated).verify(token) == CLAIMS
    assert jwt.get_unverified_header(tokens(algorithm, signing=rotated).issue(CLAIMS))["kid"] == "b"
    assert [key["kid"] for key in tokens(algorithm, signing=rotated).public_keys()] == ["b", "a"]
    refused(token, tokens(algorithm, signing=SigningKeys("b", {"b": rotated.by_id["b"]})))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_keys_that_another_process_adds_or_takes_away_count_at_once(algorithm: str) -> None:
    ring = [(KEYS, signing())]
    here = tokens(algorithm, live=lambda: ring[0])
    before = here.issue(CLAIMS)
    new = signing() if algorithm == "HS256" else signing().rotated(generate_signing_key(algorithm), "new")  # type: ignore[arg-type]
    ring[0] = KEYS.rotated(generate_key(), "fresh"), new
    there = tokens(algorithm, keys=ring[0][0], signing=new)
    assert here.verify(there.issue(CLAIMS)) == CLAIMS
    assert here.verify(before) == CLAIMS
    assert here.issue(CLAIMS) == there.issue(CLAIMS) != before
    assert here.public_keys() == there.public_keys()
    kept = "fresh" if algorithm == "HS256" else "h1"
    ring[0] = (
        Keys(kept, {kept: ring[0][0].by_id[kept]}),
        SigningKeys(new.current, {new.current: new.by_id[new.current]}),
    )
    refused(before, here)


def test_a_keyring_that_lost_the_algorithm_meanwhile_changes_nothing() -> None:
    here = tokens("RS256", live=lambda: (KEYS, SigningKeys.none()))
    assert here.verify(here.issue(CLAIMS)) == CLAIMS


def test_an_algorithm_without_a_key_is_said_with_what_to_do() -> None:
    with pytest.raises(InvalidInputError) as caught:
        tokens("RS256", signing=SigningKeys("ed", {"ed": key_of("EdDSA")}))
    assert "flowcore keys rotate" in caught.value.findings[0].fix


def test_an_id_stands_for_one_key() -> None:
    with pytest.raises(InvalidInputError, match="h1"):
        tokens("HS256", signing=SigningKeys("h1", {"h1": key_of("EdDSA")}))


def test_tokens_name_who_issued_them_and_others_are_refused() -> None:
    token = tokens(issuer="https://flow.example").issue(CLAIMS)
    assert jwt.decode(token, options={"verify_signature": False})["iss"] == "https://flow.example"
    refused(token)
    refused(tokens().issue(CLAIMS), tokens(issuer="https://flow.example"))
    refused(tokens(audience="another service").issue(CLAIMS))


# ---------------------------------------------------------------- attacks


def test_the_token_that_the_other_tests_break_is_good() -> None:
    assert tokens().verify(by_hand(OURS)).user_id == "u1"


@pytest.mark.parametrize("algorithm", PAIRS)
@pytest.mark.parametrize("claimed", ALGORITHMS)
def test_a_public_key_is_no_secret(algorithm: PairAlgorithm, claimed: str) -> None:
    key_id = {"EdDSA": "ed", "RS256": "rs"}[algorithm]
    for secret in public_forms(algorithm):
        refused(by_hand({"alg": claimed, "typ": "JWT", "kid": key_id}, secret))
        refused(by_hand({"alg": claimed, "typ": "JWT", "kid": "h1"}, secret))


@pytest.mark.parametrize("kid", ["h1", "h0", "ed", "rs"])
@pytest.mark.parametrize(("signer", "alg"), [("h1", "HS256"), ("ed", "EdDSA"), ("rs", "RS256")])
def test_a_key_is_good_under_its_own_id_only(kid: str, signer: str, alg: str) -> None:
    key = {"h1": KEYS.newest, "ed": key_of("EdDSA").private, "rs": key_of("RS256").private}[signer]
    token = jwt.encode(PAYLOAD, key, algorithm=alg, headers={"kid": kid})
    if signer == kid:
        assert tokens().verify(token).user_id == "u1"
    else:
        refused(token)


@pytest.mark.parametrize("alg", ["RS384", "RS512", "PS256", "PS512"])
def test_another_algorithm_of_the_same_key_is_refused(alg: str) -> None:
    refused(jwt.encode(PAYLOAD, key_of("RS256").private, algorithm=alg, headers={"kid": "rs"}))


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "nOnE", "", None, 1, ["EdDSA"], {"EdDSA": 1}, "eddsa", "HS256 "]
)
@pytest.mark.parametrize("kid", ["h1", "ed", "rs"])
def test_an_algorithm_that_is_none_is_refused(alg: Any, kid: str) -> None:
    for signature in ("", encoded(b"x" * 64)):
        refused(f"{encoded({'alg': alg, 'typ': 'JWT', 'kid': kid})}.{encoded(PAYLOAD)}.{signature}")


@pytest.mark.parametrize("kid", [None, "", "H1", "h1 ", "h2", 1, ["h1"], {"h1": 1}, "../h1", "h1\x00", "' OR 1=1 --"])
def test_a_key_id_that_is_not_known_is_refused(kid: Any) -> None:
    refused(by_hand({"alg": "HS256", "typ": "JWT"} | ({} if kid is None else {"kid": kid})))


@pytest.mark.parametrize(
    "more",
    [
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": ["b64"], "b64": True},
        {"b64": False},
        {"jku": "https://evil.example/jwks.json"},
        {"jwk": {"kty": "oct", "k": ""}},
        {"x5u": "https://evil.example/x.pem"},
        {"x5c": []},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"enc": "A256GCM"},
    ],
)
def test_a_header_that_asks_for_more_is_refused_although_the_signature_is_good(more: dict[str, Any]) -> None:
    refused(by_hand(OURS | more))


def test_a_key_in_the_header_is_not_asked() -> None:
    own = generate_signing_key("EdDSA")
    headers = {"kid": "ed", "jwk": own.public_jwk("ed")}
    refused(jwt.encode(PAYLOAD, own.private, algorithm="EdDSA", headers=headers))


@pytest.mark.parametrize("wrong", [None, 1, ["flowcore"], {"flowcore": 1}, "", "flowcore ", True])
@pytest.mark.parametrize("claim", ["iss", "aud"])
def test_issuer_and_audience_are_texts_and_ours(claim: str, wrong: Any) -> None:
    refused(by_hand(OURS, **{claim: wrong}))


def test_a_token_in_a_token_is_refused() -> None:
    inner = tokens("HS256").issue(CLAIMS)
    refused(sealed(f"{encoded(OURS)}.{encoded(inner.encode())}", KEYS.newest))


@pytest.mark.parametrize("part", [b"[" * 3000, b'{"a":' * 1200, b"[]", b"null", b"1", b'"x"', b"{", b"\xff", b"{}"])
def test_a_header_or_payload_that_is_no_object_is_refused(part: bytes) -> None:
    refused(sealed(f"{encoded(part)}.{encoded(PAYLOAD)}", KEYS.newest))
    refused(sealed(f"{encoded(OURS)}.{encoded(part)}", KEYS.newest))


def test_a_token_that_is_too_long_is_refused_although_it_is_good() -> None:
    refused(jwt.encode(PAYLOAD | {"more": "x" * 8192}, KEYS.newest, algorithm="HS256", headers={"kid": "h1"}))


def test_a_signature_of_another_length_is_refused() -> None:
    head, _, signature = tokens("EdDSA").issue(CLAIMS).rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    for changed in (b"", raw[:-1], raw + b"\0", b"\0" * 64, b"\xff" * 64, raw[::-1]):
        refused(f"{head}.{encoded(changed)}")


# ---------------------------------------------------------------- keys


def pem(private: Any, encryption: KeySerializationEncryption | None = None) -> str:
    return str(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()).decode())


@pytest.mark.parametrize(
    ("algorithm", "text"),
    [
        ("EdDSA", pem(generate_ec(SECP256R1()))),
        ("EdDSA", "no key"),
        ("EdDSA", ""),
        ("EdDSA", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
        ("EdDSA", pem(generate_ec(SECP256R1()), BestAvailableEncryption(b"secret word"))),
        ("RS256", pem(generate_private_key(65537, 1024))),
        ("HS256", "x" * 32),
        ("none", ""),
    ],
    ids=["another curve", "no key", "empty", "damaged", "encrypted", "small", "no pair", "none"],
)
def test_a_key_that_will_not_do_is_refused_and_not_quoted(algorithm: Any, text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        SigningKey(algorithm, text)
    body = "".join(text.splitlines()[1:2])
    assert not body or body not in f"{caught.value} {caught.value.findings}"


@pytest.mark.parametrize("algorithm", PAIRS)
def test_a_key_of_another_algorithm_is_refused(algorithm: PairAlgorithm) -> None:
    other: PairAlgorithm = "RS256" if algorithm == "EdDSA" else "EdDSA"
    with pytest.raises(InvalidInputError):
        SigningKey(algorithm, key_of(other).pem)


def test_key_pairs_are_kept_and_read_again() -> None:
    group = json.loads(json.dumps(signing().group()))
    assert SigningKeys.of(group) == signing()
    group["keys"]["ed"]["note"] = "what a later version adds"
    assert SigningKeys.of(group) == signing()


def test_every_key_that_will_not_do_is_told_by_its_id() -> None:
    with pytest.raises(InvalidInputError) as caught:
        SigningKeys.of({"current": "a", "keys": {"a": {"alg": "EdDSA", "pem": "x"}, "b": {"alg": "XX", "pem": "y"}}})
    assert [each.place.path for each in caught.value.findings] == ["signing.keys.a", "signing.keys.b"]


@pytest.mark.parametrize(
    ("current", "ids"), [("c", ["a"]), ("a", []), ("", ["a"]), ("a b", ["a b"]), ("a" * 65, ["a" * 65])]
)
def test_key_pairs_under_ids_that_will_not_do_are_refused(current: str, ids: list[str]) -> None:
    with pytest.raises(InvalidInputError):
        SigningKeys(current, {key_id: key_of("EdDSA") for key_id in ids})


def test_the_newest_of_an_algorithm_is_the_current_one_or_the_last() -> None:
    keys = SigningKeys("a", {"a": key_of("EdDSA"), "b": key_of("EdDSA"), "c": key_of("RS256"), "d": key_of("RS256")})
    assert [keys.newest_of(each) for each in ALGORITHMS] == [None, "a", "d"]


def test_private_keys_are_not_shown() -> None:
    for algorithm in PAIRS:
        secret = key_of(algorithm).pem.splitlines()[1]
        shown = f"{key_of(algorithm)!r} {signing()!r} {tokens()!r} {signing().public_jwks()}"
        assert secret not in shown
