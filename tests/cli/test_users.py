"""The commands about accounts, on the store of a service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner, Result

from adapters.security import Argon2BcryptHasher
from adapters.sqlite import open_sqlite
from entrypoints.cli.app import cli
from flowcore.model import AuditEntry, Role, Session, User
from flowcore.ports.storage import ATTEMPTS, AUDIT_LOG, SESSIONS, USERS, Store
from flowcore.usecases.accounts.enrolling import FOUNDER
from tests.doubles import START, FrozenClock
from tests.doubles_accounts import AccountDesk

Run = Callable[..., Result]
#: A moment before which no store forgets anything.
LATER = START + timedelta(days=36_500)
RIGHT = "correct horse 7"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(*arguments: str, typed: str = "") -> Result:
        variables = {"FLOWCORE_DATA_DIR": str(tmp_path / "data"), "FLOWCORE_STORE_URL": ""}
        return CliRunner(env=variables).invoke(cli, ["users", *arguments], input=typed)

    return call


def within(tmp_path: Path, work: Callable[[Store], Awaitable[Any]]) -> Any:
    """Do something with the store that the commands use."""

    async def opened() -> Any:
        async with open_sqlite(str(tmp_path / "data" / "flowcore.db")) as store:
            return await work(store)

    return asyncio.run(opened())


def stored(tmp_path: Path) -> list[User]:
    return list(within(tmp_path, lambda store: store.repository(USERS).find({}, order_by=("email_key",))))


def create(run: Run, email: str, *options: str) -> Result:
    made = run("create", email, "--password-stdin", *options, typed=f"{RIGHT}\n")
    assert made.exit_code == 0, made.output
    return made


def matches(user: User, password: str) -> bool:
    return asyncio.run(Argon2BcryptHasher().verify(password, user.password_hash)).matches


def test_the_first_account_is_an_administrators_and_others_are_when_it_is_said(run: Run, tmp_path: Path) -> None:
    for email, *options in (("Ann@example.com",), ("bob@example.com",), ("cid@example.com", "--admin")):
        create(run, email, *options)
    users = stored(tmp_path)
    assert [user.role for user in users] == [Role.ADMIN, Role.USER, Role.ADMIN]
    assert (users[0].id, users[0].name, users[0].email) == (FOUNDER, "Ann", "Ann@example.com")
    assert matches(users[0], RIGHT)


def test_a_password_is_asked_for_twice_and_never_shown(run: Run, tmp_path: Path) -> None:
    made = run("create", "ann@example.com", typed=f"{RIGHT}\n{RIGHT}\n")
    assert made.exit_code == 0, made.output
    assert RIGHT not in made.output
    assert matches(stored(tmp_path)[0], RIGHT)


def test_what_will_not_do_is_told_at_once(run: Run, tmp_path: Path) -> None:
    bad = run("create", "nobody", "--password-stdin", typed="password\n")
    assert bad.exit_code == 2
    assert "many people use" in bad.output
    assert "is not an e-mail address" in bad.output
    create(run, "ann@example.com")
    again = run("create", "ANN@example.com", "--password-stdin", typed=f"{RIGHT}\n")
    assert (again.exit_code, len(stored(tmp_path))) == (1, 1)


def test_who_is_locked_out_gets_back_and_every_session_ends(run: Run, tmp_path: Path) -> None:
    create(run, "ann@example.com")

    async def lock(store: Store) -> None:
        [user] = await store.repository(USERS).find({})
        await store.repository(USERS).replace(evolve(user, disabled_at=START, role=Role.USER))
        session = Session(
            id="s",
            user_id=user.id,
            token_id="t",
            token_from=START,
            created_at=START,
            last_used_at=START,
            expires_at=START,
        )
        await store.repository(SESSIONS).add(session)
        await AccountDesk(store, clock=FrozenClock(LATER)).lockout.begin(user.email_key, "6.6.6.6")

    within(tmp_path, lock)
    done = run(
        "reset-password", "ANN@example.com", "--enable", "--admin", "--password-stdin", typed="correct horse 8\n"
    )
    assert done.exit_code == 0, done.output
    [user] = stored(tmp_path)
    assert (user.disabled_at, user.role) == (None, Role.ADMIN)
    assert user.tokens_from is not None
    assert matches(user, "correct horse 8")
    assert within(tmp_path, lambda store: store.repository(SESSIONS).count({})) == 0
    assert within(tmp_path, lambda store: store.repository(ATTEMPTS).count({})) == 1  # of the address, for all accounts


def test_a_disabled_account_stays_disabled_unless_it_is_said(run: Run, tmp_path: Path) -> None:
    create(run, "ann@example.com")

    async def disable(store: Store) -> None:
        [user] = await store.repository(USERS).find({})
        await store.repository(USERS).replace(evolve(user, disabled_at=START))

    within(tmp_path, disable)
    done = run("reset-password", "ann@example.com", "--password-stdin", typed="correct horse 8\n")
    assert "--enable" in done.output
    assert stored(tmp_path)[0].disabled_at == START


def test_an_unknown_account_is_told_before_a_password_is_asked_for(run: Run) -> None:
    create(run, "ann@example.com")
    unknown = run("reset-password", "bob@example.com")
    assert unknown.exit_code == 1
    assert "no account" in unknown.output
    assert "password" not in unknown.output.lower()


def test_the_accounts_are_listed_without_their_hashes(run: Run, tmp_path: Path) -> None:
    create(run, "ann@example.com", "--name", "Ann")
    listed = json.loads(run("list", "--json").stdout)
    assert [(each["email"], each["role"], each["has_password"]) for each in listed] == [
        ("ann@example.com", "admin", True)
    ]
    table = run("list").stdout
    assert "ann@example.com" in table
    assert stored(tmp_path)[0].password_hash not in table + str(listed)


def test_no_store_is_made_by_looking(run: Run, tmp_path: Path) -> None:
    missing = run("list")
    assert missing.exit_code == 1
    assert "no database" in missing.output
    assert not (tmp_path / "data").exists()
    in_memory = run("list", "--store", "memory://")
    assert in_memory.exit_code == 2


def test_what_was_done_is_in_the_audit_log(run: Run, tmp_path: Path) -> None:
    create(run, "ann@example.com")
    run("reset-password", "ann@example.com", "--password-stdin", typed="correct horse 8\n")
    entries: list[AuditEntry] = within(tmp_path, lambda store: store.repository(AUDIT_LOG).find({}, order_by=("at",)))
    assert [(each.action, each.target_name, each.actor_kind.value) for each in entries] == [
        ("user.create", "ann@example.com", "local"),
        ("user.password.reset", "ann@example.com", "local"),
    ]
    assert "correct horse" not in repr(entries)
