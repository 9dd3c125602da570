"""The keys of Compose that a cluster has no word for, each with what that means."""

from __future__ import annotations

from flowcore.compose._labels import OF_VOLUMES, tell_labels
from flowcore.compose._marks import Block, Value, mark_of
from flowcore.compose._project import Project
from flowcore.compose._scope import Networks, Options, Scope
from flowcore.compose._workloads import restart_of

_HARMLESS = "it changes nothing in the cluster"
#: Keys without effect on how the application behaves: what became of them.
_INFO: dict[str, str] = {
    "attach": "the logs are in the cluster",
    "container_name": "pods have names of their own",
    "develop": _HARMLESS,
    "init": "the kubelet reaps what a pod leaves behind",
    "logging": "the cluster collects what containers write",
    "oom_score_adj": "the cluster sets it from requests and limits",
    "networks": "in a cluster all services reach each other",
}
#: Keys whose loss can be felt: why, and what to do.
_WARNING: dict[str, tuple[str, str]] = {
    "blkio_config": ("disk limits do not exist", ""),
    "cgroup": ("the kubelet sets control groups", ""),
    "cgroup_parent": ("the kubelet sets control groups", ""),
    "cpu_count": ("set a CPU limit", "use cpus"),
    "cpu_percent": ("set a CPU limit", "use cpus"),
    "cpu_period": ("the kubelet sets it from the CPU limit", "use cpus"),
    "cpu_quota": ("the kubelet sets it from the CPU limit", "use cpus"),
    "cpu_rt_period": ("real-time scheduling is not offered", ""),
    "cpu_rt_runtime": ("real-time scheduling is not offered", ""),
    "cpu_shares": ("shares follow from the CPU request", "use deploy.resources.reservations.cpus"),
    "cpuset": ("the kubelet's CPU manager decides", ""),
    "credential_spec": ("gMSA is set up in the cluster", ""),
    "device_cgroup_rules": ("devices need a device plugin", ""),
    "devices": ("devices of the host need a device plugin or a privileged pod with a hostPath", ""),
    "domainname": ("the cluster gives the domain", ""),
    "external_links": ("containers outside the file are not known", "add a service of type ExternalName"),
    "ipc": ("memory is shared inside a pod only", ""),
    "isolation": ("the cluster's runtime decides", ""),
    "mac_address": ("the cluster gives addresses", ""),
    "mem_swappiness": ("the node decides about swap", ""),
    "memswap_limit": ("the node decides about swap", ""),
    "models": ("models are run by Docker", "run the model as a service"),
    "oom_kill_disable": ("a container above its memory limit is always ended", ""),
    "pids_limit": ("the kubelet limits processes for all pods", ""),
    "provider": (
        "providers are programs of the machine Compose runs on",
        "remove the service, or run what it provides",
    ),
    "runtime": ("the runtime of pods is chosen by a RuntimeClass", "set runtimeClassName in the node's overrides"),
    "stop_signal": ("a pod is always stopped with the image's signal, else SIGTERM", "set STOPSIGNAL in the image"),
    "storage_opt": ("disk limits are set with ephemeral-storage", "set resources.limits.ephemeral-storage on the node"),
    "ulimits": ("the node's container runtime sets them", ""),
    "use_api_socket": ("the Docker socket does not exist in a cluster", ""),
    "userns_mode": ("user namespaces are switched on with hostUsers: false", ""),
    "uts": ("the host name belongs to the pod", ""),
}
_DEPLOY_INFO = {
    "endpoint_mode": "the cluster balances through its services",
    "labels": "they describe the service in Swarm",
    "restart_policy": "a cluster restarts what ends",
    "rollback_config": "a deployment rolls back by its own rules",
}
_DEPLOY_USED = frozenset({"mode", "placement", "replicas", "resources", "update_config"})
_NETWORK_HARMLESS = frozenset({"aliases", "priority", "gw_priority"})
_VOLUME_OPTIONS = frozenset({"create_host_path", "subpath", "size", "nocopy"})
_ANY_ADDRESS = frozenset({"", "0.0.0.0", "::", "::1", "localhost"})  # noqa: S104 - compared, not listened on
_EMPTY: tuple[Value, ...] = (None, "", [], {}, False)


def tell_unsupported(scope: Scope) -> None:
    """Report every key of a service that is not carried over."""
    for key, value in scope.service.items():
        if value in _EMPTY:
            continue
        if key == "networks" and scope.options.networks is Networks.POLICIES:
            continue
        if key in _INFO:
            scope.info("left-out", f"{key} was left out: {_INFO[key]}", scope.place(key))
        elif key in _WARNING:
            why, fix = _WARNING[key]
            scope.warn("unsupported", f"{key} has no counterpart and was left out", scope.place(key), why=why, fix=fix)
    _deploy(scope)
    _networks(scope)
    _volumes(scope)
    _ports(scope)
    tell_labels(scope)
    _restart(scope)


def _deploy(scope: Scope) -> None:
    deploy: Value = scope.get("deploy") or Block()
    for key in deploy:
        place = scope.place("deploy", key, deploy)
        if key in _DEPLOY_INFO:
            scope.info("left-out", f"deploy.{key} was left out: {_DEPLOY_INFO[key]}", place)
        elif key not in _DEPLOY_USED and not key.startswith("x-"):
            message = f"deploy.{key} has no counterpart and was left out"
            scope.warn("unsupported", message, place, fix="remove it")


