"""Probes, resources, security, the pod, dependencies."""

from __future__ import annotations

import pytest

from flowcore.errors import Severity
from tests.unit.compose.looking import data, edges, found, imported, only, refused, service


def test_a_healthcheck_becomes_probes_with_a_gentler_liveness() -> None:
    web = data(
        service(
            "healthcheck: {test: [CMD, check, '$$X'], interval: 1m30s, timeout: 500ms, retries: '4', start_period: 20s}"
        ),
        "web",
    )
    probe = {"exec": {"command": ["check", "$X"]}, "timeoutSeconds": 1}
    assert web["readinessProbe"] == {**probe, "periodSeconds": 90, "failureThreshold": 4}
    assert web["livenessProbe"] == {**probe, "periodSeconds": 90, "failureThreshold": 8}
    assert web["startupProbe"] == {**probe, "periodSeconds": 5, "failureThreshold": 4 + 72}


@pytest.mark.parametrize(
    ("test", "command"),
    [
        ("curl -f 'http://x' || exit 1", ["/bin/sh", "-c", "curl -f 'http://x' || exit 1"]),
        ("[CMD-SHELL, 'echo $$(id)']", ["/bin/sh", "-c", "echo $$(id)"]),
        ("[CMD, a, b c]", ["a", "b c"]),
        ("[curl, x]", ["curl", "x"]),
    ],
)
def test_every_form_of_a_test_is_a_command(test: str, command: list[str]) -> None:
    web = data(service(f"healthcheck:\n  test: {test}"), "web")
    assert web["readinessProbe"]["exec"]["command"] == command
    assert (web["readinessProbe"]["periodSeconds"], web["readinessProbe"]["failureThreshold"]) == (30, 3)
    assert "startupProbe" in web


@pytest.mark.parametrize(("start", "seconds"), [("", 300), (", start_period: 40s", 340)])
def test_a_container_gets_five_minutes_to_come_up_before_it_is_restarted(start: str, seconds: int) -> None:
    web = data(service(f"healthcheck: {{test: x, interval: 2s, retries: 5{start}}}"), "web")
    assert web["startupProbe"]["periodSeconds"] * web["startupProbe"]["failureThreshold"] == seconds


@pytest.mark.parametrize("body", ["{disable: true}", "{test: [NONE]}", "{test: ''}", "{test: []}", "{interval: 5s}"])
def test_a_healthcheck_without_a_test_makes_no_probe_and_is_told(body: str) -> None:
    result = service(f"healthcheck: {body}")
    assert "readinessProbe" not in data(result, "web")
    assert only(result, "healthcheck").place.line == 4


def test_an_empty_healthcheck_is_none() -> None:
    assert "readinessProbe" not in data(service("healthcheck:"), "web")


def test_a_wrong_duration_is_refused_with_its_place() -> None:
    error = refused("services:\n  web:\n    image: a\n    healthcheck:\n      test: a\n      interval: soon\n")
    [problem] = error.findings
    assert (problem.place.line, problem.place.path) == (6, "services.web.healthcheck.interval")


def test_resources_are_converted() -> None:
    web = data(
        service("deploy: {resources: {limits: {cpus: '0.5', memory: 512m}, reservations: {cpus: 0.25, memory: 1gb}}}"),
        "web",
    )
    assert web["resources"]["limits"] == {"cpu": "500m", "memory": "512Mi"}
    assert web["resources"]["requests"] == {"cpu": "250m", "memory": "512Mi"}


def test_a_reservation_above_its_limit_is_lowered_with_a_warning() -> None:
    result = service("mem_limit: 512m\nmem_reservation: 1g\ncpus: 1.5")
    assert data(result, "web")["resources"] == {
        "limits": {"cpu": "1500m", "memory": "512Mi"},
        "requests": {"memory": "512Mi"},
    }
    assert only(result, "resources").severity is Severity.WARNING


def test_a_limit_of_zero_is_none() -> None:
    assert "resources" not in data(service("mem_limit: 0\ncpus: 0"), "web")


@pytest.mark.parametrize("body", ["mem_limit: much", "cpus: many", "shm_size: x", "stop_grace_period: y"])
def test_a_wrong_quantity_is_refused(body: str) -> None:
    error = refused(f"services:\n  web:\n    image: a\n    {body}\n")
    assert error.findings[0].place.line == 4


