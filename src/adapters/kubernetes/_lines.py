"""Lines out of a stream of bytes, however long they are and however they are cut."""

from __future__ import annotations

from collections.abc import AsyncIterator

from attrs import define, field


class LineTooLongError(ValueError):
    """A line is longer than its reader accepts."""


@define
class Lines(AsyncIterator[bytes]):
    """Complete lines without their line ends; a class, so that leaving it half-read leaves nothing to clean up.

    Attributes:
        chunks: where the bytes come from.
        longest: bytes of the longest line; a longer one is cut into pieces or refused.
        is_cutting: cut longer lines instead of raising ``LineTooLongError``.
        keeps_rest: give what follows the last line end too; it may be half a line.
    """

    chunks: AsyncIterator[bytes]
    longest: int = field(kw_only=True)
    is_cutting: bool = field(default=False, kw_only=True)
    keeps_rest: bool = field(default=False, kw_only=True)
    _ready: list[bytes] = field(init=False, factory=list)
    _rest: bytearray = field(init=False, factory=bytearray)

    async def __anext__(self) -> bytes:
        while not self._ready:
            chunk = await anext(self.chunks, None)
            if chunk is None:
                return self._last()
            self._take(chunk)
        return self._ready.pop()

    def _take(self, chunk: bytes) -> None:
        head, end, tail = chunk.rpartition(b"\n")
        if not end:
            self._rest += chunk
        else:
            self._rest += head
            lines = bytes(self._rest).split(b"\n")
            self._rest = bytearray(tail)
            self._ready = [piece for line in reversed(lines) for piece in self._pieces(line)]
        if len(self._rest) > self.longest:
            self._overflow()

    def _pieces(self, line: bytes) -> list[bytes]:
        line = line.removesuffix(b"\r")
        if len(line) <= self.longest:
            return [line]
        if not self.is_cutting:
            raise LineTooLongError(len(line))
        starts = range(0, len(line), self.longest)
        return [line[start : start + self.longest] for start in reversed(starts)]

    def _overflow(self) -> None:
        if not self.is_cutting:
            raise LineTooLongError(len(self._rest))
        whole = len(self._rest) // self.longest * self.longest
        self._ready[:0] = self._pieces(bytes(self._rest[:whole]))
        del self._rest[:whole]

    def _last(self) -> bytes:
        if not (self._rest and self.keeps_rest):
            raise StopAsyncIteration
        self._ready = self._pieces(bytes(self._rest))
        self._rest.clear()
        return self._ready.pop()
