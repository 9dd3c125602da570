"""Parts of a service that may be written in several ways, each to its long form."""

from __future__ import annotations

import re

from flowcore.compose._marks import Block, Mark, Rows, Value, mark_of
from flowcore.compose._ports import Port, PortError, long_port, parse_exposed, parse_port
from flowcore.compose._scalars import text_of
from flowcore.compose._shapes import (
    At,
    Shape,
    anything,
    block_of,
    choice,
    flag,
    is_scalar,
    named,
    number,
    pairs,
    rows_of,
    shaped,
    size,
    text,
    texts,
)
from flowcore.compose._volumes import parse_volume, unknown_options
from flowcore.errors import InvalidInputError

_CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")


def port(value: Value, at: At) -> Value:
    """A published port: text, number or mapping; ranges become several."""
    if not at.report.write_out(0, at.mark, at.path):
        return None
    if isinstance(value, dict):
        value = shaped(value, dict.fromkeys(_PORT, anything), at, closed=True)
    try:
        found = long_port(value) if isinstance(value, dict) else parse_port(value)
    except PortError as error:
        at.refuse("compose-port", str(error))
        return None
    if not at.report.write_out(len(found), at.mark, at.path):
        return None
    mode = text_of(value.get("mode")) if isinstance(value, dict) else ""
    return [_port_block(port, mode or "ingress", at) for port in found]


def ports(value: Value, at: At) -> Value:
    """Published ports, each once: of entries for the same port of the same address the last one counts."""
    rows = rows_of(port)(value, at)
    last: dict[tuple[Value, ...], tuple[Value, Mark]] = {}
    for row, mark in zip(rows, rows.marks, strict=True) if isinstance(rows, Rows) else ():
        last[tuple(row.get(key) for key in ("host_ip", "published", "target", "protocol"))] = (row, mark)
    found = last.values()
    return None if rows is None else Rows([row for row, _ in found], mark=rows.mark, marks=[mark for _, mark in found])


def _port_block(port: Port, mode: str, at: At) -> Block:
    block = Block({"mode": mode, "target": port.target}, mark=at.mark)
    for key in ("name", "host_ip", "app_protocol"):
        if word := getattr(port, key):
            block[key] = word
    if port.published:
        block["published"] = str(port.published)
    block["protocol"] = port.protocol
    return block


def exposed(value: Value, at: At) -> Value:
    """An exposed port or range of ports."""
    if not at.report.write_out(0, at.mark, at.path):
        return None
    try:
        ports = parse_exposed(value) if is_scalar(value) else None
    except PortError as error:
        at.refuse("compose-port", str(error))
        return None
    if ports is None:
        at.wrong("a port number", value)
        return None
    if not at.report.write_out(len(ports), at.mark, at.path):
        return None
    return [str(port.target) if port.protocol == "tcp" else f"{port.target}/{port.protocol}" for port in ports]


def volume(value: Value, at: At) -> Value:
    """A mount: text or mapping."""
    if isinstance(value, dict):
        block = shaped(value, _VOLUME, at, closed=True)
        if block.get("type") is None:
            block["type"] = "volume"
        if block.get("target") is None:
            at.refuse("compose-volume", f"{at.path} has no target", "say with target where it is mounted")
            return None
        return block
    if isinstance(value, list):
        at.wrong("a text or a mapping", value)
        return None
    spec = text_of(value)
    try:
        found = parse_volume(spec)
    except InvalidInputError as error:
        at.refuse("compose-volume", error.message, "write SOURCE:TARGET or SOURCE:TARGET:ro")
        return None
    for option in unknown_options(spec):
        at.report.warn(
            "compose-volume-option", f"the volume option {option} is unknown and ignored", at.mark, path=at.path
        )
    return Block(found, mark=at.mark)


def device(value: Value, at: At) -> Value:
    """A device: SOURCE:TARGET:PERMISSIONS, or a mapping of these, which becomes that text."""
    if not isinstance(value, dict):
        return text(value, at)
    block = shaped(value, _DEVICE, at, closed=True)
    if not block.get("source"):
        at.refuse("compose-device", f"{at.path} has no source", "say with source which device is meant")
        return None
    return ":".join(text_of(block[key]) for key in _DEVICE if block.get(key))


def mount(value: Value, at: At) -> Value:
    """A secret or config of a service: its name, or a mapping with source and target."""
    if isinstance(value, dict):
        block = shaped(value, _MOUNT, at, closed=True)
        if block.get("source"):
            return block
        at.refuse("compose-mount", f"{at.path} has no source", "name the secret or config in source")
        return None
    if isinstance(value, list):
        at.wrong("a name or a mapping", value)
        return None
    return Block({"source": text_of(value)}, mark=at.mark)


