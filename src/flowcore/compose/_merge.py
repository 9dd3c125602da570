"""Several Compose documents to one: later ones win, lists grow, and entries with an identity are replaced in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from flowcore.compose._marks import Block, Mark, Rows, Value, mark_of
from flowcore.compose._scalars import text_of
from flowcore.compose._volumes import target_of
from flowcore.compose._yaml import MAX_DEPTH, RESET, Tagged
from flowcore.errors import InvalidInputError

Path: TypeAlias = tuple[str, ...]
Rule: TypeAlias = Callable[[Value, Value, Path], Value]


def merge(base: Mapping[str, Value], override: Mapping[str, Value]) -> dict[str, Value]:
    """Return *base* with *override* laid over it by Compose's rules; neither is changed.

    Mappings merge key by key. ``environment``, ``labels`` and their like become ``NAME=value`` lists merged by name;
    ``volumes``, ``devices``, ``secrets`` and ``configs`` merge by target, ``ports`` by port; other lists are joined
    without repeats. ``command``, ``entrypoint`` and a healthcheck's ``test`` are replaced, and so is every scalar.
    """
    merged = _merge(base, override, ())
    result: dict[str, Value] = merged
    return result


def untagged(value: Value) -> Value:
    """Return *value* without ``!reset`` and ``!override``: what was reset is left out."""
    if isinstance(value, Block):
        result = Block(mark=value.mark)
        for key, item in value.items():
            if not (isinstance(item, Tagged) and item.tag == RESET):
                result.put(key, untagged(item), value.marks[key])
        return result
    if isinstance(value, Rows):
        return Rows([untagged(item) for item in value], mark=value.mark, marks=value.marks)
    return untagged(value.value) if isinstance(value, Tagged) else value


def _merge(base: Value, override: Value, path: Path) -> Value:
    if len(path) > MAX_DEPTH:
        raise InvalidInputError.of(
            f"nesting is deeper than {MAX_DEPTH} levels", rule="compose-limit", path=".".join(path[:3])
        )
    if isinstance(override, Tagged):
        return override if override.tag == RESET else override.value
    if isinstance(base, Tagged):
        base = None if base.tag == RESET else base.value
    if override is None or base is None:
        return base if override is None else override
    rule = _rule(path)
    if rule:
        return rule(base, override, path)
    if isinstance(base, dict) and isinstance(override, dict):
        return _mappings(base, override, path)
    if isinstance(base, list) and isinstance(override, list):
        return _joined(base, override, path)
    return override


def _rule(path: Path) -> Rule | None:
    ends: tuple[tuple[Path, Rule], ...] = (*_RULES_BY_END.get(path[-1], ()), *_RULES_BY_END["*"]) if path else ()
    for pattern, rule in ends:
        if len(pattern) == len(path) and all(part in ("*", own) for part, own in zip(pattern, path, strict=True)):
            return rule
    return None


def _mappings(base: Value, override: Value, path: Path) -> Value:
    result = Block(base if isinstance(base, Block) else dict(base), mark=mark_of(base))
    for key, value in override.items():
        item = _merge(result[key], value, (*path, key)) if key in result else value
        mark = mark_of(override, key)
        result.put(key, item, mark if mark.line or key not in result.marks else result.marks[key])
    return result


def _rows(value: Value) -> Rows:
    if isinstance(value, Rows):
        return Rows(value, mark=value.mark, marks=value.marks)
    items = value if isinstance(value, list) else [value]
    return Rows(items, mark=mark_of(value), marks=[mark_of(value)] * len(items))


def _joined(base: Value, override: Value, _: Path) -> Rows:
    result, more = _rows(base), _rows(override)
    texts = {item for item in result if isinstance(item, str)}
    for at, item in enumerate(more):
        is_there = item in texts if isinstance(item, str) else item in result
        if not is_there:
            result.add(item, mark_of(more, at))
            texts.update([item] if isinstance(item, str) else [])
    return result


def _replaced(_base: Value, override: Value, _: Path) -> Value:
    return override


# ---------------------------------------------------------------- NAME=value lists


def _pairs(value: Value) -> list[tuple[str, str, Mark]]:
    """Return (name, whole entry, mark) of a list of ``NAME=value``, or of a mapping, whose entries Compose sorts."""
    if isinstance(value, dict):
        written = ((key, entry, mark_of(value, key)) for key, item in value.items() for entry in _entries(key, item))
        return sorted(written, key=lambda pair: pair[1])
    items = value if isinstance(value, list) else [value]
    return [(text_of(item).split("=", 1)[0], text_of(item), mark_of(value, at)) for at, item in enumerate(items)]


def _entries(key: str, item: Value) -> list[str]:
    if item is None:
        return [key]
    return [f"{key}={text_of(each)}" for each in (item if isinstance(item, list) else [item])]


def _by_name(base: Value, override: Value, _: Path) -> Rows:
    entries = {name: (entry, mark) for name, entry, mark in _pairs(base)}
    entries.update({name: (entry, mark) for name, entry, mark in _pairs(override)})
    return Rows([e for e, _ in entries.values()], mark=mark_of(base), marks=[m for _, m in entries.values()])


def _hosts(base: Value, override: Value, _: Path) -> Rows:
    entries = {entry: mark for _, entry, mark in [*_pairs(base), *_pairs(override)]}
    return Rows(entries, mark=mark_of(base), marks=entries.values())


# ---------------------------------------------------------------- lists whose entries have an identity


def _mount(item: Value) -> str:
    return text_of(item.get("target")) if isinstance(item, dict) else target_of(text_of(item))


def _device(item: Value) -> str:
    if isinstance(item, dict):
        return text_of(item.get("target") or item.get("source"))
    parts = text_of(item).split(":")
    return parts[1] if len(parts) > 1 else parts[0]


def _file_target(folder: str) -> Callable[[Value], str]:
    def target(item: Value) -> str:
        name = text_of(item.get("target") or item.get("source")) if isinstance(item, dict) else text_of(item)
        return name if name.startswith("/") else f"{folder}{name}"

    return target


def _port(item: Value) -> str:
    if isinstance(item, dict):
        protocol = item.get("protocol") or "tcp"
        host = item.get("host_ip") or "0.0.0.0"  # noqa: S104 (what Compose means by no address)
        return f"{host}:{item.get('published', '')}:{item.get('target')}/{protocol}"
    text = text_of(item)
    return text if "/" in text else f"{text}/tcp"


def _env_path(item: Value) -> str:
    return text_of(item.get("path")) if isinstance(item, dict) else text_of(item)


def _subnet(item: Value) -> str:
    return text_of(item.get("subnet")) if isinstance(item, dict) else text_of(item)


def _by(identity: Callable[[Value], str], *, deep: bool = False) -> Rule:
    def rule(base: Value, override: Value, path: Path) -> Rows:
        result, more = _rows(base), _rows(override)
        known = {identity(item): at for at, item in enumerate(result)}
        for at, item in enumerate(more):
            place = known.get(identity(item))
            if place is None:
                result.add(item, mark_of(more, at))
                continue
            result[place] = _merge(result[place], item, (*path, "[]")) if deep else item
            result.marks[place] = mark_of(more, at)
        return result

    return rule


# ---------------------------------------------------------------- mappings with a short form


def _as_mapping(value: Value, key: str = "") -> Value:
    """Return a list of names (or, with *key*, a single text) as the mapping it stands for."""
    if isinstance(value, dict):
        return value
    result = Block(mark=mark_of(value))
    if key and not isinstance(value, list):
        result.put(key, value, mark_of(value))
        return result
    for at, item in enumerate(_rows(value)):
        result.put(text_of(item), None, mark_of(value, at))
    return result


def _named(base: Value, override: Value, path: Path) -> Value:
    return _mappings(_as_mapping(base), _as_mapping(override), path)


def _depends(base: Value, override: Value, path: Path) -> Value:
    return _mappings(_started(base), _started(override), path)


def _started(value: Value) -> Value:
    result = _as_mapping(value)
    if not isinstance(value, dict):
        for key in result:
            result[key] = {"condition": "service_started", "required": True}
    return result


def _build(base: Value, override: Value, path: Path) -> Value:
    return _mappings(_as_mapping(base, "context"), _as_mapping(override, "context"), path)


def _logging(base: Value, override: Value, path: Path) -> Value:
    if not (isinstance(base, dict) and isinstance(override, dict)):
        return override
    ours, theirs = base.get("driver"), override.get("driver")
    return _mappings(base, override, path) if not ours or not theirs or ours == theirs else override


_SERVICE: dict[str, Rule] = {
    **dict.fromkeys(("annotations", "environment", "labels", "sysctls"), _by_name),
    **dict.fromkeys(("command", "entrypoint"), _replaced),
    **dict.fromkeys(("dns", "dns_opt", "dns_search", "label_file", "tmpfs"), _joined),
    "build": _build,
    "configs": _by(_file_target("/")),
    "depends_on": _depends,
    "devices": _by(_device),
    "env_file": _by(_env_path),
    "expose": _by(text_of),
    "extra_hosts": _hosts,
    "logging": _logging,
    "models": _named,
    "networks": _named,
    "ports": _by(_port),
    "secrets": _by(_file_target("/run/secrets/")),
    "volumes": _by(_mount),
}
_DEEPER: dict[Path, Rule] = {
    **{("build", key): _by_name for key in ("additional_contexts", "args", "labels")},
    ("build", "extra_hosts"): _hosts,
    ("build", "ssh"): _by_name,
    ("build", "secrets"): _by(_file_target("/run/secrets/")),
    ("deploy", "labels"): _by_name,
    ("healthcheck", "test"): _replaced,
    ("ulimits", "*"): _replaced,
}
_RULES: dict[Path, Rule] = {
    **{("services", "*", key): rule for key, rule in _SERVICE.items()},
    **{("services", "*", *path): rule for path, rule in _DEEPER.items()},
    **{(group, "*", "labels"): _by_name for group in ("networks", "volumes", "secrets", "configs")},
    ("networks", "*", "ipam", "config"): _by(_subnet, deep=True),
}


def _index() -> dict[str, list[tuple[Path, Rule]]]:
    index: dict[str, list[tuple[Path, Rule]]] = {}
    for path, rule in _RULES.items():
        index.setdefault(path[-1], []).append((path, rule))
    return index


_RULES_BY_END: dict[str, list[tuple[Path, Rule]]] = _index()
