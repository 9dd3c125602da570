"""Files of the project that travel in the drawing: as config maps, or as secrets when they look like ones."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from flowcore.compose._marks import Block
from flowcore.compose._names import config_key
from flowcore.compose._scope import Scope
from flowcore.compose._sensitive import secret_word
from flowcore.errors import Place
from flowcore.files import EntryKind, Files

#: Most bytes that travel in one config map; the cluster takes 1 MiB with everything around them.
MAX_BYTES = 900_000
_MAX_FILES = 200
_MAX_DEPTH = 8
#: Most files and folders that are looked at; links inside a folder can make it endless.
_MAX_LOOKS = 2_000
_SECRET_NAMES = re.compile(r"(\.env(\..*)?|id_(rsa|dsa|ecdsa|ed25519)|.*\.(key|p12|pfx|jks|keystore)|\.?htpasswd)\Z")


@frozen
class Bundle:
    """Files under keys a config map can hold.

    Attributes:
        files: (key, path below the mount, content) of each; the path is empty for a single file.
        is_single: it is one file, mounted by its own name.
    """

    files: tuple[tuple[str, str, bytes], ...]
    is_single: bool

    @property
    def is_secret(self) -> bool:
        """Whether one of the files looks like a secret, by its name or its content."""
        return any(_is_secret(posixpath.basename(path or key), content) for key, path, content in self.files)


def _is_secret(name: str, content: bytes) -> bool:
    stem = name.rsplit(".", 1)[0]
    is_word = bool(secret_word(stem)) and name.endswith((".txt", stem))
    return bool(_SECRET_NAMES.match(name)) or is_word or b"PRIVATE KEY-----" in content


def bundle_of(files: Files, source: str) -> Bundle | str:
    """Return the files at *source*, or why they cannot travel, as the end of a sentence about it."""
    entry = files.look(source)
    if entry.kind is EntryKind.FILE:
        if entry.size > MAX_BYTES:
            return f"has {entry.size} bytes, more than the {MAX_BYTES} that fit into a config map"
        key = config_key(posixpath.basename(source.rstrip("/")))
        return Bundle(((key, "", files.read(source)),), is_single=True)
    found: list[str] = []
    looks = iter(range(_MAX_LOOKS))
    if not _walk(files, source.rstrip("/") or ".", "", 0, found, looks):
        return f"has more than {_MAX_FILES} files, too many for a config map"
    if not found:
        return "is an empty folder"
    if sum(files.look(posixpath.join(source, path)).size for path in found) > MAX_BYTES:
        return f"has more than the {MAX_BYTES} bytes that fit into a config map"
    keys = _keys(found)
    return Bundle(
        tuple((keys[path], path, files.read(posixpath.join(source, path))) for path in found), is_single=False
    )


def _walk(files: Files, root: str, below: str, depth: int, found: list[str], looks: Iterator[int]) -> bool:
    """Collect the paths of all files below *root*; False when there are too many."""
    for name in files.names(posixpath.join(root, below)):
        if next(looks, None) is None:
            return False
        path = posixpath.join(below, name)
        kind = files.look(posixpath.join(root, path)).kind
        if kind is EntryKind.FILE:
            found.append(path)
        elif kind is EntryKind.FOLDER and (
            depth >= _MAX_DEPTH or not _walk(files, root, path, depth + 1, found, looks)
        ):
            return False
        if len(found) > _MAX_FILES:
            return False
    return True


def _keys(paths: list[str]) -> dict[str, str]:
    """Return a key for each path, without collisions."""
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for path in paths:
        key = wish = config_key(path.replace("/", "."))
        number = 1
        while key in taken:
            number += 1
            key = f"{wish}-{number}"
        taken.add(key)
        keys[path] = key
    return keys


def draw_bundle(scope: Scope, volume: Block, bundle: Bundle, place: Place) -> None:
    """Draw the bundle's node, once per source, and mount it where the volume says."""
    source = volume["source"]
    shared = scope.drawing.bundles.get(posixpath.normpath(source))
    node_id = shared or _draw_node(scope, source, bundle)
    scope.drawing.bundles[posixpath.normpath(source)] = node_id
    edge: dict[str, Any] = {"as": "files", "mountPath": volume["target"], "readOnly": True}
    if bundle.is_single:
        edge["subPath"] = bundle.files[0][0]
    elif any(key != path for key, path, _ in bundle.files):
        edge["items"] = [{"key": key, "path": path} for key, path, _ in bundle.files]
    scope.drawing.edge(node_id, scope.id, edge)
    what = "a secret" if bundle.is_secret else "a config map"
    scope.info(
        "bind-files",
        f"{source} travels in {what}"
        + (
            ""
            if volume.get("read_only")
            else f", so {volume['target']} can only be read; under Compose it can be written"
        ),
        place,
        fix="" if volume.get("read_only") else "use a named volume for what the container writes",
    )


def _draw_node(scope: Scope, source: str, bundle: Bundle) -> str:
    base = posixpath.basename(posixpath.normpath(source)).strip(".") or "files"
    node_id = scope.drawing.ids.take(f"{scope.id}-{base}")
    if bundle.is_secret:
        return _secret_node(scope, node_id, bundle)
    contents = file_data({key: content for key, _, content in bundle.files})
    return scope.node("configmap", node_id, {"name": scope.drawing.name("configmap", node_id), **contents})


def _secret_node(scope: Scope, node_id: str, bundle: Bundle) -> str:
    keys = [{"id": key, "name": key} for key, _, _ in bundle.files]
    name = scope.drawing.name("secret", node_id)
    values = {key: text for key, _, content in bundle.files if (text := text_of_bytes(content)) is not None}
    scope.drawing.secret(node_id, values)
    for key in (key for key, _, _ in bundle.files if key not in values):
        scope.warn(
            "secret-binary",
            f"the file {key} is not text; its value must be given at deploy time",
            scope.place("volumes"),
        )
    return scope.node("secret", node_id, {"name": name, "secretType": "Opaque", "keys": keys})


def file_data(contents: Mapping[str, bytes]) -> dict[str, dict[str, str]]:
    """Return file contents as a config map keeps them: texts in ``data``, the rest in base64 in ``binaryData``."""
    data: dict[str, str] = {}
    binary: dict[str, str] = {}
    for key, content in contents.items():
        text = text_of_bytes(content)
        if text is None:
            binary[key] = base64.b64encode(content).decode("ascii")
        else:
            data[key] = text
    return {"data": data, "binaryData": binary} if binary else {"data": data}


def text_of_bytes(content: bytes) -> str | None:
    """Return *content* as text, None when it is not UTF-8 or holds a NUL."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
