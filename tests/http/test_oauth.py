"""Sign-in with identity providers over HTTP: against a real provider, and against an attacker's list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import structlog
from attrs import define, evolve
from litestar.testing import AsyncTestClient

from adapters.security import Argon2BcryptHasher
from entrypoints.bootstrap import App, open_app
from entrypoints.http import create_app
from entrypoints.settings import Settings
from entrypoints.settings.oauth import ProviderSettings
from flowcore.errors import UnavailableError
from flowcore.ports.identity import ProvenIdentity
from tests.doubles import FrozenClock
from tests.doubles_cluster import PlayedCluster, PlayedClusters
from tests.doubles_identity import PlayedProvider, query_of
from tests.http.conftest import CHEAP, SETTINGS, Caller, register
from tests.oidc_server import oidc_server

pytestmark = pytest.mark.anyio

PUBLIC = "https://flow.example"
API = "/v1/api/auth/oauth"
COOKIE = "__Host-flowcore-oauth"
ANN = {"sub": "ann-1", "email": "ann@example.com", "email_verified": True, "name": "Ann"}
EVE = {"sub": "eve-1", "email": "eve@example.com", "email_verified": False, "name": "Eve"}
SECRET = "s3cret-of-us"
SCOPES = ("openid", "profile", "email")
OIDC = ProviderSettings(name="idp", display_name="Our IdP", icon="key", client_id="client", client_secret=SECRET)
OFFERED = evolve(SETTINGS, public_url=PUBLIC, oauth_providers=(OIDC, evolve(OIDC, name="other", display_name="Other")))
SOMEBODY = ProvenIdentity(subject="ann-1", email="ann@example.com", email_verified=True, name="Ann")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc_server(ANN, EVE) as url:
        yield url


@define
class World:
    """The service with two played providers, and a browser."""

    browser: AsyncTestClient[Any]
    idp: PlayedProvider
    other: PlayedProvider
    clock: FrozenClock

    async def begin(self, provider: str = "idp", **query: str) -> str:
        """Go to the provider and return the state."""
        answer = await self.browser.get(f"{API}/{provider}/authorize", params=query)
        assert answer.status_code == 307, answer.text
        return query_of(answer.headers["location"])["state"]

    async def come_back(self, provider: str = "idp", **query: str) -> str:
        """Come back from the provider and return where the browser is sent."""
        answer = await self.browser.get(f"{API}/{provider}/callback", params=query)
        assert answer.status_code == 307, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return str(answer.headers["location"])

    async def sign_in(self, person: ProvenIdentity = SOMEBODY, **query: str) -> str:
        """Go there and back, and return where the browser is sent."""
        state = await self.begin(**query)
        self.idp.people["good"] = person
        return await self.come_back(state=state, code="good")

    async def exchange(self, code: str, status: int = 200) -> Any:
        answer = await self.browser.post(f"{API}/exchange", json={"code": code})
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def settings() -> Settings:
    return OFFERED


def opening(settings: Settings, **overrides: Any) -> AbstractAsyncContextManager[App]:
    hasher = Argon2BcryptHasher(cost=CHEAP)
    return open_app(settings, access=PlayedClusters(PlayedCluster()), hasher=hasher, **overrides)


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    idp, other, clock = PlayedProvider(), PlayedProvider(), FrozenClock()
    ways = {"idp": idp, "other": other}
    app = create_app(lambda: opening(settings, identity_providers=ways, clock=clock), settings)
    async with AsyncTestClient(app, base_url=PUBLIC) as browser:
        browser.follow_redirects = False
        yield World(browser, idp, other, clock)


def error_of(location: str, page: str = "/login") -> str:
    assert location.startswith(f"{PUBLIC}{page}?error="), location
    return query_of(location)["error"]


# ---------------------------------------------------------------- a real provider


async def test_somebody_signs_in_with_a_real_provider(issuer: str) -> None:
    settings = evolve(
        SETTINGS,
        public_url=PUBLIC,
        oauth_providers=(evolve(OIDC, issuer=issuer, scopes=SCOPES),),
    )
    with structlog.testing.capture_logs() as logs:
        async with AsyncTestClient(create_app(lambda: opening(settings), settings), base_url=PUBLIC) as browser:
            browser.follow_redirects = False
            location, seen = await _through(browser, ANN["sub"])
            code = query_of(location)["code"]
            assert location == f"{PUBLIC}/auth/callback?code={code}"
            session = (await browser.post(f"{API}/exchange", json={"code": code})).json()
            assert set(session) == {"token", "user"}
            user = session["user"]
            assert (user["email"], user["name"], user["authProvider"]) == ("ann@example.com", "Ann", "idp")
            assert user["role"] == "admin"
            ann = Caller(browser, session["token"], user)
            assert (await ann.ask("GET", "/profile"))["user"]["id"] == user["id"]
            replayed = await browser.get(f"{API}/idp/callback", params=seen)
            assert error_of(replayed.headers["location"]) == "Invalid or expired authentication state"
            again, _ = await _through(browser, ANN["sub"])
            assert (await browser.post(f"{API}/exchange", json={"code": query_of(again)["code"]})).json()[
                "user"
            ] == user
            refused, _ = await _through(browser, EVE["sub"])
            assert "not verified" in error_of(refused)
    for secret in (SECRET, seen["code"], seen["state"], code, session["token"]):
        assert secret not in str(logs)


async def _through(browser: AsyncTestClient[Any], person: Any) -> tuple[str, dict[str, str]]:
    """Sign in as somebody; return where the browser ends, and the parameters of the callback."""
    url = (await browser.get(f"{API}/idp/authorize")).headers["location"]
    query = query_of(url)
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"] == f"{PUBLIC}{API}/idp/callback"
    async with httpx.AsyncClient() as outside:
        answer = await outside.post(url, data={"sub": person})
    back = query_of(answer.headers["location"])
    landed = await browser.get(f"{API}/idp/callback", params=back)
    return str(landed.headers["location"]), back


async def test_a_provider_that_is_not_there_is_told_kindly(issuer: str) -> None:
    gone = evolve(OIDC, issuer="http://127.0.0.1:1")
    settings = evolve(SETTINGS, public_url=PUBLIC, oauth_providers=(gone,))
    async with AsyncTestClient(create_app(lambda: opening(settings), settings), base_url=PUBLIC) as browser:
        answer = await browser.get(f"{API}/idp/authorize")
    assert (answer.status_code, answer.json()["error"]) == (503, "Provider configuration error")


# ---------------------------------------------------------------- the contract


async def test_the_ways_to_sign_in_name_the_providers(world: World) -> None:
    answer = await world.browser.get("/v1/api/auth/methods")
    assert answer.json()["providers"][0] == {"name": "idp", "displayName": "Our IdP", "icon": "key"}


async def test_unknown_providers_are_not_found(world: World) -> None:
    answer = await world.browser.get(f"{API}/nobody/authorize")
    assert (answer.status_code, answer.json()["error"]) == (404, "Unknown or disabled provider")


async def test_the_keepsake_is_a_cookie_that_only_this_host_gets(world: World) -> None:
    answer = await world.browser.get(f"{API}/idp/authorize")
    attributes = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}=")
    assert attributes == {"httponly", "secure", "samesite=lax", "path=/", "max-age=600"}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({}, "Missing state parameter"),
        ({"state": "guessed", "code": "good"}, "Invalid or expired authentication state"),
        ({"state": "x" * 10_000}, "Invalid or expired authentication state"),
        ({"error": "access_denied"}, "Missing state parameter"),
    ],
)
async def test_callbacks_that_nobody_asked_for_are_refused(world: World, query: dict[str, str], text: str) -> None:
    assert error_of(await world.come_back(**query)) == text


async def test_what_a_provider_refuses_is_told_in_our_words(world: World) -> None:
    state = await world.begin()
    location = await world.come_back(state=state, error="<script>", error_description="s3cret text")
    assert error_of(location) == "Authentication denied by provider"
    state = await world.begin()
    assert error_of(await world.come_back(state=state)) == "No authorization code received"
    state = await world.begin()
    assert error_of(await world.come_back(state=state, code="forged")) == "Authentication failed"


async def test_what_is_not_for_who_signs_in_is_for_the_log(world: World) -> None:
    state = await world.begin()
    world.idp.failure = UnavailableError("db.internal:27017 does not answer", code="store.unavailable")
    assert error_of(await world.come_back(state=state, code="good")) == "Authentication failed"


async def test_the_exchange_code_is_traded_once(world: World) -> None:
    code = query_of(await world.sign_in())["code"]
    keepsake = world.browser.cookies[COOKIE]
    session = await world.exchange(code)
    assert session["user"]["email"] == "ann@example.com"
    assert COOKIE not in world.browser.cookies
    world.browser.cookies.set(COOKIE, keepsake)
    assert (await world.exchange(code, 401))["error"] == "Invalid or expired code"


async def test_the_exchange_code_lasts_thirty_seconds(world: World) -> None:
    code = query_of(await world.sign_in())["code"]
    world.clock.advance(30)
    await world.exchange(code, 401)
    code = query_of(await world.sign_in())["code"]
    world.clock.advance(29)
    await world.exchange(code)


async def test_an_exchange_needs_a_code(world: World) -> None:
    for body in ({}, {"code": ""}):
        answer = await world.browser.post(f"{API}/exchange", json=body)
        assert (answer.status_code, answer.json()["error"]) == (400, "Code is required")


# ---------------------------------------------------------------- the attacker's list


async def test_a_state_is_used_up_by_its_first_return(world: World) -> None:
    state = await world.begin()
    world.idp.people |= {"good": SOMEBODY, "better": SOMEBODY}
    assert "code=" in await world.come_back(state=state, code="good")
    assert error_of(await world.come_back(state=state, code="better")) == "Invalid or expired authentication state"
    assert "better" in world.idp.people


async def test_a_state_expires(world: World) -> None:
    state = await world.begin()
    world.clock.advance(600)
    assert error_of(await world.come_back(state=state, code="good")) == "Invalid or expired authentication state"


@pytest.mark.parametrize("cookie", [None, "", "guessed", "guessed.", "é"])
async def test_a_return_in_another_browser_is_refused(world: World, cookie: str | None) -> None:
    state = await world.begin()
    world.idp.people["good"] = SOMEBODY
    world.browser.cookies.clear()
    headers = {} if cookie is None else {"cookie": f"{COOKIE}={cookie}".encode()}
    answer = await world.browser.get(f"{API}/idp/callback", params={"state": state, "code": "good"}, headers=headers)  # type: ignore[arg-type]
    assert error_of(answer.headers["location"]) == "Invalid or expired authentication state"
    assert world.idp.grants == []


async def test_a_return_to_another_providers_callback_is_refused(world: World) -> None:
    state = await world.begin("idp")
    world.other.people["good"] = SOMEBODY
    location = await world.come_back("other", state=state, code="good")
    assert error_of(location) == "Invalid or expired authentication state"
    assert world.other.grants == []


async def test_an_exchange_code_in_another_browser_is_refused(world: World) -> None:
    code = query_of(await world.sign_in())["code"]
    world.browser.cookies.clear()
    await world.exchange(code, 401)


@pytest.mark.parametrize("settings", [evolve(OFFERED, frontend_url="https://app.example/console")])
async def test_a_front_end_of_another_origin_is_landed_on_and_trades_without_the_cookie(world: World) -> None:
    location = await world.sign_in()
    assert location.startswith("https://app.example/console/auth/callback?code=")
    world.browser.cookies.clear()
    await world.exchange(query_of(location)["code"])


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/x//evil.example",
        "/../evil",
        "/x/..",
        "/ x",
        "/x\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "x",
        "/" + "x" * 600,
        "/é",
    ],
)
async def test_nobody_is_sent_to_another_site_afterwards(world: World, path: str) -> None:
    answer = await world.browser.get(f"{API}/idp/authorize", params={"next": path})
    assert answer.status_code == 400
    assert world.idp.requests == []


async def test_a_page_of_the_front_end_comes_back(world: World) -> None:
    location = await world.sign_in(next="/workflows/7?tab=runs")
    assert urlsplit(location)[:3] == ("https", "flow.example", "/auth/callback")
    assert query_of(location)["next"] == "/workflows/7?tab=runs"


async def test_nonce_and_verifier_are_new_for_each_sign_in_and_come_back(world: World) -> None:
    for _ in range(2):
        await world.sign_in()
    sent, returned = world.idp.requests, world.idp.grants
    assert [(each.nonce, each.verifier) for each in sent] == [(each.nonce, each.verifier) for each in returned]
    assert len({each.nonce for each in sent} | {each.verifier for each in sent} | {each.state for each in sent}) == 6


async def test_the_issuer_of_the_answer_reaches_the_provider(world: World) -> None:
    state = await world.begin()
    await world.come_back(state=state, code="good", iss="https://evil.example")
    assert world.idp.grants[0].issuer == "https://evil.example"


# ---------------------------------------------------------------- accounts


async def test_an_account_is_never_taken_over_silently_but_can_be_linked(world: World) -> None:
    ann = await register(world.browser, "ann@example.com")
    assert "Sign in with your password" in error_of(await world.sign_in())
    begun = await ann.ask("POST", "/profile/identities/idp/link")
    world.idp.people["good"] = SOMEBODY
    state = query_of(begun["url"])["state"]
    assert await world.come_back(state=state, code="good") == f"{PUBLIC}/profile?linked=idp"
    [linked] = (await ann.ask("GET", "/profile/identities"))["identities"]
    assert (linked["provider"], linked["displayName"], linked["email"]) == ("idp", "Our IdP", "ann@example.com")
    session = await world.exchange(query_of(await world.sign_in())["code"])
    assert session["user"]["id"] == ann.user["id"]
    await ann.ask("DELETE", "/profile/identities/idp")
    await ann.ask("DELETE", "/profile/identities/idp", status=404)
    assert "Sign in with your password" in error_of(await world.sign_in())


async def test_linking_ends_on_the_profile_when_it_fails(world: World) -> None:
    ann = await register(world.browser, "ann@example.com")
    begun = await ann.ask("POST", "/profile/identities/idp/link")
    location = await world.come_back(state=query_of(begun["url"])["state"], error="access_denied")
    assert error_of(location, "/profile") == "Authentication denied by provider"


async def test_linking_is_for_who_is_signed_in(world: World) -> None:
    for method, path in (("POST", "/idp/link"), ("DELETE", "/idp"), ("GET", "")):
        answer = await world.browser.request(method, f"/v1/api/profile/identities{path}")
        assert answer.status_code == 401


@pytest.mark.parametrize("settings", [evolve(OFFERED, invite_code="come-in")])
async def test_the_invite_code_travels_in_the_browser(world: World) -> None:
    await register(world.browser, "first@example.com")
    assert error_of(await world.sign_in()) == "Valid invite code required"
    assert "code=" in await world.sign_in(inviteCode="come-in")
    assert "come-in" not in str(world.idp.requests)


@pytest.mark.parametrize("settings", [evolve(OFFERED, invite_code="come-in")])
async def test_guessing_invite_codes_is_slow_this_way_too(world: World) -> None:
    await register(world.browser, "first@example.com")
    told = [error_of(await world.sign_in(inviteCode=f"fci_{number}")) for number in range(15)]
    assert told[:10] == ["Valid invite code required"] * 10
    assert told[-1] == "Too many failed attempts; try again later"
