"""The keyring file: readable by its owner only, changed as a whole, and perhaps wrapped by a key kept elsewhere."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import stat
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from attrs import define, field

from adapters.security._keyring import Keyring
from flowcore.errors import ConflictError, FlowcoreError, InvalidInputError, NotFoundError, UnavailableError
from flowcore.ports.security import KeyWrapper

#: What tells one content of the file from another without reading it.
_Mark: TypeAlias = tuple[int, int, int]


@define
class KeyringFile:
    """A ``KeySource`` that can be written.

    Attributes:
        path: of the file.
        wrapper: wraps what is written; None writes the keys as they are.
    """

    path: Path
    wrapper: KeyWrapper | None = None
    _seen: _Mark | None = field(default=None, init=False)
    _kept: Keyring | None = field(default=None, init=False, repr=False)

    @property
    def name(self) -> str:
        """The file, for messages."""
        return f"the file {self.path}"

    async def read(self) -> Keyring | None:
        """Return the keyring; None when there is no file.

        Raises:
            InvalidInputError: others may read or its group may write the file, its content is not a keyring, or it is
                wrapped and nothing can unwrap it.
            UnavailableError: the file cannot be read, or not be unwrapped now.
        """
        with self._told():
            try:
                text, mark = _read(self.path)
            except FileNotFoundError:
                return None
        wrapped = _wrapped(text)
        if wrapped is not None:
            if self.wrapper is None:
                raise InvalidInputError.of(
                    f"the keyring {self.path} is wrapped",
                    rule="keyring-wrapped",
                    code="keyring.wrapped",
                    fix="set FLOWCORE_KEY_UNWRAP_COMMAND and FLOWCORE_KEY_WRAP_COMMAND",
                )
            text = (await self.wrapper.unwrap(wrapped)).decode("utf-8", "replace")
        self._kept, self._seen = Keyring.of(text, self.name), mark
        return self._kept

    def newest(self) -> Keyring:
        """Return the keyring of the file as it is now, or as it was when it could last be read.

        Keys that another process adds are there at once: with them it may already have sealed what is read next.
        Asking costs one look at the file's date. What is wrapped is read anew by ``read`` only.
        """
        with suppress(OSError, FlowcoreError):
            if _mark(os.stat(self.path)) != self._seen:
                text, mark = _read(self.path)
                if _wrapped(text) is None:
                    self._kept, self._seen = Keyring.of(text, self.name), mark
        if self._kept is None:
            raise UnavailableError(f"the keyring {self.path} has not been read", code="keyring.unavailable")
        return self._kept

    async def create(self, keyring: Keyring) -> bool:
        """Write the file, in a folder that is made if need be; False when there is one, which stays as it is.

        Raises:
            UnavailableError: it cannot be written.
        """
        content = await self._content(keyring)
        with self._told():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Written whole under another name first: a second process that starts now sees all of it or nothing.
            with _draft(self.path, content) as draft:
                try:
                    os.link(draft, self.path)
                except FileExistsError:
                    return False
            _settle(self.path.parent)
        return True

    async def change(self, make: Callable[[Keyring], Keyring]) -> Keyring:
        """Replace the keyring by what *make* makes of it; others who change it at the same time wait.

        Raises:
            NotFoundError: there is no keyring.
            ConflictError: somebody changed the file by other means meanwhile.
            InvalidInputError, UnavailableError: as for ``read``.
        """
        with self._told():
            async with _locked(self.path.parent):
                keyring = await self.read()
                if keyring is None:
                    raise NotFoundError(f"there is no keyring {self.path}", code="keyring.missing")
                changed = make(keyring)
                content = await self._content(changed)
                mode = stat.S_IMODE(os.stat(self.path).st_mode)
                with _draft(self.path, content, mode) as draft:
                    if _mark(os.stat(self.path)) != self._seen:
                        text = f"the keyring {self.path} was changed meanwhile; try again"
                        raise ConflictError(text, code="keyring.stale")
                    os.replace(draft, self.path)
                _settle(self.path.parent)
                await self.read()
        return changed

    async def _content(self, keyring: Keyring) -> str:
        text = keyring.text()
        if self.wrapper is None:
            return text
        wrapped = b64encode(await self.wrapper.wrap(text.encode())).decode("ascii")
        return json.dumps({"wrapped": wrapped}) + "\n"

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            text = f"the keyring {self.path} cannot be opened: {error.strerror}"
            raise UnavailableError(text, code="keyring.unavailable") from None


def _read(path: Path) -> tuple[str, _Mark]:
    with path.open(encoding="utf-8", errors="replace") as file:
        status = os.fstat(file.fileno())
        mode = stat.S_IMODE(status.st_mode)
        if mode & (stat.S_IRWXO | stat.S_IWGRP):
            raise InvalidInputError.of(
                f"the keyring {path} is open to others (mode {mode:04o})",
                rule="keyring-open",
                code="keyring.open",
                fix=f"chmod 600 {path}",
            )
        return file.read(), _mark(status)


def _mark(status: os.stat_result) -> _Mark:
    return status.st_mtime_ns, status.st_ino, status.st_size


def _wrapped(text: str) -> bytes | None:
    """Return what is wrapped in the file's text; None when it is a plain keyring, or nothing of ours."""
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        document = json.loads(text)
        if isinstance(document, dict):
            return b64decode(document["wrapped"], validate=True)
    return None


@contextmanager
def _draft(path: Path, content: str, mode: int = 0o600) -> Iterator[Path]:
    """Yield a file of this content beside the path, written to the disk; it is gone afterwards unless it was moved."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Write to the disk that the folder has another entry."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@asynccontextmanager
async def _locked(folder: Path) -> AsyncIterator[None]:
    """Hold the folder; the lock leaves no file behind, and ends with the process."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        await asyncio.to_thread(fcntl.flock, descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
