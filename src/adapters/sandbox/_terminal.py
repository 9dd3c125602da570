"""The near end of a terminal: bytes become lines, with echo, erasing, Ctrl-C and Ctrl-D."""

from __future__ import annotations

import asyncio
import codecs
import re
from collections import deque

from attrs import define, field

#: Bytes of input that wait to be read before more is dropped.
_ROOM = 1024 * 1024
_ESCAPE = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|O.|.)?")
_ERASE, _KILL, _INTERRUPT, _END = ("\x7f", "\b"), "\x15", "\x03", "\x04"


class EndOfInput:
    """Stands where the input ends."""


@define
class Terminal:
    """The input of a command.

    Attributes:
        echoes: whether it is a terminal, which echoes and edits; else bytes are only split into lines.
    """

    echoes: bool = False
    _decoder: codecs.IncrementalDecoder = field(init=False)
    _lines: deque[str | EndOfInput] = field(init=False, factory=deque)
    _current: str = field(init=False, default="")
    _echo: list[str] = field(init=False, factory=list)
    _waiting: int = field(init=False, default=0)
    _is_interrupted: bool = field(init=False, default=False)
    _has_ended: bool = field(init=False, default=False)
    _news: asyncio.Event = field(init=False, factory=asyncio.Event)

    def __attrs_post_init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def feed(self, data: bytes) -> None:
        """Take what the user typed; what nobody reads for long is dropped."""
        if self._has_ended or self._waiting + len(data) > _ROOM:
            return
        text = self._decoder.decode(data)
        if self.echoes:
            for sign in _ESCAPE.sub("", text):
                self._key(sign)
        else:
            *whole, self._current = (self._current + text).split("\n")
            for line in whole:
                self._put(line + "\n")
        self._news.set()

    def end(self) -> None:
        """Take no more; what was typed is still read."""
        if not self._has_ended:
            if self._current:
                self._put(self._current)
                self._current = ""
            self._has_ended = True
            self._lines.append(EndOfInput())
        self._news.set()

    def wake(self) -> None:
        """Let whoever waits look again."""
        self._news.set()

    async def wait(self) -> None:
        """Wait until something happened."""
        await self._news.wait()
        self._news.clear()

    def take_line(self) -> str | EndOfInput | None:
        """Return the next line with its end; None when there is none yet."""
        if not self._lines:
            return None
        if self._has_ended and len(self._lines) == 1:
            return self._lines[0]  # the end stays the end however often one reads
        line = self._lines.popleft()
        if isinstance(line, str):
            self._waiting -= len(line)
        return line

    def take_interrupt(self) -> bool:
        """Say whether Ctrl-C was pressed since the last time."""
        pressed, self._is_interrupted = self._is_interrupted, False
        return pressed

    def take_echo(self) -> str:
        """Return what is to be shown of what was typed."""
        echo, self._echo = "".join(self._echo), []
        return echo

    def _put(self, line: str) -> None:
        self._waiting += len(line)
        self._lines.append(line)

    def _key(self, sign: str) -> None:
        if sign in ("\r", "\n"):
            self._echo.append("\r\n")
            self._put(self._current + "\n")
            self._current = ""
        elif sign in _ERASE:
            if self._current:
                self._current = self._current[:-1]
                self._echo.append("\b \b")
        elif sign == _KILL:
            self._echo.append("\b \b" * len(self._current))
            self._current = ""
        elif sign == _INTERRUPT:
            self._echo.append("^C\r\n")
            self._current, self._is_interrupted = "", True
        elif sign == _END:
            if not self._current:
                self._lines.append(EndOfInput())
        elif sign >= " " or sign == "\t":
            self._current += sign
            self._echo.append(sign)
