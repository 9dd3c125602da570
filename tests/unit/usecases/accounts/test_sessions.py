"""Sessions and their tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, frozen

from flowcore.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from flowcore.model import Role, Session
from flowcore.ports.storage import Repository
from flowcore.usecases.accounts.profiles import ChangePassword
from flowcore.usecases.accounts.sessions import MOST_SESSIONS, Device, SignedIn, SignOutEverywhere
from tests.doubles_accounts import AccountDesk, somebody

pytestmark = pytest.mark.anyio


@frozen
class Slow:
    """A repository of sessions that somebody else is faster than."""

    real: Repository[Session]
    add: Callable[[Session], Awaitable[Session]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


HOUR, DAY = 3600, 24 * 3600


@pytest.fixture
def desk() -> AccountDesk:
    return AccountDesk()


@pytest.fixture
async def ann(desk: AccountDesk) -> SignedIn:
    return await desk.register()(somebody(), Device("192.0.2.1", "Firefox\x1b[31m/140 " + "x" * 500))


async def refused(desk: AccountDesk, token: str) -> str:
    with pytest.raises(UnauthenticatedError) as caught:
        await desk.authenticate(token)
    return caught.value.code


async def test_a_token_says_who_calls_and_by_which_session(desk: AccountDesk, ann: SignedIn) -> None:
    caller = await desk.authenticate(ann.token)
    assert caller.user == ann.user
    assert caller.session == ann.session


async def test_a_session_keeps_where_it_was_begun_without_what_a_terminal_would_obey(
    desk: AccountDesk, ann: SignedIn
) -> None:
    (session,) = await desk.sessions.list(ann.user)
    assert session.address == "192.0.2.1"
    assert session.agent.startswith("Firefox[31m/140 xxx")
    assert len(session.agent) == 200


async def test_a_session_that_was_ended_is_refused_at_once_and_the_others_go_on(
    desk: AccountDesk, ann: SignedIn
) -> None:
    other = await desk.sign_in("ann@example.com", "correct horse 7")
    await desk.sessions.end(ann.user, ann.session.id)
    assert await refused(desk, ann.token) == "token.revoked"
    assert [session.id for session in await desk.sessions.list(ann.user)] == [other.session.id]
    await desk.authenticate(other.token)


async def test_nobody_can_end_somebody_elses_session(desk: AccountDesk, ann: SignedIn) -> None:
    bob = await desk.register()(somebody("bob@example.com"))
    with pytest.raises(NotFoundError):
        await desk.sessions.end(bob.user, ann.session.id)
    await desk.authenticate(ann.token)


async def test_signing_out_everywhere_ends_every_session_of_ones_own(desk: AccountDesk, ann: SignedIn) -> None:
    other = await desk.sign_in("ann@example.com", "correct horse 7")
    bob = await desk.register()(somebody("bob@example.com"))
    await SignOutEverywhere(users=desk.users, sessions=desk.sessions, clock=desk.clock)(ann.user)
    assert await refused(desk, ann.token) == await refused(desk, other.token) == "token.revoked"
    await desk.authenticate(bob.token)


async def test_a_disabled_account_is_refused_with_a_token_and_with_a_password(desk: AccountDesk, ann: SignedIn) -> None:
    await desk.users.replace(evolve(ann.user, disabled_at=desk.clock.now()))
    assert await refused(desk, ann.token) == "account.disabled"
    with pytest.raises(UnauthenticatedError, match="disabled"):
        await desk.sign_in("ann@example.com", "correct horse 7")
    with pytest.raises(UnauthenticatedError, match="disabled"):
        await desk.refresh(ann.token)


async def test_a_token_of_an_account_that_is_gone_is_refused(desk: AccountDesk, ann: SignedIn) -> None:
    await desk.users.remove(ann.user.id)
    assert await refused(desk, ann.token) == "token.revoked"


async def test_a_token_that_names_somebody_elses_session_is_refused(desk: AccountDesk, ann: SignedIn) -> None:
    bob = await desk.register()(somebody("bob@example.com"))
    claims = desk.tokens.verify(bob.token)
    assert await refused(desk, desk.tokens.issue(evolve(claims, session_id=ann.session.id))) == "token.revoked"


async def test_a_token_is_good_for_a_day(desk: AccountDesk, ann: SignedIn) -> None:
    desk.clock.advance(DAY - 1)
    await desk.authenticate(ann.token)
    desk.clock.advance(1)
    with pytest.raises(UnauthenticatedError):
        await desk.authenticate(ann.token)


async def test_when_a_session_was_used_is_noted_about_every_hour(desk: AccountDesk, ann: SignedIn) -> None:
    desk.clock.advance(HOUR - 1)
    await desk.authenticate(ann.token)
    assert (await desk.sessions.list(ann.user))[0].last_used_at == ann.session.last_used_at
    desk.clock.advance(1)
    await desk.authenticate(ann.token)
    assert (await desk.sessions.list(ann.user))[0].last_used_at == desk.clock.now()


async def test_a_refreshed_token_shows_the_present_role_and_the_old_one_stays_good_until_its_end(
    desk: AccountDesk, ann: SignedIn
) -> None:
    await desk.users.replace(evolve(ann.user, role=Role.USER))
    fresh = await desk.refresh(ann.token)
    assert desk.tokens.verify(fresh.token).role == "user"
    assert fresh.session.id == ann.session.id
    assert fresh.token != ann.token
    for token in (ann.token, fresh.token):
        assert (await desk.authenticate(token)).user.role is Role.USER


async def test_a_token_can_be_refreshed_until_a_week_after_its_issue(desk: AccountDesk, ann: SignedIn) -> None:
    desk.clock.advance(7 * DAY - 1)
    fresh = await desk.refresh(ann.token)
    desk.clock.advance(7 * DAY)
    with pytest.raises(UnauthenticatedError):
        await desk.refresh(fresh.token)


async def test_refreshing_does_not_make_a_session_last_for_ever(desk: AccountDesk, ann: SignedIn) -> None:
    token = ann.token
    for _ in range(5):
        desk.clock.advance(6 * DAY - 1)
        token = (await desk.refresh(token)).token
    desk.clock.advance(5)
    with pytest.raises(UnauthenticatedError):
        await desk.refresh(token)
    assert await desk.sessions.list(ann.user) == []


async def test_who_refreshes_a_token_that_was_refreshed_before_ends_the_session_for_both(
    desk: AccountDesk, ann: SignedIn
) -> None:
    fresh = await desk.refresh(ann.token)
    desk.clock.advance(31)
    with pytest.raises(UnauthenticatedError) as caught:
        await desk.refresh(ann.token)
    assert caught.value.code == "token.reused"
    assert await refused(desk, fresh.token) == "token.revoked"


async def test_a_token_from_before_the_last_one_is_reuse_even_at_the_same_moment(
    desk: AccountDesk, ann: SignedIn
) -> None:
    second = await desk.refresh(ann.token)
    await desk.refresh(second.token)
    with pytest.raises(UnauthenticatedError) as caught:
        await desk.refresh(ann.token)
    assert caught.value.code == "token.reused"


async def test_requests_that_refresh_at_the_same_moment_get_the_same_token(desk: AccountDesk, ann: SignedIn) -> None:
    fresh = await asyncio.gather(*(desk.refresh(ann.token) for _ in range(10)))
    assert len({each.token for each in fresh}) == 1
    desk.clock.advance(29)
    assert (await desk.refresh(ann.token)).token == fresh[0].token
    await desk.authenticate(fresh[0].token)


async def test_a_refresh_that_is_not_admitted_changes_nothing(desk: AccountDesk, ann: SignedIn) -> None:
    def refuse(_: Session) -> None:
        raise ForbiddenError("another site")

    with pytest.raises(ForbiddenError):
        await desk.refresh(ann.token, refuse)
    desk.clock.advance(60)
    await desk.refresh(ann.token)


async def test_no_secret_of_a_session_is_shown_by_what_is_printed(ann: SignedIn) -> None:
    for secret in (ann.token, ann.session.csrf, ann.session.token_id):
        assert secret not in repr(ann)


async def test_sessions_have_ended_although_nobody_came_to_remove_them(desk: AccountDesk, ann: SignedIn) -> None:
    desk.clock.advance(1)
    await desk.users.replace(evolve(ann.user, tokens_from=desk.clock.now()))
    assert await refused(desk, ann.token) == "token.revoked"
    with pytest.raises(UnauthenticatedError):
        await desk.refresh(ann.token)
    await desk.authenticate((await desk.sign_in("ann@example.com", "correct horse 7")).token)


async def test_a_session_counts_although_another_process_whose_clock_is_ahead_ended_all_before(
    desk: AccountDesk, ann: SignedIn
) -> None:
    await desk.users.replace(evolve(ann.user, tokens_from=desk.clock.now() + timedelta(seconds=3)))
    fresh = await desk.sign_in("ann@example.com", "correct horse 7")
    await desk.authenticate(fresh.token)


async def test_a_sign_in_with_the_old_password_ends_when_a_new_one_comes_meanwhile(
    desk: AccountDesk, ann: SignedIn
) -> None:
    begin = desk.sessions.kept.add

    async def slow_add(session: Session) -> Session:
        if session.user_id == ann.user.id and not changed:
            changed.append(await change_password(ann.user, current="correct horse 7", new="another horse 8"))
        return await begin(session)

    changed: list[SignedIn] = []
    desk.clock.advance(1)
    change_password = ChangePassword(users=desk.users, confirm=desk.confirm, sessions=desk.sessions, clock=desk.clock)
    racing = evolve(desk.sign_in, sessions=evolve(desk.sessions, kept=Slow(desk.sessions.kept, slow_add)))
    with pytest.raises(UnauthenticatedError):
        await racing("ann@example.com", "correct horse 7")
    assert [session.id for session in await desk.sessions.list(ann.user)] == [changed[0].session.id]


async def test_the_oldest_session_ends_for_one_too_many_and_nobody_elses(desk: AccountDesk, ann: SignedIn) -> None:
    bob = await desk.register()(somebody("bob@example.com"))
    opened = []
    for _ in range(MOST_SESSIONS):
        desk.clock.advance(1)
        opened.append(await desk.sessions.open(ann.user, Device()))
    assert await refused(desk, ann.token) == "token.revoked"
    for each in (opened[0], opened[-1], bob):
        await desk.authenticate(each.token)
    assert len(await desk.sessions.list(ann.user)) == MOST_SESSIONS
