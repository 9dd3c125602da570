"""Events: what happened to an object, counted when it happens again, forgotten after an hour."""

from __future__ import annotations

import logging
from collections import deque
from datetime import UTC, datetime, timedelta

from attrs import define, field

from adapters.sandbox._controllers._clock import Clock
from adapters.sandbox._controllers._objects import metadata, moment_of, name_of, namespace_of, stamp, uid_of
from adapters.sandbox._controllers._seams import Store
from adapters.sandbox._status import StatusError
from flowcore.model import Manifest

#: Name of the only node.
NODE = "flowcore-sandbox"

_log = logging.getLogger("flowcore.sandbox")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEPT_FOR = timedelta(hours=1)


@define
class Recorder:
    """Writes events."""

    store: Store
    clock: Clock
    _names: dict[tuple[str, ...], str] = field(init=False, factory=dict)
    _last: int = field(init=False, default=0)
    _age: deque[tuple[datetime, tuple[str, ...], str]] = field(init=False, factory=deque)

    def normal(self, obj: Manifest, reason: str, message: str, component: str, path: str = "") -> None:
        """Record what went as it should."""
        self._record(obj, "Normal", reason, message, component, path)

    def warning(self, obj: Manifest, reason: str, message: str, component: str, path: str = "") -> None:
        """Record what went wrong."""
        self._record(obj, "Warning", reason, message, component, path)

    def _record(self, obj: Manifest, kind: str, reason: str, message: str, component: str, path: str) -> None:
        now = self.clock.now()
        self._expire(now)
        namespace = namespace_of(obj) or "default"
        series = (namespace, obj["kind"], name_of(obj), uid_of(obj), kind, reason, message, path)
        name = self._names.get(series)
        known = self.store.get("v1", "Event", namespace, name) if name else None
        if known is not None:
            self.store.update({**known, "count": int(known.get("count") or 1) + 1, "lastTimestamp": stamp(now)})
            return
        self._last = max(self._last + 1, (now - _EPOCH) // timedelta(microseconds=1) * 1000)
        name = f"{name_of(obj)}.{self._last:x}"  # names rise with time, so that lists are in order
        try:
            self.store.create(_event(obj, name, namespace, kind, reason, message, component, path, stamp(now)))
        except StatusError as error:  # its namespace is going away: nobody will read it
            _log.debug("the event %s was refused: %s", reason, error)
            return
        self._names[series] = name
        self._age.append((now, series, name))

    def _expire(self, now: datetime) -> None:
        while self._age and now - self._age[0][0] > _KEPT_FOR:
            _, series, name = self._age.popleft()
            known = self.store.get("v1", "Event", series[0], name)
            last = moment_of(known.get("lastTimestamp")) if known else None
            if last is not None and now - last <= _KEPT_FOR:
                self._age.append((last, series, name))
                continue
            self._names.pop(series, None)
            if known is not None:
                self.store.delete("v1", "Event", series[0], name)


def _event(
    obj: Manifest, name: str, namespace: str, kind: str, reason: str, message: str, component: str, path: str, now: str
) -> Manifest:
    involved = {
        "kind": obj["kind"],
        "namespace": namespace_of(obj),
        "name": name_of(obj),
        "uid": uid_of(obj),
        "apiVersion": obj["apiVersion"],
        "resourceVersion": metadata(obj).get("resourceVersion", ""),
        "fieldPath": path,
    }
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": {key: value for key, value in involved.items() if value},
        "reason": reason,
        "message": message,
        "source": {"component": component, **({"host": NODE} if component == "kubelet" else {})},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "type": kind,
        "eventTime": None,
        "reportingComponent": component,
        "reportingInstance": NODE if component == "kubelet" else "",
    }
