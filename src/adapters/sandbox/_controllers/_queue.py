"""Work by object key: asked for many times, done once, now or later, in slices that leave the loop air."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from attrs import define, field

from adapters.sandbox._controllers._clock import Clock, Timer
from adapters.sandbox._status import StatusError

#: How many keys are worked on before other tasks of the loop get their turn.
_SLICE = 40
_FIRST_RETRY, _LAST_RETRY = 1.0, 60.0

_log = logging.getLogger("flowcore.sandbox")


class Key(NamedTuple):
    """Which object which controller is to look at."""

    controller: str
    namespace: str
    name: str


@define
class WorkQueue:
    """The keys to work on.

    Attributes:
        clock: gives the slices their turn and wakes keys that wait.
        workers: what each controller does with a key's namespace and name.
        failures: keys whose last try failed, with the number of tries; they are tried again.
    """

    clock: Clock
    workers: Mapping[str, Callable[[str, str], None]]
    failures: dict[Key, int] = field(init=False, factory=dict)
    _keys: dict[Key, None] = field(init=False, factory=dict)
    _timers: dict[Key, tuple[datetime, Timer]] = field(init=False, factory=dict)
    _turn: Timer | None = field(init=False, default=None)
    _open: bool = field(init=False, default=False)

    def open(self) -> None:
        """Begin to work."""
        self._open = True

    def close(self) -> None:
        """Stop, and forget every key and timer."""
        self._open = False
        for _, timer in self._timers.values():
            timer.cancel()
        if self._turn is not None:
            self._turn.cancel()
        self._turn = None
        self._timers.clear()
        self._keys.clear()

    def add(self, key: Key) -> None:
        """Ask for work on a key soon."""
        if not self._open:
            return
        self._keys[key] = None
        if self._turn is None:
            self._turn = self.clock.call_later(0, self._work)

    def add_after(self, key: Key, delay: float) -> None:
        """Ask for work on a key after a delay in cluster seconds; of several waits the shortest counts."""
        if not self._open:
            return
        due = self.clock.now() + timedelta(seconds=delay)
        waiting = self._timers.get(key)
        if waiting is not None:
            if waiting[0] <= due:
                return
            waiting[1].cancel()
        self._timers[key] = (due, self.clock.call_later(delay, lambda: self._due(key)))

    def _due(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.add(key)

    def _work(self) -> None:
        self._turn = None
        for key in list(self._keys)[:_SLICE]:
            self._keys.pop(key, None)
            self._try(key)
        if self._keys and self._open:
            self._turn = self.clock.call_later(0, self._work)

    def _try(self, key: Key) -> None:
        try:
            self.workers[key.controller](key.namespace, key.name)
        except StatusError as error:
            _log.debug("the %s controller was refused on %s/%s: %s", *key, error)
            self._again(key)
        except Exception:  # noqa: BLE001 - one odd object must not stop the cluster; it is logged and tried again
            _log.exception("the %s controller failed on %s/%s", *key)
            self._again(key)
        else:
            self.failures.pop(key, None)

    def _again(self, key: Key) -> None:
        tries = self.failures[key] = self.failures.get(key, 0) + 1
        self.add_after(key, min(_FIRST_RETRY * 2 ** (tries - 1), _LAST_RETRY))
