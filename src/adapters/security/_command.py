"""Keys from a command: one run by argument list, without a shell, bounded, and gone when it is left."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from flowcore.errors import UnavailableError

#: Seconds that a command may take, and bytes that it may print.
PATIENCE, LARGEST = 30.0, 256 * 1024


@frozen
class Command:
    """A command that is given by the one who runs the service.

    What it writes to standard error is not shown, since it may quote keys. It gets this process's environment, which
    such commands are set up by, but nothing of flowcore's own in it.

    Attributes:
        words: the program and its arguments; arguments are in no message.
        variable: the setting that names it, for messages.
        seconds: that it may take.
    """

    words: Sequence[str]
    variable: str
    seconds: float = PATIENCE

    async def run(self, given: bytes = b"") -> bytes:
        """Run it to the end with *given* on its standard input and return what it printed.

        Raises:
            UnavailableError: it cannot be started, fails, takes too long, or prints too much or nothing.
        """
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FLOWCORE_")}
        try:
            process = await asyncio.create_subprocess_exec(
                *self.words, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, start_new_session=True
            )
        except (OSError, ValueError) as error:
            raise self._failed(f"it cannot be started: {getattr(error, 'strerror', None) or 'unusable'}") from None
        try:
            async with asyncio.timeout(self.seconds):
                printed = await _talk(process, given)
                status = await process.wait()
        except TimeoutError:
            raise self._failed(f"it took longer than {self.seconds:g} s") from None
        finally:
            await _end(process)
        if len(printed) > LARGEST:
            raise self._failed(f"it printed more than {LARGEST} bytes")
        if status != 0:
            raise self._failed(f"it ended with status {status}")
        if not printed:
            raise self._failed("it printed nothing")
        return printed

    def _failed(self, why: str) -> UnavailableError:
        text = f"the command of {self.variable} ({Path(self.words[0]).name}) gave no keys: {why}"
        return UnavailableError(f"{text}; run it by hand to see more", code="keyring.command")


@frozen
class CommandWrapper:
    """A ``KeyWrapper`` of two commands, which read standard input and write standard output.

    Like ``age -r RECIPIENT`` and ``age -d -i FILE``, or a script around the tool of a cloud's key management.
    """

    wrapping: Command
    unwrapping: Command

    async def wrap(self, keys: bytes) -> bytes:
        """Return *keys* wrapped; see the port."""
        return await self.wrapping.run(keys)

    async def unwrap(self, wrapped: bytes) -> bytes:
        """Return the keys; see the port."""
        return await self.unwrapping.run(wrapped)


async def _talk(process: Process, given: bytes) -> bytes:
    """Feed the process while reading from it, so that neither waits for the other; one byte too many ends it."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_feed(process, given))
        reading = tasks.create_task(_read(process))
    return reading.result()


async def _feed(process: Process, given: bytes) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(given)
        await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()


async def _read(process: Process) -> bytes:
    assert process.stdout is not None
    printed = bytearray()
    while len(printed) <= LARGEST and (chunk := await process.stdout.read(65536)):
        printed += chunk
    if len(printed) > LARGEST:
        _kill(process)
    return bytes(printed)


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


async def _end(process: Process) -> None:
    if process.returncode is None:
        _kill(process)
    # Who cancels twice leaves no zombie either: the kill is done, and the loop reaps.
    await asyncio.shield(process.wait())
