"""JSON patches (RFC 6902) and JSON merge patches (RFC 7386); the document is never changed in place."""

from __future__ import annotations

import copy
from typing import Any

from adapters.sandbox._status import Cause, StatusError, bad_request, invalid


def merge_patched(document: Any, patch: Any) -> Any:
    """The document after a JSON merge patch: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    out = dict(document) if isinstance(document, dict) else {}
    for name, part in patch.items():
        if part is None:
            out.pop(name, None)
        else:
            out[name] = merge_patched(out.get(name), part)
    return out


def json_patched(document: Any, operations: Any) -> Any:
    """The document after a JSON patch. Raises StatusError 400 (malformed) or 422 (not applicable)."""
    if not isinstance(operations, list):
        raise bad_request("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    out = copy.deepcopy(document)
    for operation in operations:
        if not isinstance(operation, dict) or not isinstance(operation.get("path"), str):
            raise bad_request("error decoding patch: an operation needs op and path")
        out = _applied(out, operation)
    return out


def _applied(document: Any, operation: dict[str, Any]) -> Any:
    name, path = operation.get("op"), _pointer(operation["path"])
    if name == "add":
        return _add(document, path, copy.deepcopy(operation.get("value")))
    if name == "remove":
        _remove(document, path)
        return document
    if name == "replace":
        _read(document, path)
        return _replace(document, path, copy.deepcopy(operation.get("value")))
    if name in ("move", "copy"):
        source = _pointer(str(operation.get("from", "")))
        value = copy.deepcopy(_read(document, source))
        if name == "move":
            _remove(document, source)
        return _add(document, path, value)
    if name == "test":
        if _read(document, path) != operation.get("value"):
            raise _inapplicable(f"testing value {operation['path']} failed: test failed")
        return document
    raise _inapplicable(f"Unexpected kind: {name}")


def _pointer(text: str) -> list[str]:
    if not text:
        return []
    if not text.startswith("/"):
        raise _inapplicable(f"invalid path: {text!r} must start with /")
    return [part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")]


def _step(document: Any, part: str, path: list[str]) -> Any:
    if isinstance(document, dict) and part in document:
        return document[part]
    if isinstance(document, list):
        index = _index(part, len(document) - 1)
        if index is not None:
            return document[index]
    raise _inapplicable(f"path /{'/'.join(path)} does not exist: missing path: missing value")


def _index(part: str, highest: int) -> int | None:
    return int(part) if part.isdigit() and int(part) <= highest else None


def _read(document: Any, path: list[str]) -> Any:
    for part in path:
        document = _step(document, part, path)
    return document


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _read(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        index = len(parent) if last == "-" else _index(last, len(parent))
        if index is None:
            raise _inapplicable(f"Unable to access invalid index: {last}: invalid index referenced")
        parent.insert(index, value)
    elif isinstance(parent, dict):
        parent[last] = value
    else:
        raise _inapplicable(f"path /{'/'.join(path)} does not lead into an object or a list")
    return document


def _replace(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _read(document, path[:-1]), path[-1]
    parent[int(last) if isinstance(parent, list) else last] = value
    return document


def _remove(document: Any, path: list[str]) -> None:
    if not path:
        raise _inapplicable("the whole document cannot be removed")
    _read(document, path)
    parent, last = _read(document, path[:-1]), path[-1]
    del parent[int(last) if isinstance(parent, list) else last]


def _inapplicable(why: str) -> StatusError:
    error = invalid("", "", "", [Cause("FieldValueInvalid", f"the server rejected our request: {why}", "patch")])
    return StatusError(422, "Invalid", "the server rejected our request due to an error in our request", error.details)
