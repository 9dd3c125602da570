"""Short forms to long ones: after this, every key of a service has exactly one form."""

from __future__ import annotations

from flowcore.compose._limits import MAX_SERVICES
from flowcore.compose._marks import Block, Rows, Value, mark_of
from flowcore.compose._ports import Port, PortError, long_port, parse_exposed, parse_port
from flowcore.compose._report import Report
from flowcore.compose._scalars import text_of
from flowcore.compose._shapes import (
    At,
    Shape,
    anything,
    block_of,
    flag,
    is_scalar,
    mapping,
    named,
    number,
    pairs,
    replicas,
    rows_of,
    shaped,
    text,
    texts,
    words,
)
from flowcore.compose._volumes import parse_volume, unknown_options
from flowcore.errors import InvalidInputError

_CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")


def _port(value: Value, at: At) -> Value:
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


def _port_block(port: Port, mode: str, at: At) -> Block:
    block = Block({"mode": mode, "target": port.target}, mark=at.mark)
    for key in ("name", "host_ip", "app_protocol"):
        if word := getattr(port, key):
            block[key] = word
    if port.published:
        block["published"] = str(port.published)
    block["protocol"] = port.protocol
    return block


def _exposed(value: Value, at: At) -> Value:
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


def _volume(value: Value, at: At) -> Value:
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


def _mount(value: Value, at: At) -> Value:
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


def _env_files(value: Value, at: At) -> Value:
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


def _dependencies(value: Value, at: At) -> Value:
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


def _hosts(value: Value, at: At) -> Value:
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


def _test(value: Value, at: At) -> Value:
    """A check's command: a text means CMD-SHELL."""
    if isinstance(value, str):
        return Rows(["CMD-SHELL", value] if value else [], mark=at.mark, marks=[at.mark] * 2)
    return texts(value, at)


def _labels(value: Value, at: At) -> Value:
    found = pairs(value, at)
    for key in found or ():
        found[key] = found[key] or ""
    return found


def _external(value: Value, at: At) -> Value:
    """An external resource: a flag, or the old mapping with its name."""
    if isinstance(value, dict):
        return shaped(value, {"name": text}, at)
    return flag(value, at) or None


