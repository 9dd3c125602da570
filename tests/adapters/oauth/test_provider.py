"""The code flow against a provider that can lie in every way."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest
from attrs import evolve
from joserfc import jwt

from adapters.oauth import ClaimNames, OAuthProvider, Outgoing, ProviderConfig
from flowcore.ports.identity import AuthorizationRequest, CodeGrant, ProvenIdentity, ProviderError
from tests.doubles import FrozenClock
from tests.doubles_identity import (
    EC,
    ISSUER,
    OTHER_RSA,
    RSA,
    Issuer,
    OpenGuard,
    query_of,
    signed_by,
    signed_with_public_key,
    unsigned,
)

pytestmark = pytest.mark.anyio

CONFIG = ProviderConfig(name="idp", issuer=ISSUER, client_id="client", client_secret="s3cret-of-client")
GRANT = CodeGrant(code="c0de", redirect_uri="https://flow.example/cb", nonce="n0nce", verifier="v" * 64)
PLAIN = ProviderConfig(
    name="plain",
    is_oidc=False,
    client_id="client",
    client_secret="s3cret-of-client",
    scopes=("email",),
    claims=ClaimNames(subject="id"),
    authorization_url=f"{ISSUER}/authorize",
    token_url=f"{ISSUER}/token",
    userinfo_url=f"{ISSUER}/userinfo",
)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer(FrozenClock(), nonce=GRANT.nonce)


def provider(issuer: Issuer, config: ProviderConfig = CONFIG, guard: OpenGuard | None = None) -> OAuthProvider:
    return OAuthProvider(config, Outgoing(guard or OpenGuard(), issuer.transport), issuer.clock)


async def refusal(issuer: Issuer, config: ProviderConfig = CONFIG, *, named: str = "") -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await provider(issuer, config).identify(evolve(GRANT, issuer=named))
    return caught.value


async def test_the_browser_is_sent_with_pkce_s256_state_and_nonce(issuer: Issuer) -> None:
    request = AuthorizationRequest(redirect_uri=GRANT.redirect_uri, state="st", nonce="no", verifier=GRANT.verifier)
    url = await provider(issuer).authorization_url(request)
    query = query_of(url)
    assert url.startswith(f"{ISSUER}/authorize?")
    assert query.pop("code_challenge") not in ("", GRANT.verifier)
    assert query == {
        "response_type": "code",
        "client_id": "client",
        "redirect_uri": GRANT.redirect_uri,
        "scope": "openid profile email",
        "state": "st",
        "nonce": "no",
        "code_challenge_method": "S256",
    }


async def test_a_good_token_proves_who_somebody_is(issuer: Issuer) -> None:
    expected = ProvenIdentity(subject="ann-1", email="ann@example.com", email_verified=True, name="Ann")
    assert await provider(issuer).identify(GRANT) == expected
    assert issuer.form() == {
        "grant_type": ["authorization_code"],
        "code": ["c0de"],
        "redirect_uri": [GRANT.redirect_uri],
        "code_verifier": [GRANT.verifier],
    }


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "somebody-else"},
        {"aud": "somebody-else", "azp": "client"},
        {"aud": ["client", "other"]},  # without azp
        {"aud": ["client", "other"], "azp": "other"},
        {"azp": "other"},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"exp": None},
        {"iat": None},
        {"exp": 1},
        {"exp": "soon"},
        {"iat": 99_999_999_999},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=str,
)
async def test_claims_that_do_not_fit_are_refused(issuer: Issuer, claims: dict[str, Any]) -> None:
    issuer.claims = claims
    error = await refusal(issuer)
    assert error.code == "oauth.refused"
    assert error.reason.startswith("ID token: ")
    assert any(name in error.reason for name in (*claims, "azp", "Expired", "in the future")), error.reason


@pytest.mark.parametrize(
    "sign",
    [
        unsigned,
        signed_with_public_key,
        signed_by(OTHER_RSA, "RS256"),
        signed_by(OTHER_RSA, "RS256", kid="one"),
        signed_by(RSA, "RS512"),
        lambda claims: "nonsense",
        lambda claims: "a.b.c",
    ],
    ids=["none", "hs256-public-key", "unknown-key", "borrowed-kid", "other-alg", "no-token", "malformed"],
)
async def test_signatures_that_prove_nothing_are_refused(issuer: Issuer, sign: Any) -> None:
    issuer.sign = sign
    assert (await refusal(issuer)).code == "oauth.refused"


async def test_a_token_expires_with_a_minute_of_leeway(issuer: Issuer) -> None:
    tokens = issuer.tokens()
    issuer.token_answer = {"id_token": tokens["id_token"]}
    issuer.clock.advance(355)
    assert (await provider(issuer).identify(GRANT)).subject == "ann-1"
    issuer.clock.advance(10)
    assert "Expired" in (await refusal(issuer)).reason


async def test_a_token_of_several_audiences_needs_us_as_the_authorised_party(issuer: Issuer) -> None:
    issuer.claims = {"aud": ["client", "other"], "azp": "client"}
    assert (await provider(issuer).identify(GRANT)).subject == "ann-1"


async def test_keys_are_read_again_for_an_unknown_one_but_not_each_time(issuer: Issuer) -> None:
    gate = provider(issuer)
    await gate.identify(GRANT)
    issuer.keys, issuer.sign = [RSA, EC], signed_by(EC, "ES256")
    with pytest.raises(ProviderError):
        await gate.identify(GRANT)
    issuer.clock.advance(31)
    await gate.identify(GRANT)
    assert issuer.paths().count("/jwks") == 2


async def test_a_token_that_names_no_key_is_tried_with_each(issuer: Issuer) -> None:
    issuer.keys = [OTHER_RSA, EC, RSA]
    issuer.sign = lambda claims: jwt.encode({"alg": "RS256"}, claims, RSA, algorithms=["RS256"])
    assert (await provider(issuer).identify(GRANT)).subject == "ann-1"


async def test_documents_are_kept_for_an_hour(issuer: Issuer) -> None:
    gate = provider(issuer)
    for _ in range(3):
        await gate.identify(GRANT)
    assert issuer.paths().count("/.well-known/openid-configuration") == 1
    issuer.clock.advance(3600)
    await gate.identify(GRANT)
    assert issuer.paths().count("/.well-known/openid-configuration") == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": ISSUER + "/"},
        {"token_endpoint": "http://idp.example/token"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://user@idp.example/"},
    ],
    ids=str,
)
async def test_documents_that_will_not_do_are_refused(issuer: Issuer, metadata: dict[str, Any]) -> None:
    issuer.metadata = metadata
    assert (await refusal(issuer)).code == "oauth.unusable"


async def test_an_answer_of_another_issuer_is_refused_before_the_code_is_sent(issuer: Issuer) -> None:
    assert (await refusal(issuer, named="https://evil.example")).code == "oauth.refused"
    issuer.metadata = {"authorization_response_iss_parameter_supported": True}
    assert (await refusal(issuer)).code == "oauth.refused"
    assert "/token" not in issuer.paths()
    gate = provider(issuer)
    assert (await gate.identify(evolve(GRANT, issuer=ISSUER))).subject == "ann-1"


@pytest.mark.parametrize("announced", [["client_secret_post"], ["client_secret_basic"], ["private_key_jwt"], []])
async def test_the_secret_goes_where_the_provider_wants_it(issuer: Issuer, announced: list[str]) -> None:
    issuer.metadata = {"token_endpoint_auth_methods_supported": announced}
    await provider(issuer).identify(GRANT)
    sent = next(each for each in issuer.seen if each.url.path == "/token")
    assert ("client_secret" in issuer.form()) == (announced == ["client_secret_post"])
    assert ("authorization" in sent.headers) == (announced != ["client_secret_post"])


async def test_a_public_client_sends_its_name_only(issuer: Issuer) -> None:
    await provider(issuer, evolve(CONFIG, client_secret="")).identify(GRANT)
    assert issuer.form()["client_id"] == ["client"]
    assert "client_secret" not in issuer.form()


async def test_what_the_id_token_does_not_say_is_asked_for(issuer: Issuer) -> None:
    issuer.claims = {"email": None, "email_verified": None, "sub": "ann-1"}
    issuer.userinfo = {"sub": "ann-1", "email": "ann@example.com", "email_verified": "true", "name": "Other"}
    found = await provider(issuer).identify(GRANT)
    assert (found.email, found.email_verified, found.name) == ("ann@example.com", True, "Ann")
    issuer.userinfo = {"sub": "eve-1", "email": "eve@example.com", "email_verified": True}
    assert (await refusal(issuer)).code == "oauth.unreadable"


async def test_a_verification_of_another_address_does_not_count(issuer: Issuer) -> None:
    issuer.claims = {"email_verified": None}
    issuer.userinfo = {"sub": "ann-1", "email": "other@example.com", "email_verified": True}
    assert (await provider(issuer).identify(GRANT)).email_verified is None


@pytest.mark.parametrize(
    ("names", "claims", "expected"),
    [
        (ClaimNames(groups="realm_access.roles"), {"realm_access": {"roles": ["ops", 7, "dev"]}}, ("ops", "dev")),
        (ClaimNames(groups="https://x.y/groups"), {"https://x.y/groups": "ops"}, ("ops",)),
        (ClaimNames(groups="a.b.c"), {"a.b": {"c": ["ops"]}}, ("ops",)),
        (ClaimNames(groups="a.b.c"), {"a": {"b": 1}}, ()),
        (ClaimNames(groups="groups"), {}, ()),
    ],
)
async def test_groups_are_found_deep_inside_or_not_at_all(
    issuer: Issuer, names: ClaimNames, claims: dict[str, Any], expected: tuple[str, ...]
) -> None:
    issuer.claims = claims
    found = await provider(issuer, evolve(CONFIG, claims=names)).identify(GRANT)
    assert found.groups == expected


@pytest.mark.parametrize("number", [12345678, 2**63 + 1])
async def test_plain_oauth_keeps_numbers_exact(issuer: Issuer, number: int) -> None:
    issuer.userinfo = {"id": number, "email": "ann@example.com", "login": "ann"}
    found = await provider(issuer, PLAIN).identify(GRANT)
    assert found == ProvenIdentity(subject=str(number), email="ann@example.com", name="ann")
    sent = next(each for each in issuer.seen if each.url.path == "/userinfo")
    assert sent.headers["authorization"] == "Bearer at"


@pytest.mark.parametrize("subject", [None, "", True, 1.5e7, {"a": 1}])
async def test_nobody_is_not_somebody(issuer: Issuer, subject: Any) -> None:
    issuer.userinfo = {"id": subject, "email": "ann@example.com"}
    assert (await refusal(issuer, PLAIN)).code == "oauth.unreadable"


async def test_github_counts_only_the_primary_verified_address(issuer: Issuer) -> None:
    config = evolve(PLAIN, emails_url=f"{ISSUER}/emails")
    issuer.userinfo = {"id": 7, "email": "shown@example.com", "email_verified": True}
    listed = [
        {"email": "old@example.com", "verified": True, "primary": False},
        {"email": "ann@example.com", "verified": True, "primary": True},
    ]
    issuer.answers["/emails"] = httpx.Response(200, json=listed)
    found = await provider(issuer, config).identify(GRANT)
    assert (found.email, found.email_verified) == ("ann@example.com", True)
    issuer.answers["/emails"] = httpx.Response(200, json=[{**listed[1], "verified": False}])
    found = await provider(issuer, config).identify(GRANT)
    assert (found.email, found.email_verified) == ("", False)


async def test_a_plain_provider_whose_issuer_is_not_known_may_not_name_one(issuer: Issuer) -> None:
    issuer.userinfo = {"id": 7}
    assert (await refusal(issuer, PLAIN, named=ISSUER)).code == "oauth.refused"
    gate = provider(issuer, evolve(PLAIN, issuer=ISSUER))
    assert (await gate.identify(evolve(GRANT, issuer=ISSUER))).subject == "7"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"location": "https://evil.example/token"}),
        httpx.Response(200, content=b" " * (1024 * 1024 + 1)),
        httpx.Response(200, stream=httpx.ByteStream(gzip.compress(b"{}")), headers={"content-encoding": "gzip"}),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json={"error": "bad_verification_code"}),
        httpx.Response(400, json={"error": "invalid_grant", "error_description": "c0de was used"}),
        httpx.Response(200, json={"access_token": "at", "token_type": "mac", "id_token": "x"}),
        httpx.Response(200, json={"access_token": "a\r\nX: y", "token_type": "Bearer", "id_token": "x"}),
        httpx.Response(200, json={"access_token": "at", "token_type": "Bearer"}),
        httpx.Response(200, json=[]),
    ],
    ids=lambda answer: f"{answer.status_code}",
)
async def test_token_answers_that_will_not_do_are_refused_without_their_text(
    issuer: Issuer, answer: httpx.Response
) -> None:
    issuer.answers["/token"] = answer
    error = await refusal(issuer)
    assert error.code == "oauth.refused"
    for secret in ("c0de", "s3cret", "vvvv", "n0nce", "html", "bad_verification"):
        assert secret not in f"{error!r} {error} {error.reason}"


async def test_connections_go_to_the_checked_address_and_ask_for_the_name(issuer: Issuer) -> None:
    guard = OpenGuard()
    await provider(issuer, guard=guard).identify(GRANT)
    assert {str(request.url.host) for request in issuer.seen} == {"192.0.2.7"}
    assert {request.headers["host"] for request in issuer.seen} == {"idp.example"}
    assert {request.extensions["sni_hostname"] for request in issuer.seen} == {"idp.example"}
    assert guard.asked == [("idp.example", 443)] * 3


async def test_addresses_that_the_guard_refuses_are_not_connected_to(issuer: Issuer) -> None:
    issuer.metadata = {"token_endpoint": "https://inside.example/token"}
    gate = provider(issuer, guard=OpenGuard(forbidden=frozenset({"inside.example"})))
    with pytest.raises(ProviderError) as caught:
        await gate.identify(GRANT)
    assert "network.forbidden_address" in caught.value.reason
    assert "/token" not in issuer.paths()


async def test_nothing_secret_is_shown_of_what_is_passed_on() -> None:
    request = AuthorizationRequest(redirect_uri="r", state="st4te", nonce="n0nce", verifier="v3rifier")
    shown = f"{CONFIG!r} {GRANT!r} {request!r}"
    for secret in ("s3cret", "c0de", "n0nce", "vvvv", "st4te", "v3rifier"):
        assert secret not in shown
