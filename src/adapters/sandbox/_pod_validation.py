"""What is refused in pods and pod templates."""

from __future__ import annotations

from typing import Any

from adapters.sandbox._problems import Problems
from adapters.sandbox._quantities import parsed
from adapters.sandbox._status import Object

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
PROTOCOLS = ("SCTP", "TCP", "UDP")
_DNS_POLICIES = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
_RESTARTS = ("Always", "Never", "OnFailure")
_VALUE_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_NAMED = ("configMapKeyRef", "secretKeyRef", "configMapRef", "secretRef")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def check_pod_spec(spec: Object, path: str, problems: Problems, claims: frozenset[str] = frozenset()) -> None:
    """Check a pod's spec. `claims` are volumes that come from elsewhere (a StatefulSet's claim templates)."""
    volumes = _check_volumes(spec.get("volumes", []), f"{path}.volumes", problems) | claims
    names: set[str] = set()
    if not spec.get("containers"):
        problems.required(f"{path}.containers")
    for group in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(group, ())):
            place = f"{path}.{group}[{index}]"
            _check_container(container, place, problems, volumes, is_init=group == "initContainers")
            name = container.get("name")
            if name in names:
                problems.duplicate(f"{place}.name", name)
            names.add(name)
    _check_words(spec, path, problems)
    problems.at_least(f"{path}.terminationGracePeriodSeconds", spec.get("terminationGracePeriodSeconds"), 0)
    problems.at_least(f"{path}.activeDeadlineSeconds", spec.get("activeDeadlineSeconds"), 1)
    problems.labels(f"{path}.nodeSelector", spec.get("nodeSelector", {}))
    for index, toleration in enumerate(spec.get("tolerations", ())):
        _check_toleration(toleration, f"{path}.tolerations[{index}]", problems)


def _check_words(spec: Object, path: str, problems: Problems) -> None:
    problems.one_of(f"{path}.restartPolicy", spec.get("restartPolicy"), _RESTARTS)
    problems.one_of(f"{path}.dnsPolicy", spec.get("dnsPolicy"), _DNS_POLICIES)
    if spec.get("dnsPolicy") == "None" and not spec.get("dnsConfig", {}).get("nameservers"):
        text = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        problems.required(f"{path}.dnsConfig.nameservers", text)
    if spec.get("serviceAccountName"):
        problems.subdomain(f"{path}.serviceAccountName", spec["serviceAccountName"])
    if spec.get("hostname"):
        problems.label(f"{path}.hostname", spec["hostname"])
    if spec.get("subdomain"):
        problems.label(f"{path}.subdomain", spec["subdomain"])


def _check_toleration(toleration: Object, path: str, problems: Problems) -> None:
    operator = toleration.get("operator", "Equal")
    problems.one_of(f"{path}.operator", operator, ("Equal", "Exists", "Gt", "Lt"))
    problems.one_of(f"{path}.effect", toleration.get("effect") or None, ("NoExecute", "NoSchedule", "PreferNoSchedule"))
    if not toleration.get("key") and operator != "Exists":
        text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        problems.invalid(f"{path}.operator", operator, text)
    if operator == "Exists" and toleration.get("value"):
        problems.invalid(f"{path}.operator", toleration["value"], "value must be empty when `operator` is 'Exists'")


def _check_volumes(volumes: list[Object], path: str, problems: Problems) -> frozenset[str]:
    names: set[str] = set()
    for index, volume in enumerate(volumes):
        place = f"{path}[{index}]"
        name = volume.get("name", "")
        if not name:
            continue
        problems.label(f"{place}.name", name)
        if name in names:
            problems.duplicate(f"{place}.name", name)
        names.add(name)
        sources = [key for key in volume if key != "name"]
        for extra in sources[1:]:
            problems.forbidden(f"{place}.{extra}", "may not specify more than 1 volume type")
        _check_source(volume, place, problems)
    return frozenset(names)


def _check_source(volume: Object, path: str, problems: Problems) -> None:
    for source, key in (("configMap", "name"), ("secret", "secretName"), ("persistentVolumeClaim", "claimName")):
        if source in volume and not volume[source].get(key):
            problems.required(f"{path}.{source}.{key}")
    if "hostPath" in volume and not volume["hostPath"].get("path"):
        problems.required(f"{path}.hostPath.path")
    for source in ("configMap", "secret", "downwardAPI", "projected"):
        mode = volume.get(source, {}).get("defaultMode")
        if isinstance(mode, int) and not 0 <= mode <= 0o777:
            text = "must be a number between 0 and 0777 (octal), both inclusive"
            problems.invalid(f"{path}.{source}.defaultMode", mode, text)