def env_files(value: Value, at: At) -> Value:
    """Env files: a path, a list of them, or mappings with ``path``, ``required`` and ``format``."""
    entries = value if isinstance(value, list) else [value]
    result = Rows(mark=at.mark)
    for position, item in enumerate(entries):
        place = at.item(value, position) if isinstance(value, list) else at
        block = block_of(_ENV_FILE, short="path", closed=True)(item, place)
        if block is not None and not block.get("path"):
            place.refuse("compose-env-file", f"{place.path} has no path")
        elif block is not None:
            block.setdefault("required", True)
            result.add(block, place.mark)
    return result


def dependencies(value: Value, at: At) -> Value:
    """Dependencies: a list of names, or a mapping with conditions."""
    names = named(value, at)
    if names is None:
        return None
    result = Block(mark=names.mark)
    for name, options in names.items():
        place = at.key(names, name)
        block = shaped(options or {}, _DEPENDENCY, place, closed=True)
        condition = block.setdefault("condition", "service_started")
        block.setdefault("required", True)
        if condition not in _CONDITIONS:
            place.refuse("compose-condition", f"{condition} is no condition", f"use one of {', '.join(_CONDITIONS)}")
            continue
        result.put(name, block, names.marks[name])
    return result


def hosts(value: Value, at: At) -> Value:
    """Hosts: a mapping, or a list of ``HOST=IP`` and ``HOST:IP``; to a mapping from host to addresses."""
    result = Block(mark=mark_of(value))
    if isinstance(value, dict):
        for host, addresses in value.items():
            items = texts(addresses, at.key(value, host))
            if items is not None:
                result.put(host, items, mark_of(value, host))
        return result
    lines = texts(value, at)
    for position, line in enumerate(lines or ()):
        sign = "=" if "=" in line else ":"
        host, _, address = line.partition(sign)
        if not host or not address:
            at.item(value, position).refuse("compose-host", f"{line!r} is not HOST=IP")
            continue
        known = result.get(host)
        result.put(host, [*(known or ()), address.strip().strip("[]")], mark_of(lines, position))
    return result


def check_command(value: Value, at: At) -> Value:
    """A check's command: a text means CMD-SHELL."""
    if isinstance(value, str):
        return Rows(["CMD-SHELL", value] if value else [], mark=at.mark, marks=[at.mark] * 2)
    return texts(value, at)


def labels(value: Value, at: At) -> Value:
    """Labels: pairs whose values are texts."""
    found = pairs(value, at)
    for key in found or ():
        found[key] = found[key] or ""
    return found


def process_limits(value: Value, at: At) -> Value:
    """Limits of processes: for each a number, or its soft and its hard one."""
    if not isinstance(value, dict):
        at.wrong("a mapping from limits to numbers", value)
        return None
    result = Block(mark=mark_of(value))
    for name, item in value.items():
        place = at.key(value, name)
        found = shaped(item, _SOFT_AND_HARD, place, closed=True) if isinstance(item, dict) else number(item, place)
        if found is not None:
            result.put(name, found, mark_of(value, name))
    return result


def memory_and_swap(value: Value, at: At) -> Value:
    """Memory and swap together; -1 for any."""
    return value if text_of(value) == "-1" else size(value, at)


def pull_policy(value: Value, at: At) -> Value:
    """When an image is pulled."""
    word = text(value, at)
    if word and not _PULL.fullmatch(word):
        at.wrong("one of always, never, missing, if_not_present, build, daily, weekly or every_DURATION", value)
        return None
    return word


def external(value: Value, at: At) -> Value:
    """An external resource: a flag, or the old mapping with its name."""
    if isinstance(value, dict):
        return shaped(value, {"name": text}, at)
    return flag(value, at) or None


_PORT = ("mode", "target", "published", "protocol", "host_ip", "name", "app_protocol")
_SOFT_AND_HARD: dict[str, Shape] = {"soft": number, "hard": number}
_PULL = re.compile(r"always|never|missing|if_not_present|build|refresh|daily|weekly|every_(\d+[a-z]+)+")
_MOUNT: dict[str, Shape] = {"source": text, "target": text, "uid": text, "gid": text, "mode": anything}
_DEVICE: dict[str, Shape] = dict.fromkeys(("source", "target", "permissions"), text)
_ENV_FILE: dict[str, Shape] = {"path": text, "required": flag, "format": text}
_DEPENDENCY: dict[str, Shape] = {"condition": text, "required": flag, "restart": flag}
_VOLUME: dict[str, Shape] = {
    "type": choice("volume", "bind", "tmpfs", "npipe", "cluster", "image"),
    "source": text,
    "target": text,
    "read_only": flag,
    "consistency": text,
    "bind": block_of(
        {
            "propagation": choice("shared", "slave", "private", "rshared", "rslave", "rprivate"),
            "create_host_path": flag,
            "selinux": choice("z", "Z"),
            "recursive": choice("enabled", "disabled", "writable", "readonly"),
        }
    ),
    "volume": block_of({"nocopy": flag, "subpath": text, "labels": labels}),
    "tmpfs": block_of({"size": size, "mode": number}),
    "image": block_of({"subpath": text}),
}
