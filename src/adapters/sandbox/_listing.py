"""Lists: selected, ordered, in consistent chunks, at the version that was asked for."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from attrs import frozen

from adapters.sandbox._http import Request
from adapters.sandbox._routes import Target
from adapters.sandbox._selectors import selects
from adapters.sandbox._status import Cause, Object, StatusError, bad_request, expired, future_version, invalid
from adapters.sandbox._store import Store

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You must start a new list "
    "without the continue parameter."
)


@frozen
class Chunk:
    """Some objects of a list, and the metadata that leads to the rest."""

    items: list[Object]
    metadata: Object


def list_objects(store: Store, target: Target, request: Request) -> Chunk:
    """The objects that a list request selects. Raises StatusError 400, 410 (expired) or 504 (future version)."""
    limit = request.whole_number("limit") or 0
    revision, start = _position(store, request)
    chosen = _chosen(store, target, request, revision)
    if start:
        chosen = [obj for obj in chosen if _sort_key(obj) > start]
    metadata: Object = {"resourceVersion": str(revision)}
    if limit and len(chosen) > limit:
        rest = len(chosen) - limit
        chosen = chosen[:limit]
        metadata["continue"] = _token(revision, _sort_key(chosen[-1]))
        if not request.query.get("labelSelector") and not request.query.get("fieldSelector"):
            metadata["remainingItemCount"] = rest
    return Chunk(chosen, metadata)


def _chosen(store: Store, target: Target, request: Request, revision: int) -> list[Object]:
    matches = selects(request.query.get("labelSelector", ""), request.query.get("fieldSelector", ""), target.resource)
    try:
        objects = store.collection(target.resource).at(revision)
    except StatusError:
        raise expired(_TOO_OLD if request.query.get("continue") else f"too old resource version: {revision}") from None
    namespace = target.namespace
    chosen = [
        obj
        for place, obj in objects.items()
        if (not namespace or place[0] == namespace) and (matches is None or matches(obj))
    ]
    return sorted(chosen, key=_sort_key)


def _position(store: Store, request: Request) -> tuple[int, tuple[str, str] | None]:
    token = request.query.get("continue", "")
    version = request.query.get("resourceVersion", "")
    match = request.query.get("resourceVersionMatch", "")
    if token:
        if version not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        return _from_token(token)
    if match and not version:
        text = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
        raise invalid("ListOptions", "meta.k8s.io", "", [Cause("FieldValueForbidden", text, "resourceVersionMatch")])
    asked = resource_version(version)
    if asked > store.revision:
        raise future_version(asked, store.revision)
    return (asked if match == "Exact" else store.revision), None


def resource_version(text: str) -> int:
    """The number of a resourceVersion, 0 for none. Raises StatusError 400."""
    if text and not text.isdigit():
        cause = Cause(
            "FieldValueInvalid", f'Invalid value: "{text}": strconv.ParseUint: invalid syntax', "resourceVersion"
        )
        raise invalid("ListOptions", "meta.k8s.io", "", [cause])
    return int(text or 0)


def _sort_key(obj: Object) -> tuple[str, str]:
    metadata = obj["metadata"]
    return (metadata.get("namespace", ""), metadata["name"])


def _token(revision: int, start: tuple[str, str]) -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start})
    return base64.urlsafe_b64encode(text.encode()).decode()


def _from_token(token: str) -> tuple[int, tuple[str, str]]:
    try:
        parsed: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token))
        namespace, name = parsed["start"]
        return int(parsed["rv"]), (str(namespace), str(name))
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise bad_request("continue key is not valid: illegal token") from None
