"""What an apply did: told from its own answer, so that it costs no request more."""

from __future__ import annotations

import json
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any

from attrs import define, evolve, field, frozen

from adapters.kubernetes._transport import Answer
from flowcore.model import Manifest
from flowcore.ports.cluster import Operation

FIELD_MANAGER = "flowcore"

#: What marks our own entry in ``managedFields``.
_OURS = {"manager": FIELD_MANAGER, "operation": "Apply"}

#: Seconds between our mark and the request from which on the mark is from an earlier apply. Both have whole seconds.
_SETTLED = 2.0


@frozen
class Seen:
    """What was last known of an object.

    Attributes:
        version: its resource version.
        marked_at: when an apply of ours last changed it.
        applied: digest of what this connection last applied to it, empty when it did not.
    """

    version: str
    marked_at: float = 0.0
    applied: bytes = b""


@define(eq=False)
class Judge:
    """Tells created, configured and unchanged apart.

    The server says 201 for a new object. An apply that changes nothing is not written, so the object keeps its
    resource version; but others (controllers above all) write too, so a version that differs from the last one we saw
    proves nothing. What proves it is the time in our own ``managedFields`` entry: the server renews it exactly when an
    apply changes something. Only inside its resolution of a second it cannot; there, what is applied is compared with
    what this connection applied before. A GET beforehand would cost a request more and be less sure.

    Attributes:
        limit: objects that are remembered; the one not seen for longest is forgotten.
    """

    limit: int = 4096
    _seen: OrderedDict[str, Seen] = field(factory=OrderedDict, init=False)

    def saw(self, path: str, live: Manifest) -> None:
        """Remember an object as it was read."""
        before = self._seen.get(path, Seen(""))
        self._remember(path, evolve(before, version=_version(live)))

    def applied(self, path: str, manifest: Manifest, live: Manifest) -> None:
        """Remember what was applied and came of it."""
        self._remember(path, Seen(_version(live), _marked_at(live), _digest(manifest)))

    def forget(self, path: str) -> None:
        """Remember nothing of an object that is gone."""
        self._seen.pop(path, None)

    def judge(self, path: str, manifest: Manifest, answer: Answer, *, dry_run: bool) -> Operation:
        """Return what the apply with this answer did; ask before telling that it was applied."""
        if answer.status == 201:
            return Operation.CREATED
        live, seen = answer.body, self._seen.get(path, Seen(""))
        # A dry run answers with the version of the stored object whatever it would change.
        if seen.version == _version(live) and not dry_run:
            return Operation.UNCHANGED
        marked_at = _marked_at(live)
        if 0 < marked_at <= answer.asked_at - _SETTLED:
            return Operation.UNCHANGED
        if marked_at == seen.marked_at and seen.applied == _digest(manifest):
            return Operation.UNCHANGED
        return Operation.CONFIGURED

    def _remember(self, path: str, seen: Seen) -> None:
        self._seen[path] = seen
        self._seen.move_to_end(path)
        if len(self._seen) > self.limit:
            self._seen.popitem(last=False)


def secrets_of(manifest: Manifest) -> tuple[str, ...]:
    """Return every spelling of a Secret's values that an answer could quote; nothing for other kinds."""
    if manifest.get("kind") != "Secret":
        return ()
    plain = [*_texts(manifest.get("stringData")), *_texts(manifest.get("data"))]
    decoded = [text for value in _texts(manifest.get("data")) for text in _decoded(value)]
    return tuple({spelling for text in plain + decoded for spelling in (text, json.dumps(text)[1:-1]) if spelling})


def _texts(values: object) -> Iterable[str]:
    return [value for value in values.values() if isinstance(value, str)] if isinstance(values, dict) else []


def _decoded(value: str) -> Iterable[str]:
    try:
        return [b64decode(value, validate=True).decode()]
    except ValueError:
        return []


def _version(live: Manifest) -> str:
    return str(_metadata(live).get("resourceVersion", ""))


def _marked_at(live: Manifest) -> float:
    """Return when our apply last changed the object, in seconds since 1970; 0 when the server does not say."""
    entries = _metadata(live).get("managedFields")
    moments = [
        _moment(entry.get("time"))
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and _OURS.items() <= entry.items() and not entry.get("subresource")
    ]
    return max(moments, default=0.0)


def _metadata(live: Manifest) -> Mapping[str, Any]:
    metadata = live.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _moment(text: object) -> float:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0


def _digest(manifest: Manifest) -> bytes:
    return blake2b(json.dumps(manifest, sort_keys=True).encode(), digest_size=16).digest()