def test_devices_are_told() -> None:
    body = "deploy:\n  resources:\n    reservations:\n      devices: [{driver: acme, capabilities: [tpu]}]"
    finding = only(service(body), "resources")
    assert (finding.place.line, finding.place.path) == (7, "services.web.deploy.resources.reservations.devices")


@pytest.mark.parametrize(
    ("body", "replicas"), [("deploy: {replicas: '3'}", 3), ("scale: 2", 2), ("scale: 0", 0), ("", 1)]
)
def test_replicas_come_from_deploy_or_scale(body: str, replicas: int) -> None:
    assert data(service(body), "web")["replicas"] == replicas


def test_users_are_numbers_and_names_are_told() -> None:
    assert data(service("user: '1000:1001'"), "web")["securityContext"] == {"runAsUser": 1000, "runAsGroup": 1001}
    assert data(service("user: 1000"), "web")["securityContext"] == {"runAsUser": 1000}
    assert data(service("user: root"), "web")["securityContext"] == {"runAsUser": 0}
    result = service("user: postgres")
    assert "securityContext" not in data(result, "web")
    assert only(result, "user-name").severity is Severity.WARNING


def test_rights_are_carried_over() -> None:
    result = service(
        """
        privileged: true
        read_only: "true"
        cap_add: [NET_ADMIN, CAP_SYS_TIME]
        cap_drop: all
        security_opt: ["no-new-privileges:true", seccomp=unconfined, "label:user:x"]
        group_add: ["10", video]
        """
    )
    assert data(result, "web")["securityContext"] == {
        "capabilities": {"add": ["NET_ADMIN", "SYS_TIME"], "drop": ["ALL"]},
        "seccompProfile": {"type": "Unconfined"},
        "privileged": True,
        "readOnlyRootFilesystem": True,
    }
    assert data(result, "web")["podSecurityContext"] == {"supplementalGroups": [10]}
    for rule in ("privileged", "capabilities", "security-option", "group"):
        assert only(result, rule)


def test_a_container_may_be_kept_from_gaining_rights() -> None:
    web = data(service("security_opt: ['no-new-privileges:true']"), "web")
    assert web["securityContext"] == {"allowPrivilegeEscalation": False}


def test_the_pod_is_set_up() -> None:
    result = service(
        """
        hostname: my_host.example
        stop_grace_period: 1m
        extra_hosts: ["a:1.2.3.4", "b=1.2.3.4", "c:::1", "gw:host-gateway"]
        dns: 1.1.1.1
        dns_search: [x.org, .]
        dns_opt: ["ndots:2", use-vc]
        platform: linux/arm64/v8
        pid: host
        labels: {traefik.enable: "true", "bad label": x}
        annotations: ["a/b=c"]
        """
    )
    web = data(result, "web")
    assert web["hostname"] == "my-host"
    assert web["terminationGracePeriodSeconds"] == 60
    assert web["hostAliases"] == [{"ip": "1.2.3.4", "hostnames": ["a", "b"]}, {"ip": "::1", "hostnames": ["c"]}]
    assert web["dnsConfig"] == {
        "nameservers": ["1.1.1.1"],
        "searches": ["x.org"],
        "options": [{"name": "ndots", "value": "2"}, {"name": "use-vc"}],
    }
    assert web["nodeSelector"] == {"kubernetes.io/arch": "arm64"}
    assert web["hostPID"] is True
    assert web["annotations"] == {"traefik.enable": "true", "a/b": "c"}
    for rule in ("extra-host", "dns", "pid", "label"):
        assert only(result, rule)


def test_an_unknown_platform_is_told() -> None:
    assert "wasi/wasm" in only(service("platform: wasi/wasm"), "platform").message


def test_dependencies_are_edges_with_their_condition() -> None:
    result = imported("""
        services:
          web:
            image: a
            depends_on:
              db: {condition: service_healthy, restart: true}
              cache: {condition: service_started}
              gone: {condition: service_started, required: false}
          db: {image: b, healthcheck: {test: x}}
          cache: {image: c}
        """)
    assert edges(result, "web", "db") == [{"condition": "healthy"}]
    assert edges(result, "web", "cache") == [{"condition": "started"}]
    assert only(result, "dependency").severity is Severity.INFO
    assert only(result, "dependency-absent").severity is Severity.INFO


def test_a_list_of_dependencies_means_started() -> None:
    result = imported("services: {web: {image: a, depends_on: [db]}, db: {image: b}}\n")
    assert edges(result, "web", "db") == [{"condition": "started"}]


