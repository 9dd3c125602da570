"""Paths of a Compose file that is used from another folder, written relative to that folder."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from flowcore.compose._marks import Block, Rows, Value, mark_of

Rewrite: TypeAlias = Callable[[Value], Value]

_REMOTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|git@|[^/]*github\.com/")
_WINDOWS = re.compile(r"[a-zA-Z]:[\\/]|\\\\")


def moved(path: Value, folder: str) -> Value:
    """Return a relative *path* as it is written outside of *folder*; everything else stays as it is."""
    if not isinstance(path, str) or not path or path.startswith(("/", "~")) or _WINDOWS.match(path):
        return path
    joined = posixpath.normpath(posixpath.join(folder, path))
    return joined if joined.startswith("../") or joined in ("..", ".") else f"./{joined}"


def rebase_project(tree: Block, folder: str) -> Block:
    """Return a whole document with its paths relative to where *folder* is; see ``rebase_service``."""
    if folder in ("", "."):
        return tree
    result = Block(tree, mark=tree.mark)
    _every(result, "services", lambda service: rebase_service(service, folder))
    for key in ("configs", "secrets"):
        _every(result, key, lambda item: _with(item, {"file": lambda path: moved(path, folder)}))
    _every(result, "volumes", lambda volume: _with(volume, {"driver_opts": lambda opts: _device(opts, folder)}))
    return result


def _device(options: Value, folder: str) -> Value:
    """Return a volume's options with the folder that it is bound to; other devices are no paths."""
    is_bind = isinstance(options, Block) and options.get("o") == "bind"
    return _with(options, {"device": lambda path: moved(path, folder)}) if is_bind else options


def rebase_service(service: Value, folder: str) -> Value:
    """Return a service of a file in *folder* with its paths relative to where *folder* is.

    These are the build's contexts, env and label files, bind mounts, watched folders and the file of credentials.
    """
    if folder in ("", ".") or not isinstance(service, Block):
        return service
    path: Rewrite = partial(moved, folder=folder)
    files: Rewrite = partial(_file_list, path=path)
    return _with(
        service,
        {
            "build": lambda value: _build(value, folder),
            "env_file": files,
            "label_file": files,
            "volumes": lambda value: _each(value, lambda entry: _volume(entry, folder)),
            "credential_spec": lambda value: _with(value, {"file": path}),
            "develop": lambda value: _with(
                value, {"watch": lambda rules: _each(rules, lambda rule: _with(rule, {"path": path}))}
            ),
        },
    )


def _build(value: Value, folder: str) -> Value:
    if isinstance(value, str):
        return _context(value, folder)
    if not isinstance(value, Block):
        return value
    built = _with(value, {"additional_contexts": lambda more: _contexts(more, folder)})
    built.put("context", _context(value.get("context") or ".", folder), mark_of(value, "context"))
    return built


def _context(value: Value, folder: str) -> Value:
    return value if isinstance(value, str) and _REMOTE.match(value) else moved(value, folder)


def _contexts(value: Value, folder: str) -> Value:
    if isinstance(value, Block):
        return _with(value, dict.fromkeys(value, lambda context: _context(context, folder)))
    return _each(value, lambda entry: _named_context(entry, folder))


def _named_context(entry: Value, folder: str) -> Value:
    name, sign, context = entry.partition("=") if isinstance(entry, str) else ("", "", "")
    return f"{name}={_context(context, folder)}" if sign else entry


def _volume(entry: Value, folder: str) -> Value:
    if isinstance(entry, str):
        source, sign, rest = entry.partition(":")
        return f"{moved(source, folder)}{sign}{rest}" if sign and source.startswith(".") else entry
    if isinstance(entry, Block) and entry.get("type") == "bind":
        return _with(entry, {"source": lambda path: moved(path, folder)})
    return entry


def _file_list(value: Value, path: Rewrite) -> Value:
    if isinstance(value, list):
        return _each(value, lambda entry: _with(entry, {"path": path}) if isinstance(entry, Block) else path(entry))
    return path(value)


def _each(value: Value, rewrite: Rewrite) -> Value:
    if not isinstance(value, Rows):
        return value
    return Rows(map(rewrite, value), mark=value.mark, marks=value.marks)


def _every(tree: Block, key: str, rewrite: Rewrite) -> None:
    group = tree.get(key)
    if isinstance(group, Block):
        tree[key] = _with(group, dict.fromkeys(group, rewrite))


def _with(value: Value, rewrites: dict[str, Rewrite]) -> Value:
    """Return a mapping with some of its values rewritten; what is no mapping stays as it is."""
    if not isinstance(value, Block):
        return value
    result = Block(value, mark=value.mark)
    for key, rewrite in rewrites.items():
        if key in value:
            result[key] = rewrite(value[key])
    return result
