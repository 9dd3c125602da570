"""What is special to our JWTs: claims of older clients, pinned algorithm, rotation, forged payloads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from attrs import frozen

from adapters.security import JwtTokens, Keys, generate_key
from flowcore.errors import UnauthenticatedError
from flowcore.ports.security import Claims

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


@frozen
class StoppedClock:
    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


KEYS = Keys.single(generate_key())
TOKENS = JwtTokens(clock=StoppedClock(), keys=KEYS)
GOOD: dict[str, Any] = {
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
CLAIMS = Claims(
    user_id="u1",
    email="ann@example.com",
    role="admin",
    session_id="s1",
    token_id="t1",
    issued_at=NOW,
    expires_at=NOW + timedelta(days=1),
)


def signed(payload: dict[str, Any], *, algorithm: str = "HS256", kid: str | None = "1", key: bytes = b"") -> str:
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(payload, key or KEYS.newest, algorithm=algorithm, headers=headers)


def refused(token: str) -> UnauthenticatedError:
    with pytest.raises(UnauthenticatedError) as caught:
        TOKENS.verify(token)
    return caught.value


def test_the_payload_has_the_claims_that_older_clients_read() -> None:
    token = TOKENS.issue(CLAIMS)
    payload = jwt.decode(token, options={"verify_signature": False})
    assert {
        name: payload[name] for name in ("user_id", "email", "role", "iat", "nbf", "exp", "iss", "aud", "sid", "jti")
    } == {
        "user_id": "u1",
        "email": "ann@example.com",
        "role": "admin",
        "iat": SECONDS,
        "nbf": SECONDS,
        "exp": SECONDS + 86400,
        "iss": "flowcore",
        "aud": "flowcore",
        "sid": "s1",
        "jti": "t1",
    }
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT", "kid": "1"}


def test_the_payload_that_the_other_tests_break_is_good() -> None:
    assert TOKENS.verify(signed(GOOD)).token_id == "t1"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_is_refused(algorithm: str) -> None:
    refused(signed(GOOD, algorithm=algorithm))


def test_an_unsigned_token_is_refused() -> None:
    refused(jwt.encode(GOOD, "", algorithm="none", headers={"kid": "1"}))


@pytest.mark.parametrize("kid", [None, "2", "../../dev/null", ""])
def test_a_key_that_is_not_known_is_refused(kid: str | None) -> None:
    refused(signed(GOOD, kid=kid))


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_a_missing_claim_is_refused(missing: str) -> None:
    refused(signed({name: value for name, value in GOOD.items() if name != missing}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "somebody"},
        {"aud": "somebody"},
        {"aud": ["flowcore"]},
        {"aud": ["flowcore", "somebody"]},
        {"sub": "u2"},
        {"sub": 1},
        {"exp": {"nested": {"deeply": [SECONDS + 60]}}},
        {"nbf": SECONDS + 3600},
        {"exp": 1e400},
        {"exp": 10**30},
        {"exp": True},
        {"exp": "tomorrow"},
        {"nbf": -(10**30)},
        {"iat": True},
        {"iat": None},
        {"iat": [1]},
        {"user_id": 7},
        {"role": ["admin"]},
        {"jti": None},
        {"sid": 1},
        {"email": {}},
    ],
)
def test_a_claim_of_the_wrong_kind_is_refused(wrong: dict[str, Any]) -> None:
    refused(signed(GOOD | wrong))


def test_tokens_of_an_older_key_are_valid_until_it_is_taken_away() -> None:
    token, new = signed(GOOD), generate_key()
    rotated = JwtTokens(clock=StoppedClock(), keys=KEYS.rotated(new, "2"))
    assert rotated.verify(token).user_id == "u1"
    assert jwt.get_unverified_header(rotated.issue(CLAIMS))["kid"] == "2"
    with pytest.raises(UnauthenticatedError):
        JwtTokens(clock=StoppedClock(), keys=Keys.single(new, "2")).verify(token)


def test_a_refusal_quotes_nothing_of_the_token_and_carries_no_cause() -> None:
    error = refused(signed(GOOD)[:-5] + "forge")
    assert "ann@example.com" not in str(error)
    assert error.__suppress_context__


def test_keys_are_not_shown() -> None:
    assert KEYS.newest.hex() not in repr(TOKENS)
    assert repr(KEYS.newest) not in repr(TOKENS)