def test_waiting_for_the_health_of_a_service_without_healthcheck_is_warned_about() -> None:
    text = "services: {web: {image: a, depends_on: {db: {condition: service_healthy}}}, db: {image: b}}\n"
    assert only(imported(text), "dependency").severity is Severity.WARNING


def test_a_circle_is_refused_with_its_path() -> None:
    error = refused("""
        services:
          a: {image: x, depends_on: [b]}
          b: {image: x, links: [c]}
          c:
            image: x
            depends_on: [a]
        """)
    assert "a -> b -> c -> a" in only(error, "circle").message
    assert only(error, "circle").place.line == 3


@pytest.mark.parametrize("body", ["depends_on: [no]", "links: ['no:x']", "depends_on: {web: {condition: soon}}"])
def test_a_dependency_that_cannot_be_is_refused(body: str) -> None:
    assert refused(f"services:\n  web:\n    image: a\n    {body}\n").findings[0].place.line == 4


def test_several_problems_are_told_at_once() -> None:
    error = refused("""
        services:
          a: {ports: [x], scale: many, mem_limit: 1g}
          b: {image: y, depends_on: [no], volumes: [{source: a}]}
        """)
    errors = [finding for finding in error.findings if finding.is_error]
    assert {finding.rule.removeprefix("compose-") for finding in errors} == {
        "port", "type", "no-image", "dependency-absent", "volume",
    }  # fmt: skip


def test_only_what_carries_a_meaning_is_told_for_a_plain_service() -> None:
    result = service("environment: {A: '1'}\nports: ['127.0.0.1:80:80']\nrestart: always")
    assert [finding.rule for finding in result.findings] == ["compose-port-local"]
    assert not found(result, "left-out")


def test_what_the_api_server_refuses_beyond_its_schema_is_not_drawn() -> None:
    result = service(
        """
        privileged: true
        security_opt: [no-new-privileges]
        user: 99999999999
        extra_hosts: ["my_host:1.2.3.4"]
        environment: {"A=B": x}
        healthcheck: {test: x, retries: 2147483647}
        ports: [{target: 81, name: tcp-80}, 80]
        """
    )
    web = data(result, "web")
    assert web["securityContext"] == {"privileged": True}
    assert "hostAliases" not in web
    assert "env" not in web
    assert web["readinessProbe"]["failureThreshold"] == 1000
    assert [port["name"] for port in web["ports"]] == ["tcp-81", "tcp-80"]
    for rule in ("user-name", "extra-host", "variable-name"):
        assert only(result, rule)


def test_a_path_that_leaves_the_volume_is_refused() -> None:
    error = refused("services: {web: {image: a, volumes: [{source: d, target: /d, volume: {subpath: ../x}}]}}\n")
    assert only(error, "volume")


def test_labels_that_steer_the_import_are_not_annotations() -> None:
    result = service("labels: {kompose.service.type: clusterip, kompose.image-pull-secret: registry, a: b}")
    assert data(result, "web")["annotations"] == {"a": "b"}
    assert data(result, "web")["imagePullSecrets"] == ["registry"]


@pytest.mark.parametrize(
    ("test", "option"),
    [
        ("mysqladmin ping -h localhost -u root -pplanted", "-p"),
        ("[CMD, redis-cli, --pass, planted, ping]", "--pass"),
        ("curl --fail http://me:planted@localhost/", "--url-password"),
        ("mysqladmin ping -p$$MYSQL_ROOT_PASSWORD -P 3306", ""),
        ("pg_isready -U app -p 5432", ""),
    ],
)
def test_a_secret_in_a_healthcheck_is_warned_about(test: str, option: str) -> None:
    findings = found(
        service(f"healthcheck: {{test: {test}}}" if test.startswith("[") else f"healthcheck:\n  test: {test}"),
        "healthcheck-secret",
    )
    assert [option in finding.message for finding in findings] == ([True] if option else [])
    assert "planted" not in str(findings)


_RESERVED = "deploy: {resources: {reservations: {devices: [%s]}}}"