def _networks(scope: Scope) -> None:
    networks: Value = scope.get("networks") or Block()
    for name, options in networks.items():
        for key in options or ():
            if key in _NETWORK_HARMLESS or key.startswith("x-"):
                continue
            scope.warn(
                "network",
                f"networks.{name}.{key} has no counterpart and was left out",
                mark_of(options, key).place(f"services.{scope.name}.networks.{name}.{key}"),
                why="the cluster gives addresses" if "ip" in key else "",
                fix="use the name of the service in the place of a fixed address" if "ip" in key else "",
            )


def _volumes(scope: Scope) -> None:
    rows: Value = scope.get("volumes") or []
    for position, volume in enumerate(rows):
        options = {**(volume.get("bind") or {}), **(volume.get("volume") or {}), **(volume.get("tmpfs") or {})}
        names = [key for key in options if key not in _VOLUME_OPTIONS and not key.startswith("x-")]
        for key in [*names, *(["consistency"] if "consistency" in volume else [])]:
            place = scope.place("volumes", position, rows)
            scope.info("volume-option", f"the volume option {key} has no counterpart and was left out", place)
    specs: Value = scope.get("tmpfs") or []
    for position, spec in enumerate(specs):
        for option in spec.partition(":")[2].split(","):
            if option and not option.startswith("size="):
                place = scope.place("tmpfs", position, specs)
                scope.info("volume-option", f"the tmpfs option {option} has no counterpart and was left out", place)


def _ports(scope: Scope) -> None:
    rows: Value = scope.get("ports") or []
    for position, row in enumerate(rows):
        place = scope.place("ports", position, rows)
        if row.get("mode") not in (None, "ingress"):
            scope.info("port-option", f"the port mode {row['mode']} was left out: a cluster's services balance", place)
        if row.get("host_ip", "") not in _ANY_ADDRESS and not row["host_ip"].startswith("127."):
            message = f"the address {row['host_ip']} was left out: the port is published wherever the service is"
            scope.info("port-option", message, place, fix="set loadBalancerIP on the service")


def _restart(scope: Scope) -> None:
    restart = restart_of(scope)
    if restart.startswith(("no", "on-failure")) and scope.kind not in ("job", "cronjob"):
        scope.info(
            "restart",
            f"with restart: {restart} Compose lets it end; a {scope.kind} starts it again whenever it does",
            scope.place("restart" if scope.get("restart") else "deploy"),
            fix="set the label kompose.controller.type: job when it is meant to end",
        )


def tell_unsupported_groups(project: Project, options: Options) -> None:
    """Report the top-level keys that are not carried over."""
    report, tree = project.report, project.tree
    if "version" in tree:
        report.info("compose-left-out", "version is obsolete and ignored", mark_of(tree, "version"), path="version")
    if "models" in tree:
        message = "models are run by Docker and were left out"
        report.warn("compose-unsupported", message, mark_of(tree, "models"), path="models")
    _top_networks(project, options)
    for group, known in (("volumes", _VOLUME_KEYS), ("secrets", _FILE_KEYS), ("configs", _FILE_KEYS)):
        _group(project, group, known)
    if project.disabled:
        names = ", ".join(project.disabled)
        message = f"services of profiles that are not active were left out: {names}"
        report.info(
            "compose-profiles", message, mark_of(tree, "services"), path="services", fix="activate their profiles"
        )


def _top_networks(project: Project, choices: Options) -> None:
    networks = project.group("networks")
    if choices.networks is Networks.POLICIES:
        _policy_networks(project)
        return
    for name, options in networks.items():
        keys = [key for key in options if key not in ("name", "labels") and not key.startswith("x-")]
        project.report.info(
            "compose-left-out",
            f"the network {name} was left out: in a cluster all services reach each other"
            + (f" ({', '.join(keys)} has no counterpart)" if keys else ""),
            networks.marks[name],
            path=f"networks.{name}",
            fix="import with networks=policies to keep services apart" if options.get("internal") else "",
        )


def _policy_networks(project: Project) -> None:
    networks = project.group("networks")
    joined = {name for service in project.services.values() for name in service.get("networks") or ("default",)}
    for name, options in networks.items():
        if name not in joined:
            message = f"the network {name} was left out: no service is on it"
            project.report.info("compose-unused", message, networks.marks[name], path=f"networks.{name}")
        for key in options:
            if key not in _POLICY_KEYS and not key.startswith("x-"):
                message = f"networks.{name}.{key} was left out: the cluster has one network, and its plugin decides"
                path = f"networks.{name}.{key}"
                project.report.info("compose-left-out", message, mark_of(options, key), path=path)


_POLICY_KEYS = frozenset({"name", "labels", "internal", "external"})
_VOLUME_KEYS = frozenset({"driver", "driver_opts", "external", "name"})
_FILE_KEYS = frozenset({"file", "environment", "content", "external", "name"})


def _group(project: Project, group: str, known: frozenset[str]) -> None:
    for name, options in project.group(group).items():
        for key in options:
            if key in known or key.startswith("x-") or _is_read(options, key):
                continue
            message = f"{group}.{name}.{key} has no counterpart and was left out"
            tell = project.report.info if key == "labels" else project.report.warn
            tell("compose-unsupported", message, mark_of(options, key), path=f"{group}.{name}.{key}")


def _is_read(options: Block, key: str) -> bool:
    return key == "labels" and all(label in OF_VOLUMES for label in options[key])
