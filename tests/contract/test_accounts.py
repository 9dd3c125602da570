"""What accounts need of every store: the first one, the last place of an invite, and counted failures are each
somebody's alone, however many processes ask at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from flowcore.errors import FlowcoreError, ForbiddenError, LimitExceededError, UnauthenticatedError
from flowcore.model import Role
from flowcore.ports.storage import USERS
from flowcore.usecases.accounts.enrolling import FOUNDER
from flowcore.usecases.accounts.sessions import Device, SignedIn
from tests.backends import NAMES, new_backend
from tests.doubles import FrozenClock, SequentialIds
from tests.doubles_accounts import AccountDesk, somebody

pytestmark = pytest.mark.anyio


class UniqueIds(SequentialIds):
    """Ids of one of several processes."""

    def __init__(self, process: int) -> None:
        super().__init__()
        self.process = process

    def new_id(self) -> str:
        return f"{self.process:04x}{super().new_id()[4:]}"

    def new_secret(self, length: int = 32) -> str:
        return f"p{self.process}{super().new_secret(length)}"[:length]


@pytest.fixture(params=NAMES)
async def desks(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[AccountDesk]]:
    """Three processes on one store; in memory there can only be one."""
    with new_backend(request.param, tmp_path, lambda: str(request.getfixturevalue("mongo_url"))) as backend:
        async with AsyncExitStack() as stack:
            number = 1 if backend.name == "memory" else 3
            stores = [await stack.enter_async_context(backend.open()) for _ in range(number)]
            desks = [AccountDesk(store, ids=UniqueIds(each), clock=now()) for each, store in enumerate(stores, 1)]
            yield (desks * 3)[:3]


def now() -> FrozenClock:
    """Return a clock that stands where no store forgets what was just stored."""
    clock = FrozenClock()
    clock.advance(10 * 365 * 24 * 3600)
    return clock


async def at_once(make: Callable[[AccountDesk, int], object], desks: list[AccountDesk]) -> list[object]:
    tries = [make(desks[number % 3], number) for number in range(9)]
    return await asyncio.gather(*tries, return_exceptions=True)  # type: ignore[call-overload,no-any-return]


async def test_of_many_first_accounts_one_is_the_administrators(desks: list[AccountDesk]) -> None:
    answers = await at_once(lambda desk, n: desk.register()(somebody(f"u{n}@example.com")), desks)
    roles = sorted(answer.user.role for answer in answers if isinstance(answer, SignedIn))
    assert roles == [Role.ADMIN] + [Role.USER] * 8


async def test_of_many_first_accounts_the_others_need_an_invite(desks: list[AccountDesk]) -> None:
    def register(desk: AccountDesk, n: int) -> object:
        return desk.register(invite_required=True)(somebody(f"u{n}@example.com"))

    answers = await at_once(register, desks)
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 1
    assert sum(isinstance(answer, ForbiddenError) for answer in answers) == 8
    assert [user.id for user in await desks[0].users.find({})] == [FOUNDER]


async def test_a_process_that_dies_while_it_makes_the_first_account_leaves_nothing_behind(
    desks: list[AccountDesk],
) -> None:
    reached = asyncio.Event()

    class Dying:
        """A repository of a process that stops for ever when it is about to add."""

        def __init__(self, desk: AccountDesk) -> None:
            self.count = desk.store.repository(USERS).count

        async def add(self, _: object) -> None:
            reached.set()
            await asyncio.Event().wait()

    dying, other = desks[0].register(), desks[1]
    object.__setattr__(dying.enrol, "users", Dying(desks[0]))
    task = asyncio.create_task(dying(somebody()))
    await reached.wait()
    assert (await other.register()(somebody("bob@example.com"))).user.role is Role.ADMIN
    task.cancel()
    assert (await other.register()(somebody())).user.role is Role.USER


async def test_one_place_of_an_invite_is_one_persons(desks: list[AccountDesk]) -> None:
    admin = (await desks[0].register()(somebody())).user
    code = (await desks[0].invites.make(admin, uses=2)).code

    def register(desk: AccountDesk, n: int) -> object:
        return desk.register(invite_required=True)(somebody(f"u{n}@example.com", invite_code=code))

    answers = await at_once(register, desks)
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 2
    assert all(isinstance(answer, SignedIn | FlowcoreError) for answer in answers)
    [kept] = await desks[0].invites.list(admin)
    assert kept.uses_left == 0


async def test_failures_are_counted_by_all_processes_together(desks: list[AccountDesk]) -> None:
    await desks[0].register()(somebody())

    def guess(desk: AccountDesk, n: int) -> object:
        return desk.sign_in("ann@example.com", f"wrong{n}", device=Device("6.6.6.6"))

    answers = await at_once(guess, desks)
    assert sum(isinstance(answer, UnauthenticatedError) for answer in answers) == 5
    assert sum(isinstance(answer, LimitExceededError) for answer in answers) == 4