@pytest.mark.parametrize(
    ("keys", "limits", "warns"),
    [
        (_RESERVED % "{driver: nvidia, count: 2, capabilities: [gpu]}", {"nvidia.com/gpu": "2"}, False),
        (_RESERVED % "{capabilities: [gpu], count: '1'}", {"nvidia.com/gpu": "1"}, False),
        (_RESERVED % "{driver: amd, device_ids: ['0', '3'], capabilities: [gpu]}", {"amd.com/gpu": "2"}, True),
        (_RESERVED % "{driver: nvidia, count: all, capabilities: [gpu]}", {"nvidia.com/gpu": "1"}, True),
        (_RESERVED % "{driver: acme, capabilities: [tpu]}", None, True),
        ("gpus: all", {"nvidia.com/gpu": "1"}, True),
        ("gpus: [{driver: nvidia, count: 1}, {count: 1, capabilities: [gpu]}]", {"nvidia.com/gpu": "2"}, False),
        ("mem_limit: 1g\ngpus: 3", {"memory": "1Gi", "nvidia.com/gpu": "3"}, False),
    ],
)
def test_graphics_processors_are_asked_for(keys: str, limits: dict[str, str] | None, warns: bool) -> None:
    result = service(keys)
    assert data(result, "web").get("resources", {}).get("limits") == limits
    told = [finding for finding in result.findings if finding.rule in ("compose-gpu", "compose-resources")]
    assert any(finding.severity is Severity.WARNING for finding in told) is warns
    assert told


def test_kernel_settings_that_every_node_allows_are_set_and_the_others_told() -> None:
    result = service("sysctls: {net.ipv4.tcp_syncookies: 0, net.core.somaxconn: 1024}")
    assert data(result, "web")["podSecurityContext"]["sysctls"] == [{"name": "net.ipv4.tcp_syncookies", "value": "0"}]
    finding = only(result, "sysctl")
    assert finding.severity is Severity.WARNING
    assert finding.place.path == "services.web.sysctls.net.core.somaxconn"


def test_kernel_settings_of_the_network_are_left_out_on_the_network_of_the_host() -> None:
    result = service("sysctls: {net.ipv4.tcp_syncookies: 0}\nnetwork_mode: host")
    assert "podSecurityContext" not in data(result, "web") or "sysctls" not in data(result, "web")["podSecurityContext"]
    assert only(result, "sysctl").severity is Severity.WARNING


def test_hooks_are_run_by_the_cluster() -> None:
    result = service("""
        post_start: [{command: [echo, "it's up"]}, {command: echo $$HOME, user: root}]
        pre_stop: [{command: [echo, bye]}]
        """)
    lifecycle = data(result, "web")["lifecycle"]
    assert lifecycle["preStop"] == {"exec": {"command": ["echo", "bye"]}}
    assert lifecycle["postStart"]["exec"]["command"][:2] == ["/bin/sh", "-c"]
    assert "&& echo" in lifecycle["postStart"]["exec"]["command"][2]
    told = {(finding.severity, finding.place.path) for finding in found(result, "hook")}
    assert (Severity.WARNING, "services.web.post_start[1]") in told
    assert (Severity.INFO, "services.web.pre_stop") in told


def test_a_secret_in_a_hook_is_warned_about_and_not_repeated() -> None:
    result = service("pre_stop: [{command: [tool, --password, hunter2]}]")
    assert "hunter2" not in only(result, "hook-secret").message


def test_waiting_for_the_end_of_what_never_ends_is_warned_about_and_not_drawn() -> None:
    result = imported("""
        services:
          web: {image: x, depends_on: {job: {condition: service_completed_successfully}}}
          job: {image: x, labels: {kompose.controller.type: deployment}}
        """)
    assert edges(result, "web", "job") == [{"condition": "started"}]
    assert only(result, "dependency").severity is Severity.WARNING


def test_a_host_name_is_the_pods_own_but_in_a_stateful_set() -> None:
    assert data(service("hostname: web"), "web")["hostname"] == "web"
    stateful = service("hostname: x\nlabels: {kompose.controller.type: statefulset}")
    assert "hostname" not in data(stateful, "web")
    assert only(stateful, "hostname").severity is Severity.INFO


@pytest.mark.parametrize(
    ("value", "told"), [("hunter2-planted", 1), ("pw", 0)], ids=["a password", "too short to be told from a word"]
)
def test_the_value_of_a_secret_variable_in_a_healthcheck_is_warned_about(value: str, told: int) -> None:
    result = imported(
        "services: {db: {image: redis, environment: {REDIS_PASSWORD: '${PW}'},"
        " healthcheck: {test: 'redis-cli -a ${PW} ping'}}}\n",
        env={"PW": value},
    )
    warned = found(result, "healthcheck-secret")
    assert len(warned) == told
    assert all("REDIS_PASSWORD" in finding.message and value not in finding.message for finding in warned)
