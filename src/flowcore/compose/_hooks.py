"""What runs before a container, after its start and before its stop."""

from __future__ import annotations

import json
import shlex
from typing import Any

from flowcore.compose._arguments import secret_option
from flowcore.compose._environment import escape
from flowcore.compose._labels import image_label, wrong_label
from flowcore.compose._marks import Value
from flowcore.compose._names import clean_name
from flowcore.compose._scope import Scope
from flowcore.compose._words import split_words

_INIT = "kompose.init.containers."
_HOOKS = (("post_start", "postStart"), ("pre_stop", "preStop"))
_RUN = frozenset({"command"})


def draw_hooks(scope: Scope) -> None:
    """Set the lifecycle hooks of ``post_start`` and ``pre_stop``, and the init container of kompose's labels."""
    for key, name in _HOOKS:
        _hook(scope, key, name)
    _init_container(scope)


def _hook(scope: Scope, key: str, name: str) -> None:
    rows: Value = scope.get(key) or []
    if not isinstance(rows, list):
        scope.warn("hook", f"{key} is no list of commands; it was left out", scope.place(key), fix="write a list")
        return
    commands = [words for row in rows if (words := _words(row))]
    for position, row in enumerate(rows):
        _tell(scope, key, position, rows, row)
    if commands:
        scope.data.setdefault("lifecycle", {})[name] = {"exec": {"command": _one(commands)}}
        scope.info(
            "hook",
            f"{key} is run as the hook lifecycle.{name}" + (", one command after the other" if commands[1:] else ""),
            scope.place(key),
            why="a cluster restarts the container when postStart fails" if name == "postStart" else "",
        )


def _words(row: Value) -> list[str]:
    command = row.get("command") if isinstance(row, dict) else None
    if isinstance(command, str):
        return _split(command) or []
    return [str(word) for word in command] if isinstance(command, list) else []


def _one(commands: list[list[str]]) -> list[str]:
    """Return one command for several; a cluster runs one per hook."""
    if len(commands) == 1:
        return [escape(word) for word in commands[0]]
    return ["/bin/sh", "-c", escape(" && ".join(shlex.join(words) for words in commands))]


def _tell(scope: Scope, key: str, position: int, rows: Value, row: Value) -> None:
    place = scope.place(key, position, rows)
    for option, value in row.items() if isinstance(row, dict) else ():
        if option not in _RUN and value not in (None, "", False, [], {}) and not option.startswith("x-"):
            message = f"{key}: {option} has no counterpart; the command runs as the container does"
            scope.warn("hook", message, place, fix="put it into the command")
    if not _words(row):
        scope.warn("hook", f"{key} has an entry without a command; it was left out", place, fix="write its command")
    secret = secret_option(_words(row))
    if secret:
        message = f"the value of {secret} in {key} is a secret that stands in the drawing as it is"
        scope.warn("hook-secret", message, place, fix="give it as a variable, and let a shell read that")


def _init_container(scope: Scope) -> None:
    given = [part for part in ("command", "image", "name") if scope.label(_INIT + part)]
    if not given:
        return
    command = scope.label(_INIT + "command").strip()
    words = _split(command)
    if words is None:
        wrong_label(scope, _INIT + "command", 'a list like ["printenv"], or a command line')
        return
    own = clean_name(scope.label(_INIT + "name") or f"init-{scope.id}")
    container: dict[str, Any] = {"name": own, "image": image_label(scope, _INIT + "image") or scope.data["image"]}
    if words:
        container["command"] = [escape(word) for word in words]
    scope.data["initContainers"] = [container]
    option = secret_option(words)
    if option:
        message = f"the value of {option} in the init container is a secret that stands in the drawing as it is"
        scope.warn("hook-secret", message, scope.label_place(_INIT + "command"))


def _split(command: str) -> list[str] | None:
    try:
        if command.startswith("["):
            found = json.loads(command)
            return [str(word) for word in found]
        return split_words(command)
    except (ValueError, RecursionError):
        return None
