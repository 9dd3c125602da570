"""Short forms to long ones: after this, every key of a service has exactly one form."""

from __future__ import annotations

from flowcore.compose._forms import (
    check_command,
    dependencies,
    device,
    env_files,
    exposed,
    external,
    hosts,
    labels,
    memory_and_swap,
    mount,
    ports,
    process_limits,
    pull_policy,
    volume,
)
from flowcore.compose._limits import MAX_SERVICES
from flowcore.compose._marks import Block, Value, mark_of
from flowcore.compose._report import Report
from flowcore.compose._shapes import (
    At,
    Shape,
    anything,
    block_of,
    choice,
    duration,
    flag,
    mapping,
    named,
    number,
    pairs,
    processors,
    replicas,
    restart,
    rows_of,
    shaped,
    size,
    text,
    texts,
    words,
)

_BUILD: dict[str, Shape] = {"context": text, "dockerfile": text, "args": pairs, "target": text, "labels": labels}
_RESOURCES: dict[str, Shape] = {
    "limits": block_of({"cpus": processors, "memory": size, "pids": number}),
    "reservations": block_of({"cpus": processors, "memory": size, "devices": anything, "generic_resources": anything}),
}
_UPDATE: dict[str, Shape] = {
    "parallelism": number,
    "delay": duration,
    "failure_action": choice("continue", "pause", "rollback"),
    "monitor": duration,
    "max_failure_ratio": anything,
    "order": choice("start-first", "stop-first"),
}
_DEPLOY: dict[str, Shape] = {
    "mode": choice("replicated", "global", "replicated-job", "global-job"),
    "replicas": replicas,
    "labels": labels,
    "resources": block_of(_RESOURCES),
    "restart_policy": block_of(
        {
            "condition": choice("none", "on-failure", "any"),
            "delay": duration,
            "max_attempts": number,
            "window": duration,
        }
    ),
    "update_config": block_of(_UPDATE),
    "rollback_config": block_of(_UPDATE),
    "placement": mapping,
    "endpoint_mode": text,
}
_CHECK: dict[str, Shape] = {
    "test": check_command,
    "interval": duration,
    "timeout": duration,
    "retries": number,
    "start_period": duration,
    "start_interval": duration,
    "disable": flag,
}
#: Every key a service may have, with its shape.
SERVICE: dict[str, Shape] = {
    **dict.fromkeys(("annotations", "sysctls"), labels),
    **dict.fromkeys(("cap_add", "cap_drop", "dns", "dns_opt", "dns_search", "group_add", "links", "profiles"), texts),
    **dict.fromkeys(("device_cgroup_rules", "external_links", "label_file", "security_opt", "tmpfs"), texts),
    **dict.fromkeys(("attach", "init", "oom_kill_disable", "privileged", "read_only", "stdin_open", "tty"), flag),
    **dict.fromkeys(("cgroup", "cgroup_parent", "container_name", "domainname", "hostname", "image", "ipc"), text),
    **dict.fromkeys(("isolation", "mac_address", "network_mode", "pid", "platform"), text),
    **dict.fromkeys(("runtime", "stop_signal", "user", "userns_mode", "uts", "working_dir"), text),
    **dict.fromkeys(("cpu_count", "cpu_shares", "oom_score_adj", "pids_limit"), number),
    **dict.fromkeys(("cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime"), anything),
    **dict.fromkeys(("blkio_config", "cpuset", "credential_spec", "develop", "extends", "gpus", "models"), anything),
    **dict.fromkeys(("mem_limit", "mem_reservation", "shm_size"), size),
    "mem_swappiness": number,
    "memswap_limit": memory_and_swap,
    "pull_policy": pull_policy,
    "ulimits": process_limits,
    **dict.fromkeys(("post_start", "pre_stop", "provider", "storage_opt", "use_api_socket"), anything),
    **dict.fromkeys(("command", "entrypoint"), words),
    "build": block_of(_BUILD, short="context"),
    "configs": rows_of(mount),
    "depends_on": dependencies,
    "deploy": block_of(_DEPLOY),
    "devices": rows_of(device),
    "env_file": env_files,
    "environment": pairs,
    "expose": rows_of(exposed),
    "extra_hosts": hosts,
    "healthcheck": block_of(_CHECK, closed=True),
    "labels": labels,
    "cpus": processors,
    "logging": mapping,
    "restart": restart,
    "stop_grace_period": duration,
    "volumes_from": texts,
    "networks": named,
    "ports": ports,
    "scale": replicas,
    "secrets": rows_of(mount),
    "volumes": rows_of(volume),
}
_RESOURCE: dict[str, Shape] = {
    **dict.fromkeys(("content", "driver", "environment", "file", "name", "template_driver"), text),
    "external": external,
    "labels": labels,
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
