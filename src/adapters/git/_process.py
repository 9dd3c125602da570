"""One run of ``git``: by argument list, with an environment made from nothing, bounded, and gone when it is left."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress

from attrs import frozen

from flowcore.errors import LimitExceededError

_CHUNK = 65536
_KEPT_LINES = 50
_LONGEST_LINE = 4096


@frozen
class Outcome:
    """How a run ended.

    Attributes:
        status: exit status; negative for a signal.
        output: all of standard output.
        said: the last lines of standard error; for deciding, never for showing.
    """

    status: int
    output: bytes
    said: str


async def run_git(
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    *,
    seconds: float,
    output_bytes: int,
    on_line: Callable[[str], None] = lambda _line: None,
) -> Outcome:
    """Run to the end, or kill the whole process group: on every error, and when cancelled.

    Raises:
        LimitExceededError: it took too long or printed too much.
    """
    process = await asyncio.create_subprocess_exec(
        *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, stderr=PIPE, env=environment, start_new_session=True
    )
    is_done = False
    try:
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
            output = tasks.create_task(_read_all(process, output_bytes))
            said = tasks.create_task(_read_lines(process, on_line))
        async with asyncio.timeout(seconds):
            status = await process.wait()
        is_done = True
    except TimeoutError:
        raise LimitExceededError(
            f"the Git host took longer than {seconds:g} s; try again, or take a smaller repository",
            code="git.too_slow",
        ) from None
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    finally:
        if not is_done:
            await _kill(process)
    return Outcome(status, output.result(), said.result())


async def _read_all(process: Process, most: int) -> bytes:
    assert process.stdout is not None
    read = bytearray()
    while chunk := await process.stdout.read(_CHUNK):
        read += chunk
        if len(read) > most:
            raise LimitExceededError(
                f"the repository has too many branches, tags or files: their list is longer than {most} bytes",
                code="git.too_large",
            )
    return bytes(read)


async def _read_lines(process: Process, on_line: Callable[[str], None]) -> str:
    """Return the last lines; lines end at a carriage return, too, since that is how progress comes."""
    assert process.stderr is not None
    kept: deque[str] = deque(maxlen=_KEPT_LINES)
    rest = ""
    while chunk := await process.stderr.read(_CHUNK):
        *lines, rest = (rest + chunk.decode(errors="replace")).replace("\r", "\n").split("\n")
        rest = rest[:_LONGEST_LINE]
        for line in lines:
            kept.append(line[:_LONGEST_LINE])
            on_line(line[:_LONGEST_LINE])
    kept.append(rest)
    return "\n".join(kept)


async def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its children (git-remote-https, index-pack) are in its group
    # Who cancels twice leaves no zombie either: the kill is done, and the loop reaps.
    await asyncio.shield(process.wait())
