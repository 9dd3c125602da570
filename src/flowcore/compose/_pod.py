"""What surrounds the container: host names, name servers, node, namespaces, labels and how it stops."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from flowcore.compose._labels import name_label
from flowcore.compose._marks import Value
from flowcore.compose._names import clean_name
from flowcore.compose._scope import Networks, Scope
from flowcore.compose._sidecars import SHARED
from flowcore.compose._units import whole_seconds

_ANNOTATION = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armhf": "arm", "i386": "386"}
_KNOWN_ARCHITECTURES = frozenset({"amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64"})


def draw_pod(scope: Scope) -> None:
    """Set what belongs to the pod."""
    _no_service_links(scope)
    _stop(scope)
    _hosts(scope)
    _dns(scope)
    _platform(scope)
    _namespaces(scope)
    _labels(scope)
    hostname = scope.get("hostname")
    if hostname and scope.kind == "statefulset":
        message = f"the host name {hostname} was left out: the pods of a stateful set are called {scope.id}-0 and so on"
        scope.info("hostname", message, scope.place("hostname"))
    elif hostname:
        scope.data["hostname"] = clean_name(hostname.split(".")[0])
        if scope.data["hostname"] != hostname:
            message = (
                f"the host name {hostname} is {scope.data['hostname']} in the pod, which has no domain in its name"
            )
            scope.info("hostname", message, scope.place("hostname"), fix="set subdomain in the node's overrides")
    secret = name_label(scope, "kompose.image-pull-secret")
    if secret:
        scope.data["imagePullSecrets"] = [secret]
    account = name_label(scope, "kompose.serviceaccount-name")
    if account:
        scope.data["serviceAccountName"] = account


def _no_service_links(scope: Scope) -> None:
    """Keep the cluster's own variables out of the container.

    For a service ``kafka`` every pod would get ``KAFKA_PORT=tcp://10.0.0.1:9092`` and the like, which images take for
    their settings, and break on.
    """
    pod = {"spec": {"template": {"spec": {"enableServiceLinks": False}}}}
    scope.data["overrides"] = {"spec": {"jobTemplate": pod}} if scope.kind == "cronjob" else pod


def _stop(scope: Scope) -> None:
    period = scope.get("stop_grace_period")
    if period is None:
        return
    seconds = whole_seconds(period, least=0)
    if seconds is None:
        scope.error("duration", f"{period!r} is not a duration like 1m30s", scope.place("stop_grace_period"))
        return
    scope.data["terminationGracePeriodSeconds"] = seconds


def _hosts(scope: Scope) -> None:
    hosts: Value = scope.get("extra_hosts") or {}
    by_address: dict[str, list[str]] = {}
    for host, addresses in hosts.items():
        for address in addresses:
            if _is_address(address) and _HOST.match(host):
                by_address.setdefault(address, []).append(host)
                continue
            scope.warn(
                "extra-host",
                f"the host {host} at {address} is no valid host and address; it was left out",
                scope.place("extra_hosts", host, hosts),
                why="host-gateway is the machine Docker runs on, which a pod does not know"
                if "gateway" in address
                else "",
                fix="give the address of the machine that is meant",
            )
    if by_address:
        scope.data["hostAliases"] = [{"ip": address, "hostnames": names} for address, names in by_address.items()]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _dns(scope: Scope) -> None:
    config: dict[str, Any] = {}
    servers = [server for server in scope.get("dns") or [] if _is_address(server)]
    if servers:
        config["nameservers"] = servers[:3]
        scope.warn(
            "dns",
            f"the name servers {', '.join(servers[:3])} are asked beside the cluster's own",
            scope.place("dns"),
            fix="set dnsPolicy to None on the node when only these may be asked",
        )
    if scope.get("dns_search"):
        config["searches"] = [name for name in scope.get("dns_search") if _HOST.match(name)]
    options = [option.partition(":") for option in scope.get("dns_opt") or []]
    if options:
        config["options"] = [{"name": name, "value": value} if value else {"name": name} for name, _, value in options]
    if config:
        scope.data["dnsConfig"] = config


def _platform(scope: Scope) -> None:
    platform: str = scope.get("platform") or ""
    if not platform:
        return
    system, _, rest = platform.lower().partition("/")
    architecture = rest.split("/")[0] if rest else system
    architecture = _ARCHITECTURES.get(architecture, architecture)
    if architecture not in _KNOWN_ARCHITECTURES or (rest and system not in ("linux", "windows")):
        scope.warn(
            "platform",
            f"the platform {platform} is unknown to Kubernetes and was left out",
            scope.place("platform"),
            fix="choose nodes that can run the image with nodeSelector or runtimeClassName on the node",
        )
        return
    scope.data["nodeSelector"] = {"kubernetes.io/arch": architecture}
    if rest and system == "windows":
        scope.data["nodeSelector"]["kubernetes.io/os"] = system


def _namespaces(scope: Scope) -> None:
    if scope.get("pid") == "host":
        scope.data["hostPID"] = True
        scope.warn("pid", "the pod sees the processes of its node, which many clusters refuse", scope.place("pid"))
    elif scope.get("pid"):
        scope.warn("pid", f"pid: {scope.get('pid')} has no counterpart and was left out", scope.place("pid"))
    mode: str = scope.get("network_mode") or ""
    if mode == "host":
        scope.data["hostNetwork"] = True
        scope.data["dnsPolicy"] = "ClusterFirstWithHostNet"
        scope.warn(
            "network-mode",
            "the pod uses the network of its node: its ports are open there, and only one such pod fits on a node",
            scope.place("network_mode"),
            fix="remove network_mode and list the ports, unless the node's network is needed",
        )
    elif mode == "none" and scope.options.networks is Networks.POLICIES:
        return  # a policy keeps it alone
    elif mode and mode not in ("bridge", "default") and not mode.startswith(SHARED):
        scope.warn(
            "network-mode",
            f"network_mode: {mode} has no counterpart; the pod has a network of its own",
            scope.place("network_mode"),
            fix="write networks: policies for this import, and nothing reaches it" if mode == "none" else "",
        )


def _labels(scope: Scope) -> None:
    annotations: dict[str, str] = {}
    for key in ("labels", "annotations"):
        for name, value in (scope.get(key) or {}).items():
            if name.startswith("kompose."):
                continue
            if _ANNOTATION.match(name):
                annotations[name] = value
                continue
            scope.info(
                "label",
                f"the label {name} is not a name for an annotation and was left out",
                scope.place(key, name, scope.get(key)),
            )
    if annotations:
        scope.data["annotations"] = annotations
