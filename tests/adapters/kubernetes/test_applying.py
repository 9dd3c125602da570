"""What an apply did, told from its answer; and lines out of bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.kubernetes._applying import Judge
from adapters.kubernetes._backoff import Backoff
from adapters.kubernetes._lines import Lines, LineTooLongError
from adapters.kubernetes._transport import Answer
from flowcore.ports.cluster import Operation

pytestmark = pytest.mark.anyio

PATH = "/api/v1/namespaces/default/configmaps/a"
NOW = datetime(2030, 1, 1, 12, 0, 30, tzinfo=UTC)
HEADERS = {"Date": format_datetime(NOW, usegmt=True)}


def a_map(color: str = "blue") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"color": color}}


def live(version: str, *, color: str = "blue", marked: int | None = None) -> dict[str, Any]:
    """An object whose field manager entry of ours is *marked* seconds old."""
    entries = [{"manager": "kubectl", "operation": "Update", "time": "2030-01-01T12:00:30Z"}]
    if marked is not None:
        time = f"2030-01-01T12:00:{30 - marked:02}Z"
        entries.append(
            {"manager": "flowcore", "operation": "Apply", "subresource": "status", "time": "2030-01-01T12:00:30Z"}
        )
        entries.append({"manager": "flowcore", "operation": "Update", "time": "2030-01-01T12:00:30Z"})
        entries.append({"manager": "flowcore", "operation": "Apply", "time": time})
    made = a_map(color)
    return {**made, "metadata": {"name": "a", "resourceVersion": version, "managedFields": entries}}


def judged(
    judge: Judge, answer: dict[str, Any], *, color: str = "blue", status: int = 200, dry_run: bool = False
) -> Operation:
    return judge.judge(PATH, a_map(color), Answer(status, HEADERS, answer), dry_run=dry_run)


def test_201_is_a_new_object() -> None:
    assert judged(Judge(), live("1", marked=0), status=201) is Operation.CREATED


def test_a_known_version_that_stays_is_unchanged() -> None:
    judge = Judge()
    judge.saw(PATH, live("7"))
    assert judged(judge, live("7", marked=0)) is Operation.UNCHANGED
    assert judged(judge, live("8", color="red", marked=0)) is Operation.CONFIGURED


@pytest.mark.parametrize(
    ("marked", "operation"), [(0, "configured"), (1, "configured"), (2, "unchanged"), (29, "unchanged")]
)
def test_an_old_mark_of_ours_says_that_nothing_changed_now(marked: int, operation: str) -> None:
    assert judged(Judge(), live("7", marked=marked)) == operation


def test_a_slow_server_marks_long_before_it_answers() -> None:
    slow = Answer(200, HEADERS, live("7", marked=8), 7.0)
    assert Judge().judge(PATH, a_map(), slow, dry_run=False) is Operation.CONFIGURED


def test_a_version_that_somebody_else_moved_proves_no_change() -> None:
    judge = Judge()
    judge.saw(PATH, live("7"))
    assert judged(judge, live("9", marked=20)) is Operation.UNCHANGED


def test_moments_after_an_apply_what_was_applied_decides() -> None:
    judge = Judge()
    judge.applied(PATH, a_map(), live("7", marked=1))
    judge.saw(PATH, live("8", marked=1))
    assert judged(judge, live("9", marked=1)) is Operation.UNCHANGED
    assert judged(judge, live("9", color="red", marked=0), color="red") is Operation.CONFIGURED
    assert judged(judge, live("9", color="red", marked=1), color="red") is Operation.CONFIGURED
    assert judged(judge, live("9", marked=0)) is Operation.CONFIGURED


def test_a_dry_run_keeps_the_version_whatever_it_would_change() -> None:
    judge = Judge()
    judge.applied(PATH, a_map(), live("7", marked=0))
    assert judged(judge, live("7", color="red", marked=0), color="red", dry_run=True) is Operation.CONFIGURED
    assert judged(judge, live("7", marked=0), dry_run=True) is Operation.UNCHANGED


@pytest.mark.parametrize("time", [None, "", "yesterday", 5])
def test_without_any_sign_it_is_taken_for_a_change(time: Any) -> None:
    strange = live("7")
    strange["metadata"]["managedFields"] = [{"manager": "flowcore", "operation": "Apply", "time": time}]
    assert judged(Judge(), strange) is Operation.CONFIGURED
    undated = Answer(200, {}, live("7", marked=20))
    assert Judge().judge(PATH, a_map(), undated, dry_run=False) is Operation.CONFIGURED


def test_what_is_remembered_is_bounded_and_forgotten_when_it_is_gone() -> None:
    judge = Judge(limit=10)
    for number in range(100):
        judge.saw(f"/{number}", live(str(number)))
    assert list(judge._seen) == [f"/{number}" for number in range(90, 100)]
    judge.forget("/99")
    judge.forget("/1")
    assert len(judge._seen) == 9


async def read(chunks: list[bytes], **settings: Any) -> list[bytes]:
    async def flow() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return [line async for line in Lines(flow(), **settings)]


CUTS = st.lists(st.binary(max_size=6).map(lambda raw: bytes(b"ab\n\r"[byte % 4] for byte in raw)), max_size=20)


@given(chunks=CUTS)
async def test_lines_do_not_depend_on_how_the_bytes_are_cut(chunks: list[bytes]) -> None:
    *whole, rest = b"".join(chunks).split(b"\n")
    expected = [line.removesuffix(b"\r") for line in whole]
    assert await read(chunks, longest=1000) == expected
    with_rest = [*expected, rest.removesuffix(b"\r")] if rest else expected
    assert await read(chunks, longest=1000, keeps_rest=True) == with_rest


@given(chunks=CUTS)
async def test_cutting_long_lines_loses_no_byte(chunks: list[bytes]) -> None:
    plain = [chunk.replace(b"\r", b"c") for chunk in chunks]
    pieces = await read(plain, longest=3, is_cutting=True, keeps_rest=True)
    assert b"".join(pieces) == b"".join(plain).replace(b"\n", b"")
    assert all(len(piece) <= 3 for piece in pieces)


@pytest.mark.parametrize("chunks", [[b"abcdef"], [b"abc", b"def"], [b"abcdef\n"], [b"a\nabcdef\n"]])
async def test_a_line_beyond_the_bound_is_refused(chunks: list[bytes]) -> None:
    with pytest.raises(LineTooLongError):
        await read(chunks, longest=5)


def test_a_wait_is_drawn_below_a_bound_that_doubles_up_to_the_last() -> None:
    highest, half = Backoff(5, 60, lambda: 1.0), Backoff(5, 60, lambda: 0.5)
    assert [highest.next() for _ in range(6)] == [5, 10, 20, 40, 60, 60]
    assert [half.next() for _ in range(3)] == [2.5, 5, 10]
    for _ in range(5000):
        highest.next()
    assert highest.next() == 60
    highest.reset()
    assert highest.next() == 5


def test_a_servers_wish_counts_within_the_bound() -> None:
    assert [Backoff(5, 60, lambda: 0.0).next(wish) for wish in (0, 7, 3600)] == [0, 7, 60]
    assert Backoff(0.2, 5, lambda: 1.0).next(30) == 30
