"""What every token issuer promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import jwt
import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st
from jwt.types import Options

from adapters.security import JwtTokens, Keys, generate_key
from adapters.security._signing import PairAlgorithm, SigningKeys, generate_signing_key
from flowcore.errors import UnauthenticatedError
from flowcore.ports.security import Claims, TokenIssuer
from flowcore.ports.system import Clock

START = datetime(2030, 1, 1, tzinfo=UTC)
DAY = timedelta(hours=24)


@define
class SetClock:
    moment: datetime = START

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


ALGORITHMS: tuple[str, ...] = ("HS256", "EdDSA", "RS256")


@cache
def pair(algorithm: PairAlgorithm, key_id: str) -> SigningKeys:
    return SigningKeys(key_id, {key_id: generate_signing_key(algorithm)})


def make_issuer(clock: Clock, algorithm: str, key_id: str = "own") -> TokenIssuer:
    """Make an issuer; of the same key id, it has the same key pair."""
    signing = SigningKeys.none() if algorithm == "HS256" else pair(algorithm, key_id)
    return JwtTokens(clock=clock, keys=Keys.single(generate_key()), signing=signing, algorithm=algorithm)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(params=ALGORITHMS)
def algorithm(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def issuer(clock: SetClock, algorithm: str) -> TokenIssuer:
    return make_issuer(clock, algorithm)


def claims(**changed: str) -> Claims:
    told = {"user_id": "u1", "email": "ann@example.com", "role": "user", "session_id": "s1", "token_id": "t1"} | changed
    return Claims(**told, issued_at=START, expires_at=START + DAY)


def a_token(issuer: TokenIssuer) -> str:
    return issuer.issue(claims())


TEXTS = st.fixed_dictionaries(dict.fromkeys(("user_id", "email", "role", "session_id", "token_id"), st.text()))


@pytest.mark.parametrize("signed_with", ALGORITHMS)
@given(texts=TEXTS)
def test_a_token_says_what_it_was_issued_with(signed_with: str, texts: dict[str, str]) -> None:
    issuer = make_issuer(SetClock(), signed_with)
    assert issuer.verify(issuer.issue(claims(**texts))) == claims(**texts)


def test_the_same_claims_make_the_same_token(issuer: TokenIssuer, clock: SetClock) -> None:
    first = a_token(issuer)
    clock.moment += timedelta(seconds=20)
    assert a_token(issuer) == first


def test_a_token_is_valid_for_a_day(issuer: TokenIssuer, clock: SetClock) -> None:
    token = a_token(issuer)
    clock.moment = START + DAY - timedelta(seconds=1)
    assert issuer.verify(token).user_id == "u1"
    clock.moment = START + DAY + timedelta(minutes=1)
    with pytest.raises(UnauthenticatedError) as refused:
        issuer.verify(token)
    assert refused.value.code == "token.expired"


def test_an_expired_token_is_accepted_for_refreshing_as_long_as_asked(issuer: TokenIssuer, clock: SetClock) -> None:
    token, week = a_token(issuer), timedelta(days=7)
    clock.moment = START + DAY + week - timedelta(seconds=1)
    assert issuer.verify(token, leeway_after_expiry=week.total_seconds()).user_id == "u1"
    clock.moment = START + DAY + week + timedelta(minutes=1)
    with pytest.raises(UnauthenticatedError):
        issuer.verify(token, leeway_after_expiry=week.total_seconds())


def test_a_token_from_the_future_is_refused_but_for_a_small_difference_of_clocks(
    issuer: TokenIssuer, clock: SetClock
) -> None:
    token = a_token(issuer)
    clock.moment = START - timedelta(seconds=2)
    assert issuer.verify(token).user_id == "u1"
    clock.moment = START - timedelta(minutes=1)
    with pytest.raises(UnauthenticatedError):
        issuer.verify(token)


@pytest.mark.parametrize("other", ALGORITHMS)
def test_a_token_of_another_signer_is_refused(issuer: TokenIssuer, clock: SetClock, other: str) -> None:
    with pytest.raises(UnauthenticatedError):
        issuer.verify(a_token(make_issuer(clock, other, "other")))


def test_only_public_halves_of_key_pairs_are_shown(issuer: TokenIssuer, algorithm: str) -> None:
    shown = issuer.public_keys()
    assert [key["alg"] for key in shown] == ([] if algorithm == "HS256" else [algorithm])
    secret = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
    assert not any(secret & key.keys() for key in shown)


def test_others_can_verify_tokens_with_what_is_shown(issuer: TokenIssuer, algorithm: str) -> None:
    token = a_token(issuer)
    by_id = {key["kid"]: key for key in issuer.public_keys()}
    shown = by_id.get(jwt.get_unverified_header(token)["kid"])
    if algorithm == "HS256":
        assert shown is None
        return
    assert shown is not None
    options: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    key = jwt.PyJWK(dict(shown))
    told = jwt.decode(token, key, algorithms=[algorithm], audience="flowcore", options=options)
    assert told["user_id"] == "u1"


@pytest.mark.parametrize("signed_with", ALGORITHMS)
@given(position=st.integers(0), letter=st.characters())
def test_changing_any_letter_is_noticed(signed_with: str, position: int, letter: str) -> None:
    issuer = make_issuer(SetClock(), signed_with)
    token = a_token(issuer)
    # The last letter of each part may carry spare bits that mean nothing.
    at = position % (len(token) - 1)
    changed = token[:at] + letter + token[at + 1 :]
    if changed != token and token[at + 1] != ".":
        with pytest.raises(UnauthenticatedError):
            issuer.verify(changed)


@pytest.mark.parametrize("garbage", ["", ".", "..", "a.b.c", "Bearer x", "ä", "\ud800", "{}", "." * 50, "a" * 100_000])
def test_garbage_is_refused(issuer: TokenIssuer, garbage: str) -> None:
    with pytest.raises(UnauthenticatedError):
        issuer.verify(garbage)
