"""A service's environment: env files and variables, told apart into a config map and a secret."""

from __future__ import annotations

import re

from flowcore.compose._dotenv import parse_dotenv
from flowcore.compose._marks import Block, Mark, Value, mark_of
from flowcore.compose._names import is_config_key
from flowcore.compose._scope import Scope
from flowcore.compose._sensitive import why_sensitive
from flowcore.errors import InvalidInputError, Place
from flowcore.files import EntryKind

_MAX_ENV_FILE = 900_000


def gather(scope: Scope) -> None:
    """Fill the scope's variables from its env files and its ``environment``, which wins."""
    files: Value = scope.get("env_file") or []
    for position, entry in enumerate(files):
        place = scope.place("env_file", position, files)
        values = _env_file(scope, entry, place)
        if not scope.project.report.write_out(len(values), Mark(place.file, place.line, place.column), place.path):
            return
        for name, value in values.items():
            scope.variables[name] = value
            scope.env_marks[name] = Mark(place.file, place.line, place.column)
    given: Value = scope.get("environment") or Block()
    for name, value in given.items():
        mark = mark_of(given, name)
        found = scope.project.env.get(name) if value is None else value
        if found is None:
            scope.variables.pop(name, None)
            scope.project.report.miss(name, scope.place("environment", name, given))
            scope.warn(
                "variable-unset",
                f"the variable {name} takes its value from the environment, where it is not set; it was left out",
                scope.place("environment", name, given),
                fix=f"give {name} in .env beside the file or with the import, or write a value",
            )
            continue
        scope.variables[name] = found
        scope.env_marks[name] = mark


def _env_file(scope: Scope, entry: Value, place: Place) -> dict[str, str]:
    """Return the variables of an env file, which many services may share: it is read once."""
    key = (entry["path"], entry.get("format") or "")
    known = scope.drawing.env_files.get(key)
    if known is None:
        known = _read_env_file(scope, entry, place)
        if known is not None:
            scope.drawing.env_files[key] = known
    return known or {}


def _read_env_file(scope: Scope, entry: Value, place: Place) -> dict[str, str] | None:
    path, files = entry["path"], scope.project.files
    found = files.look(path)
    if found.kind is not EntryKind.FILE or found.size > _MAX_ENV_FILE:
        if entry["required"] or found.kind is not EntryKind.MISSING:
            _tell_absent(scope, path, found.kind, place)
        return None
    text = files.read(path).decode("utf-8-sig", "replace")
    if entry.get("format") == "raw":
        pairs = [line.partition("=") for line in text.splitlines() if line.strip() and not line.startswith("#")]
        return {name.strip(): value for name, sign, value in pairs if sign}
    try:
        return parse_dotenv(text, scope.project.env, file=path)
    except InvalidInputError as error:
        for finding in error.findings:
            scope.project.report.add(finding)
        return {}


def _tell_absent(scope: Scope, path: str, kind: EntryKind, place: Place) -> None:
    reasons = {
        EntryKind.OUTSIDE: "is outside the project's folder and is not read",
        EntryKind.FOLDER: "is a folder",
        EntryKind.FILE: "is too large to be read",
    }
    scope.warn(
        "env-file",
        f"the env file {path} {reasons.get(kind, 'is not there')}, so its variables are missing",
        place,
        why="the container starts without these variables",
        fix="put the file beside the Compose file and import again, or write the variables under environment",
    )


def draw_environment(scope: Scope) -> None:
    """Draw the variables as a config map and a secret that the workload takes its environment from."""
    plain: dict[str, str] = {}
    secret: dict[str, str] = {}
    for name, value in scope.variables.items():
        reason = why_sensitive(name, value)
        if "=" in name or not name.isprintable():
            scope.warn("variable-name", f"{name!r} is no name for a variable; it was left out", _place(scope, name))
        elif not is_config_key(name):
            scope.data.setdefault("env", {})[name] = escape(value)
            _tell_odd(scope, name, bool(reason))
        elif reason:
            secret[name] = value
            if name not in scope.arguments:
                _tell_secret(scope, name, reason)
        else:
            plain[name] = value
    if plain:
        _draw_config(scope, plain)
    if secret:
        _draw_secret(scope, secret)


def _draw_config(scope: Scope, plain: dict[str, str]) -> None:
    node_id = scope.drawing.ids.take(f"{scope.id}-config")
    name = scope.drawing.name("configmap", f"{scope.id}-config")
    scope.node("configmap", node_id, {"name": name, "data": plain})
    scope.drawing.edge(node_id, scope.id, {"as": "envFrom"})


def _draw_secret(scope: Scope, secret: dict[str, str]) -> None:
    node_id = scope.drawing.ids.take(f"{scope.id}-secret")
    name = scope.drawing.name("secret", f"{scope.id}-secret")
    keys = [{"id": key, "name": key} for key in secret]
    scope.node("secret", node_id, {"name": name, "secretType": "Opaque", "keys": keys})
    scope.drawing.edge(node_id, scope.id, {"as": "envFrom"})
    scope.drawing.secret(node_id, {key: value for key, value in secret.items() if not _is_unset(scope, key, value)})


def _is_unset(scope: Scope, name: str, value: str) -> bool:
    """Whether a secret is empty only because nobody gave the variable it is made of."""
    return not value and scope.env_marks.get(name) in scope.project.report.unset


def _tell_secret(scope: Scope, name: str, reason: str) -> None:
    empty = _is_unset(scope, name, scope.variables[name])
    scope.info(
        "secret-variable",
        f"{name} is kept in a secret, because {reason}" + ("; its value must be given at deploy time" if empty else ""),
        _place(scope, name),
        fix=f"give it with --secret {scope.id}-secret.{name}=…" if empty else "",
    )


def _tell_odd(scope: Scope, name: str, is_secret: bool) -> None:
    message = f"the variable {name!r} has a name that a config map cannot hold, so it is set on the workload itself"
    if is_secret:
        scope.warn("variable-name", f"{message}, although it looks like a secret", _place(scope, name), fix="rename it")
    else:
        scope.info("variable-name", message, _place(scope, name))


def _place(scope: Scope, name: str) -> Place:
    mark = scope.env_marks.get(name)
    return mark.place(f"services.{scope.name}.environment.{name}") if mark else scope.place("environment")


def escape(text: str) -> str:
    """Return *text* so that Kubernetes, which replaces ``$(NAME)`` and ``$$`` in commands, gives it unchanged."""
    return re.sub(r"\$(?=[$(])", "$$", text) if "$" in text else text
