"""The SQLite store keeps its file private, recognises it, and survives other processes, cancellation and death."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve, frozen

from adapters.sqlite import open_sqlite
from adapters.sqlite._file import APPLICATION, SCHEMA
from flowcore.errors import FlowcoreError, InvalidInputError, UnavailableError
from flowcore.ports.storage import Entity
from tests.backends import NAMED, THINGS, Thing
from tests.doubles import settle

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[3]


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def script(body: str, path: Path, *arguments: str) -> subprocess.Popen[str]:
    """Run *body* in a process of its own; in it ``things`` is a repository on the file and ``argv`` the rest."""
    indented = "\n".join("        " + line for line in body.splitlines())
    program = (
        "import asyncio, sys\nfrom attrs import evolve\nfrom adapters.sqlite import open_sqlite\n"
        "from flowcore.errors import ConflictError\nfrom tests.backends import THINGS, NAMED, Thing\n"
        "argv = sys.argv[2:]\nasync def main():\n    async with open_sqlite(sys.argv[1]) as store:\n"
        f"        things = store.repository(NAMED)\n{indented}\nasyncio.run(main())\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    command = [sys.executable, "-c", program, str(path), *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


# ------------------------------------------------------------------------------------------------ the file


async def test_a_new_file_and_its_new_folders_are_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "one" / "two" / "flowcore.db"

    async with open_sqlite(str(path)) as store:
        await store.repository(THINGS).add(Thing(id="a"))
        modes = {each.name: mode_of(each) for each in path.parent.iterdir()}

    assert modes == {"flowcore.db": 0o600, "flowcore.db-wal": 0o600, "flowcore.db-shm": 0o600}
    assert mode_of(tmp_path / "one") == mode_of(tmp_path / "one" / "two") == 0o700


async def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    os.mkdir(folder, 0o755)
    before = mode_of(folder)

    async with open_sqlite(str(folder / "flowcore.db")):
        pass

    assert mode_of(folder) == before


async def test_a_closed_store_leaves_one_file_that_is_marked_as_ours(tmp_path: Path) -> None:
    path = tmp_path / "flowcore.db"

    async with open_sqlite(str(path)) as store:
        await store.repository(THINGS).add(Thing(id="a"))

    assert names_in(tmp_path) == ["flowcore.db"]
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


async def test_a_file_with_a_newer_layout_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "flowcore.db"
    async with open_sqlite(str(path)):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    connection.close()

    with pytest.raises(InvalidInputError, match=f"layout {SCHEMA + 1}") as refused:
        async with open_sqlite(str(path)):
            pass

    assert refused.value.code == "store.newer"
    assert refused.value.findings[0].fix == "use a newer flowcore"


async def test_the_database_of_another_program_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(InvalidInputError, match="another program") as refused:
        async with open_sqlite(str(path)):
            pass

    assert refused.value.code == "store.foreign"
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be read as a header " * 10)

    with pytest.raises(InvalidInputError, match="not an SQLite database"):
        async with open_sqlite(str(path)):
            pass

    assert path.read_text().startswith("not a database")


async def test_a_path_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    for path in (tmp_path, tmp_path / "file" / "flowcore.db"):
        with pytest.raises(UnavailableError) as refused:
            async with open_sqlite(str(path)):
                pass
        assert str(path) in refused.value.message


async def test_an_empty_path_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        async with open_sqlite(""):
            pass


async def test_a_store_in_memory_needs_no_file(tmp_path: Path) -> None:
    async with open_sqlite(":memory:") as store, open_sqlite(":memory:") as other:
        added = await store.repository(THINGS).add(Thing(id="a"))

        assert await store.repository(THINGS).get("a") == added
        assert await other.repository(THINGS).find({}) == []
    assert names_in(tmp_path) == []


# ------------------------------------------------------------------------------------------------ layout


@frozen(kw_only=True)
class Grown:
    """A thing as a later flowcore may know it."""

    id: str
    name: str = ""
    rank: int = 5
    nick: str | None = None
    revision: int = 0


async def test_a_field_that_comes_later_is_searched_with_its_default_in_old_entities(tmp_path: Path) -> None:
    path = str(tmp_path / "flowcore.db")
    grown = Entity(name=THINGS.name, type=Grown, indexes=(("rank",),), unique=(("nick", "name"),))
    async with open_sqlite(path) as store:
        await store.repository(THINGS).add(Thing(id="a", name="old"))

    async with open_sqlite(path) as store:
        things = store.repository(grown)
        added = await things.add(Grown(id="b", name="new", rank=6))
        assert await things.find({"rank": 5}) == [Grown(id="a", name="old", revision=1)]
        assert await things.find({"rank": (5, 6), "nick": None}, order_by=["-rank"]) == [added, await things.get("a")]


async def test_a_stored_document_that_no_longer_fits_says_so(tmp_path: Path) -> None:
    path = str(tmp_path / "flowcore.db")
    async with open_sqlite(path) as store:
        await store.repository(THINGS).add(Thing(id="a"))
        with sqlite3.connect(path) as connection:
            connection.execute("""UPDATE things SET _document = '{"number": "no"}'""")
        connection.close()

        with pytest.raises(FlowcoreError) as refused:
            await store.repository(THINGS).get("a")

    assert refused.value.code == "things.unreadable"


async def test_searching_by_an_indexed_group_uses_the_index(tmp_path: Path) -> None:
    path = str(tmp_path / "flowcore.db")
    async with open_sqlite(path) as store:
        await store.repository(THINGS).find({})

    with sqlite3.connect(path) as connection:
        plan = connection.execute('EXPLAIN QUERY PLAN SELECT 1 FROM things WHERE 1 AND "number" IN (?)', [1]).fetchall()
    connection.close()
    assert "things__by__number__at" in str(plan)


async def test_expired_entities_are_cleared_away_when_the_file_is_used_again(tmp_path: Path) -> None:
    path = str(tmp_path / "flowcore.db")
    tickets = Entity(name="tickets", type=Thing, expires="at")
    now = datetime.now(UTC)
    async with open_sqlite(path) as store:
        await store.repository(tickets).add(Thing(id="past", at=now - timedelta(seconds=1)))
        await store.repository(tickets).add(Thing(id="future", at=now + timedelta(hours=1)))
        await store.repository(tickets).add(Thing(id="never", at=None))

    async with open_sqlite(path) as store:
        assert [thing.id for thing in await store.repository(tickets).find({})] == ["future", "never"]


# ------------------------------------------------------------------------------------------------ others at the file


async def test_the_database_itself_keeps_what_is_append_only(tmp_path: Path) -> None:
    path, soon = tmp_path / "flowcore.db", datetime.now(UTC) + timedelta(hours=1)
    notes = Entity(name="notes", type=Thing, append_only=True, expires="at")
    async with open_sqlite(str(path)) as store:
        kept = store.repository(notes)
        for id_, at in (("lasts", soon), ("endless", None), ("over", datetime.now(UTC) - timedelta(seconds=1))):
            await kept.add(Thing(id=id_, at=at))
    with closing(sqlite3.connect(path)) as connection:
        for statement in ("UPDATE notes SET name = 'x'", "DELETE FROM notes", "DELETE FROM notes WHERE id = 'lasts'"):
            with pytest.raises(sqlite3.IntegrityError, match="notes is append-only"):
                connection.execute(statement)
        connection.execute("DELETE FROM notes WHERE id = 'over'")
        connection.rollback()

    async with open_sqlite(str(path)) as store:  # opening it again clears away what is over, and nothing else
        assert [thing.id for thing in await store.repository(notes).find({})] == ["endless", "lasts"]


async def test_a_field_that_comes_later_is_added_to_what_is_append_only(tmp_path: Path) -> None:
    path = str(tmp_path / "flowcore.db")
    async with open_sqlite(path) as store:
        await store.repository(Entity(name="notes", type=Thing, append_only=True)).add(Thing(id="a", name="old"))

    async with open_sqlite(path) as store:
        notes = store.repository(Entity(name="notes", type=Grown, append_only=True))
        assert await notes.find({"rank": 5}) == [Grown(id="a", name="old", revision=1)]


async def test_while_another_process_writes_reads_go_on_and_writes_wait(tmp_path: Path) -> None:
    path = str(tmp_path / "flowcore.db")
    async with open_sqlite(path) as store:
        things = store.repository(THINGS)
        stored = await things.add(Thing(id="a"))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        writing = asyncio.create_task(things.replace(evolve(stored, number=1)))
        assert await things.get("a") == stored
        assert await things.find({}) == [stored]
        assert not writing.done()

        other.execute("COMMIT")
        other.close()
        assert await writing == await things.get("a")


async def test_a_caller_cancelled_while_it_waits_leaves_no_transaction_open(tmp_path: Path) -> None:
    path = str(tmp_path / "flowcore.db")
    async with open_sqlite(path) as store:
        things = store.repository(THINGS)
        await things.add(Thing(id="a"))
        other = sqlite3.connect(path, isolation_level=None, timeout=1)
        other.execute("BEGIN IMMEDIATE")
        writing = [asyncio.create_task(things.add(Thing(id=f"t{number}"))) for number in range(5)]
        await things.get("a")

        for task in writing:
            task.cancel()
        await asyncio.gather(*writing, return_exceptions=True)
        other.execute("COMMIT")

        await things.add(Thing(id="after"))
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        other.close()
        # The one that had begun was finished, the ones that had not were dropped.
        assert {thing.id for thing in await things.find({})} <= {"a", "after", "t0"}


async def test_closing_waits_for_writes_that_were_asked_for(tmp_path: Path) -> None:
    path = str(tmp_path / "flowcore.db")
    stack = AsyncExitStack()
    store = await stack.enter_async_context(open_sqlite(path))
    things = store.repository(THINGS)
    await things.count({})
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = [asyncio.create_task(things.add(Thing(id=f"t{number}"))) for number in range(5)]
    await settle()

    closing = asyncio.create_task(stack.aclose())
    await settle()
    other.execute("COMMIT")
    other.close()

    await closing
    await asyncio.gather(*writing)
    async with open_sqlite(path) as store:
        assert await store.repository(THINGS).count({}) == 5


def test_processes_that_open_a_new_file_together_all_get_in(tmp_path: Path) -> None:
    path = tmp_path / "flowcore.db"
    body = "await things.add(Thing(id=argv[0], name=argv[0], number=int(argv[0])))"

    processes = [script(body, path, str(number)) for number in range(4)]

    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0] * 4
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM named_things").fetchone() == (4,)
    connection.close()


INCREMENT = """
for step in range(50):
    while True:
        read = await things.get("shared")
        try:
            await things.replace(evolve(read, number=read.number + 1))
        except ConflictError:
            continue
        break
"""


async def test_two_processes_that_change_one_entity_lose_no_change(tmp_path: Path) -> None:
    path = tmp_path / "flowcore.db"
    async with open_sqlite(str(path)) as store:
        things = store.repository(NAMED)
        await things.add(Thing(id="shared"))

        processes = [script(INCREMENT, path) for _ in range(2)]
        for process in processes:
            await asyncio.to_thread(process.communicate, timeout=60)

        assert [process.returncode for process in processes] == [0, 0]
        assert (await things.get("shared")).number == 100


ENDLESS = """
number = 0
while True:
    number += 1
    await things.add(Thing(id=f"t{number}", name=f"t{number}", number=number))
    print(number, flush=True)
"""


async def test_what_was_stored_is_there_after_the_process_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "flowcore.db"
    process = script(ENDLESS, path)
    assert process.stdout is not None

    acknowledged = [int(process.stdout.readline()) for _ in range(200)]
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)

    async with open_sqlite(str(path)) as store:
        kept = {thing.number for thing in await store.repository(NAMED).find({})}
        assert kept >= set(acknowledged)
        await store.repository(NAMED).add(Thing(id="after", name="after", number=-1))