_PORT = ("mode", "target", "published", "protocol", "host_ip", "name", "app_protocol")
_MOUNT: dict[str, Shape] = {"source": text, "target": text, "uid": text, "gid": text, "mode": anything}
_ENV_FILE: dict[str, Shape] = {"path": text, "required": flag, "format": text}
_DEPENDENCY: dict[str, Shape] = {"condition": text, "required": flag, "restart": flag}
_VOLUME: dict[str, Shape] = {
    "type": text,
    "source": text,
    "target": text,
    "read_only": flag,
    "consistency": text,
    "bind": mapping,
    "volume": block_of({"nocopy": flag, "subpath": text, "labels": _labels}),
    "tmpfs": block_of({"size": anything, "mode": anything}),
    "image": block_of({"subpath": text}),
}
_BUILD: dict[str, Shape] = {"context": text, "dockerfile": text, "args": pairs, "target": text, "labels": _labels}
_RESOURCES: dict[str, Shape] = {
    "limits": block_of({"cpus": anything, "memory": anything, "pids": number}),
    "reservations": block_of(
        {"cpus": anything, "memory": anything, "devices": anything, "generic_resources": anything}
    ),
}
_DEPLOY: dict[str, Shape] = {
    "mode": text,
    "replicas": replicas,
    "labels": _labels,
    "resources": block_of(_RESOURCES),
    "restart_policy": mapping,
    "update_config": mapping,
    "rollback_config": mapping,
    "placement": mapping,
    "endpoint_mode": text,
}
_CHECK: dict[str, Shape] = {
    "test": _test,
    "interval": text,
    "timeout": text,
    "retries": number,
    "start_period": text,
    "start_interval": text,
    "disable": flag,
}
#: Every key a service may have, with its shape.
SERVICE: dict[str, Shape] = {
    **dict.fromkeys(("annotations", "sysctls"), _labels),
    **dict.fromkeys(("cap_add", "cap_drop", "dns", "dns_opt", "dns_search", "group_add", "links", "profiles"), texts),
    **dict.fromkeys(("device_cgroup_rules", "devices", "external_links", "label_file", "security_opt", "tmpfs"), texts),
    **dict.fromkeys(("attach", "init", "oom_kill_disable", "privileged", "read_only", "stdin_open", "tty"), flag),
    **dict.fromkeys(("cgroup", "cgroup_parent", "container_name", "domainname", "hostname", "image", "ipc"), text),
    **dict.fromkeys(("isolation", "mac_address", "network_mode", "pid", "platform", "pull_policy", "restart"), text),
    **dict.fromkeys(("runtime", "stop_grace_period", "stop_signal", "user", "userns_mode", "uts", "working_dir"), text),
    **dict.fromkeys(("cpu_count", "cpu_shares", "oom_score_adj", "pids_limit"), number),
    **dict.fromkeys(("cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpus"), anything),
    **dict.fromkeys(("blkio_config", "cpuset", "credential_spec", "develop", "extends", "gpus", "models"), anything),
    **dict.fromkeys(("mem_limit", "mem_reservation", "mem_swappiness", "memswap_limit", "shm_size"), anything),
    **dict.fromkeys(("post_start", "pre_stop", "provider", "storage_opt", "ulimits", "use_api_socket"), anything),
    **dict.fromkeys(("command", "entrypoint"), words),
    "build": block_of(_BUILD, short="context"),
    "configs": rows_of(_mount),
    "depends_on": _dependencies,
    "deploy": block_of(_DEPLOY),
    "env_file": _env_files,
    "environment": pairs,
    "expose": rows_of(_exposed),
    "extra_hosts": _hosts,
    "healthcheck": block_of(_CHECK, closed=True),
    "labels": _labels,
    "logging": mapping,
    "networks": named,
    "ports": rows_of(_port),
    "scale": replicas,
    "secrets": rows_of(_mount),
    "volumes": rows_of(_volume),
}
_RESOURCE: dict[str, Shape] = {
    **dict.fromkeys(("content", "driver", "environment", "file", "name", "template_driver"), text),
    "external": _external,
    "labels": _labels,
}
_GROUPS = ("networks", "volumes", "secrets", "configs")
#: Every key a Compose file may have.
TOP_LEVEL = frozenset({"version", "name", "services", "include", "models", *_GROUPS})


def normalise(tree: Block, report: Report) -> Block:
    """Return the document with every short form written out; wrong shapes are reported and left out."""
    at = At(report, tree.mark, "")
    shapes: dict[str, Shape] = {"name": text, "services": _services, **dict.fromkeys(_GROUPS, _resources)}
    return shaped(tree, shapes, at)


def _services(value: Value, at: At) -> Value:
    if not isinstance(value, dict):
        at.wrong("a mapping from names to services", value)
        return None
    if len(value) > MAX_SERVICES:
        message = f"there are {len(value)} services, more than the {MAX_SERVICES} that are imported"
        at.refuse("compose-limit", message, "split the project")
        return None
    result = Block(mark=mark_of(value))
    for name, service in value.items():
        place = at.key(value, name)
        if isinstance(service, dict):
            result.put(name, shaped(service, SERVICE, place), mark_of(value, name))
        else:
            place.wrong("a mapping", service, "give the service an image or a build")
    return result


def _resources(value: Value, at: At) -> Value:
    groups = named(value, at)
    result = Block(mark=mark_of(value))
    for name, options in (groups or {}).items():
        place = at.key(groups, name)
        block = shaped(options or {}, _RESOURCE, place)
        block.mark = block.mark if block.mark.line else place.mark
        result.put(name, block, groups.marks[name])
    return result
