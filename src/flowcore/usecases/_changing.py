"""Change a stored entity so that nothing another caller stored in between is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from flowcore.errors import ConflictError
from flowcore.ports.storage import Repository


class _Stored(Protocol):
    @property
    def id(self) -> str: ...


E = TypeVar("E", bound=_Stored)

#: Tries before a caller that always loses against others gives up.
_TRIES = 100


async def change(repository: Repository[E], entity_id: str, make: Callable[[E], E]) -> E:
    """Store what *make* makes of the newest state, again and again until nobody was faster, and return it.

    *make* may raise to leave everything as it is; when it returns its argument unchanged, nothing is written.

    Raises:
        NotFoundError: there is no such entity.
        ConflictError: a unique group is taken, or others were faster too often.
    """
    for _ in range(_TRIES):
        current = await repository.get(entity_id)
        changed = make(current)
        if changed == current:
            return current
        try:
            return await repository.replace(changed)
        except ConflictError as error:
            if not error.code.endswith(".stale"):
                raise
    raise ConflictError("too many others change it at the same time", code="conflict.busy")