def _check_container(
    container: Object, path: str, problems: Problems, volumes: frozenset[str], *, is_init: bool
) -> None:
    if container.get("name"):
        problems.label(f"{path}.name", container["name"])
    image = container.get("image", "")
    if not image:
        problems.required(f"{path}.image")
    elif image != image.strip():
        problems.invalid(f"{path}.image", image, "must not have leading or trailing whitespace")
    problems.one_of(f"{path}.imagePullPolicy", container.get("imagePullPolicy"), PULL_POLICIES)
    problems.one_of(
        f"{path}.terminationMessagePolicy",
        container.get("terminationMessagePolicy"),
        ("FallbackToLogsOnError", "File"),
    )
    _check_ports(container.get("ports", ()), f"{path}.ports", problems)
    _check_env(container, path, problems)
    _check_mounts(container.get("volumeMounts", ()), f"{path}.volumeMounts", problems, volumes)
    _check_resources(container.get("resources", {}), f"{path}.resources", problems)
    for name in _PROBES:
        if name in container:
            if is_init and container.get("restartPolicy") != "Always":
                problems.forbidden(f"{path}.{name}", "may not be set for init containers without restartPolicy=Always")
            _check_probe(container[name], f"{path}.{name}", problems, must_be_one=name != "readinessProbe")


def _check_ports(ports: Any, path: str, problems: Problems) -> None:
    names: set[str] = set()
    for index, port in enumerate(ports):
        place = f"{path}[{index}]"
        if "containerPort" in port:
            problems.port(f"{place}.containerPort", port["containerPort"])
        if port.get("hostPort"):
            problems.port(f"{place}.hostPort", port["hostPort"])
        problems.one_of(f"{place}.protocol", port.get("protocol"), PROTOCOLS)
        name = port.get("name")
        if name:
            problems.port_name(f"{place}.name", name)
            if name in names:
                problems.duplicate(f"{place}.name", name)
            names.add(name)


def _check_env(container: Object, path: str, problems: Problems) -> None:
    for index, variable in enumerate(container.get("env", ())):
        place = f"{path}.env[{index}]"
        name = variable.get("name", "")
        if name and ("=" in name or not name.isascii() or not name.isprintable()):
            text = "a valid environment variable name must consist only of printable ASCII characters other than '='"
            problems.invalid(f"{place}.name", name, text)
        if "valueFrom" in variable:
            if variable.get("value"):
                problems.invalid(f"{place}.valueFrom", "", "may not be specified when `value` is not empty")
            _check_reference(variable["valueFrom"], _VALUE_SOURCES, f"{place}.valueFrom", problems)
    for index, source in enumerate(container.get("envFrom", ())):
        _check_reference(source, ("configMapRef", "secretRef"), f"{path}.envFrom[{index}]", problems)


def _check_reference(source: Object, kinds: tuple[str, ...], path: str, problems: Problems) -> None:
    given = [kind for kind in kinds if kind in source]
    if not given:
        listed = ", ".join(f"`{kind}`" for kind in kinds[:-1])
        problems.invalid(path, "", f"must specify one of: {listed} or `{kinds[-1]}`")
    elif len(given) > 1:
        problems.invalid(path, "", "may not have more than one field specified at a time")
    elif given[0] in _NAMED and not source[given[0]].get("name"):
        problems.required(f"{path}.{given[0]}.name")


def _check_mounts(mounts: Any, path: str, problems: Problems, volumes: frozenset[str]) -> None:
    paths: set[str] = set()
    for index, mount in enumerate(mounts):
        place = f"{path}[{index}]"
        name, where = mount.get("name"), mount.get("mountPath")
        if name and name not in volumes:
            problems.missing(f"{place}.name", name)
        if where in paths:
            problems.invalid(f"{place}.mountPath", where, "must be unique")
        if where:
            paths.add(where)
        for kind in ("subPath", "subPathExpr"):
            inside = mount.get(kind, "")
            if inside.startswith("/"):
                problems.invalid(f"{place}.{kind}", inside, "must be a relative path")
            elif ".." in inside.split("/"):
                problems.invalid(f"{place}.{kind}", inside, "must not contain '..'")


def _check_resources(resources: Object, path: str, problems: Problems) -> None:
    limits, requests = resources.get("limits", {}), resources.get("requests", {})
    for part, values in (("limits", limits), ("requests", requests)):
        for name, text in values.items():
            amount = parsed(str(text))
            if amount is not None and amount < 0:
                problems.invalid(f"{path}.{part}[{name}]", text, "must be greater than or equal to 0")
    for name, text in requests.items():
        wanted, most = parsed(str(text)), parsed(str(limits.get(name, "")))
        if wanted is not None and most is not None and wanted > most:
            problems.invalid(f"{path}.requests", text, f"must be less than or equal to {name} limit of {limits[name]}")


def _check_probe(probe: Object, path: str, problems: Problems, *, must_be_one: bool) -> None:
    handlers = [name for name in _HANDLERS if name in probe]
    if not handlers:
        problems.required(path, "must specify a handler type")
    for extra in handlers[1:]:
        problems.forbidden(f"{path}.{extra}", "may not specify more than 1 handler type")
    for name in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        problems.at_least(f"{path}.{name}", probe.get(name), 0)
    if must_be_one and probe.get("successThreshold", 1) != 1:
        problems.invalid(f"{path}.successThreshold", probe["successThreshold"], "must be 1")
    for name in ("httpGet", "tcpSocket", "grpc"):
        if name in probe:
            _check_handler_port(probe[name].get("port"), f"{path}.{name}.port", problems)


def _check_handler_port(port: Any, path: str, problems: Problems) -> None:
    if isinstance(port, int):
        problems.port(path, port)
    elif isinstance(port, str):
        problems.port_name(path, port)
