"""Secrets at rest: what is sealed with which key, and sealing it anew with the current one."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

from attrs import define, evolve, field, frozen

from flowcore.errors import InvalidInputError, NotFoundError
from flowcore.ports.sealed import SEALED_FIELDS, SealedField
from flowcore.ports.security import SecretCipher
from flowcore.ports.storage import Between, Store
from flowcore.usecases._changing import change


@frozen(kw_only=True)
class Unreadable:
    """A sealed text that cannot be opened.

    Attributes:
        place: the kind of record and its id.
        key_id: what it says it was sealed with; empty when it is no sealed text.
        why: for people.
        fix: what to do.
    """

    place: str
    key_id: str
    why: str
    fix: str


@frozen(kw_only=True)
class SealedRecords:
    """What is sealed in a store.

    Attributes:
        by_key: how many records each key sealed, by its id; those that name no key are under the empty id.
        unreadable: those that cannot be opened, whatever the key.
    """

    by_key: Mapping[str, int]
    unreadable: tuple[Unreadable, ...] = ()


@frozen(kw_only=True)
class Resealed:
    """What sealing anew has done.

    Attributes:
        sealed: how many records are sealed with the current key now and were not before.
        current: how many were already.
        unreadable: those that stay as they are, since they cannot be opened.
    """

    sealed: int
    current: int
    unreadable: tuple[Unreadable, ...]


@frozen(kw_only=True)
class Reseal:
    """Seal every secret of a store with the current key.

    It may be broken off and begun again at any time, and run beside the service: a record is replaced only in the
    state that it was read in, and one that is gone or was sealed anew meanwhile is left alone. One that cannot be
    opened stops nothing.

    Attributes:
        batch: how many records are read at a time.
    """

    store: Store
    cipher: SecretCipher
    batch: int = 100

    async def __call__(self) -> Resealed:
        """Seal what another key has sealed, and say what was done.

        Raises:
            UnavailableError: the store does not answer; what was done so far is kept.
        """
        done = _Done()
        for where in SEALED_FIELDS:
            async for record in self._records(where):
                await self._seal(where, record, done)
        return Resealed(sealed=done.sealed, current=done.current, unreadable=tuple(done.unreadable))

    async def look(self) -> SealedRecords:
        """Open every sealed text, forget what is in it, and say which key sealed how many; nothing is changed.

        Raises:
            UnavailableError: the store does not answer.
        """
        by_key: Counter[str] = Counter()
        unreadable = []
        for where in SEALED_FIELDS:
            async for record in self._records(where):
                sealed = getattr(record, where.name)
                by_key[self.cipher.key_of(sealed)] += 1
                try:
                    self.cipher.decrypt(sealed, context=where.context(record.id))
                except InvalidInputError as error:
                    unreadable.append(self._unreadable(where, record, error))
        return SealedRecords(by_key=dict(by_key), unreadable=tuple(unreadable))

    async def _records(self, where: SealedField[Any]) -> AsyncIterator[Any]:
        """Yield the records that hold something sealed, by id, a batch at a time."""
        repository, last = self.store.repository(where.entity), ""
        while True:
            condition = {"id": Between(low=last)} if last else {}
            found = await repository.find(condition, order_by=("id",), limit=self.batch + 1)
            fresh = [record for record in found if record.id != last]
            for record in fresh:
                if getattr(record, where.name):
                    yield record
            if not fresh:
                return
            last = fresh[-1].id

    async def _seal(self, where: SealedField[Any], record: Any, done: _Done) -> None:
        if self.cipher.is_current(getattr(record, where.name)):
            done.current += 1
            return
        try:
            stored = await change(
                self.store.repository(where.entity), record.id, lambda newest: self._sealed(where, newest)
            )
        except InvalidInputError as error:
            done.unreadable.append(self._unreadable(where, record, error))
        except NotFoundError:
            return
        else:
            done.sealed += bool(getattr(stored, where.name))

    def _sealed(self, where: SealedField[Any], record: Any) -> Any:
        sealed, context = getattr(record, where.name), where.context(record.id)
        if not sealed or self.cipher.is_current(sealed):
            return record
        text = self.cipher.decrypt(sealed, context=context)
        return evolve(record, **{where.name: self.cipher.encrypt(text, context=context)})

    def _unreadable(self, where: SealedField[Any], record: Any, error: InvalidInputError) -> Unreadable:
        key_id = self.cipher.key_of(getattr(record, where.name))
        place = f"{where.entity.name}/{record.id}"
        return Unreadable(place=place, key_id=key_id, why=error.message, fix=error.findings[0].fix)


@define
class _Done:
    sealed: int = 0
    current: int = 0
    unreadable: list[Unreadable] = field(factory=list)
