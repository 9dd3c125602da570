"""Which workload a service becomes, and what it runs."""

from __future__ import annotations

import pytest

from flowcore.compose._images import base_name, is_stateful, known_ports
from flowcore.errors import Severity
from flowcore.library import render
from tests.unit.compose.looking import data, edges, found, imported, kinds, only, refused, service


def test_a_service_is_a_deployment_with_a_service_in_front() -> None:
    result = service("ports: ['80:80']")
    assert kinds(result) == {"web-service": "service", "web": "deployment"}
    assert data(result, "web")["replicas"] == 1
    assert edges(result, "web-service", "web") == [{}]


def test_a_database_with_a_named_volume_is_a_stateful_set_behind_a_headless_service() -> None:
    result = imported("""
        services:
          db: {image: "docker.io/library/postgres:16", volumes: ["data:/var/lib/postgresql/data"]}
        volumes: {data: }
        """)
    assert kinds(result)["db"] == "statefulset"
    assert data(result, "db")["serviceName"] == "db"
    assert data(result, "db-service")["headless"] is True
    assert only(result, "kind").severity is Severity.INFO


@pytest.mark.parametrize(
    ("image", "stateful"),
    [
        ("postgres", True),
        ("ghcr.io/x/postgres:1@sha256:aa", True),
        ("localhost:5000/mysql", True),
        ("mcr.microsoft.com/mssql/server:2022", True),
        ("x/postgres-exporter", False),
        ("mongo-express", False),
        ("redis-commander", False),
        ("nginx", False),
        ("memcached", False),
    ],
)
def test_an_image_is_judged_by_its_own_name_not_by_a_part_of_it(image: str, stateful: bool) -> None:
    assert is_stateful(image) is stateful


def test_the_name_of_an_image_is_its_last_part() -> None:
    assert base_name("localhost:5000/a/b/Redis:7@sha256:00") == "redis"
    assert known_ports("bitnami/mariadb:1") == (3306,)
    assert known_ports("nginx") == ()


def test_a_deployment_with_a_claim_is_recreated_not_rolled() -> None:
    result = service("volumes: ['data:/d']", more="volumes: {data: }")
    assert data(result, "web")["strategy"] == {"type": "Recreate"}
    assert "strategy" not in data(service(""), "web")


@pytest.mark.parametrize(
    ("wish", "kind"), [("statefulset", "statefulset"), ("deployment", "deployment"), ("job", "job")]
)
def test_a_label_chooses_the_kind(wish: str, kind: str) -> None:
    assert kinds(service(f"labels: {{kompose.controller.type: {wish}}}"))["web"] == kind


def test_an_unknown_kind_in_the_label_is_told() -> None:
    result = service("labels: {kompose.controller.type: replicationcontroller}")
    assert kinds(result)["web"] == "deployment"
    assert "replicationcontroller" in only(result, "kind").message


def test_a_service_that_is_awaited_to_the_end_is_a_job() -> None:
    result = imported("""
        services:
          migrate: {image: app, command: migrate, restart: "on-failure:3", healthcheck: {test: x}}
          web:
            image: app
            depends_on: {migrate: {condition: service_completed_successfully}}
        """)
    job = data(result, "migrate")
    assert kinds(result)["migrate"] == "job"
    assert (job["restartPolicy"], job["backoffLimit"]) == ("OnFailure", 3)
    assert "replicas" not in job
    assert "readinessProbe" not in job
    assert "migrate-service" not in kinds(result)
    assert edges(result, "web", "migrate") == [{"condition": "completed"}]


def test_a_job_without_restart_does_not_try_again() -> None:
    result = service("labels: {kompose.controller.type: job}")
    assert (data(result, "web")["restartPolicy"], data(result, "web")["backoffLimit"]) == ("Never", 0)


def test_a_restart_policy_under_deploy_counts_too() -> None:
    body = "labels: {kompose.controller.type: job}\ndeploy: {restart_policy: {condition: on-failure, max_attempts: 2}}"
    assert data(service(body), "web")["backoffLimit"] == 2


def test_an_awaited_service_that_always_restarts_is_a_job_with_a_warning() -> None:
    result = imported("""
        services:
          a: {image: x, restart: always}
          b: {image: x, depends_on: {a: {condition: service_completed_successfully}}}
        """)
    assert kinds(result)["a"] == "job"
    assert only(result, "kind").severity is Severity.WARNING


def test_a_service_on_every_node_is_a_daemon_set() -> None:
    result = service("deploy: {mode: global}")
    assert kinds(result)["web"] == "daemonset"
    assert "replicas" not in data(result, "web")
    finding = only(result, "kind")
    assert (finding.place.path, finding.place.line) == ("services.web.deploy.mode", 4)


def test_a_mode_without_a_counterpart_is_told() -> None:
    finding = only(service("deploy: {mode: global-job}"), "kind")
    assert finding.severity is Severity.WARNING
    assert finding.place.path == "services.web.deploy.mode"


def test_a_service_that_may_end_is_explained() -> None:
    assert "starts it again" in only(service("restart: 'no'"), "restart").message
    assert not found(service("restart: always"), "restart")


def test_a_build_gets_a_name_and_a_warning() -> None:
    result = imported("name: shop\nservices: {My_App: {build: {context: app, target: dev}}}\n")
    assert data(result, "my-app")["image"] == "shop-my_app:latest"
    finding = only(result, "build")
    assert finding.severity is Severity.WARNING
    assert "push" in finding.fix
    assert data(service("build: ."), "web")["image"] == "nginx"


def test_a_service_without_image_and_build_is_refused() -> None:
    finding = only(refused("services:\n  web:\n    ports: ['80']\n"), "no-image")
    assert (finding.place.line, finding.place.path) == (2, "services.web")


@pytest.mark.parametrize(
    ("body", "command", "args"),
    [
        ("command: run --name 'a b' \"c\"", None, ["run", "--name", "a b", "c"]),
        ("command: [run, 1, true]", None, ["run", "1", "true"]),
        ("entrypoint: /start.sh -x", ["/start.sh", "-x"], None),
        ("entrypoint: [/e]\ncommand: c d", ["/e"], ["c", "d"]),
        ("entrypoint: ''\ncommand: c d", ["c", "d"], None),
        ("entrypoint: []\ncommand: c", ["c"], None),
        ("command: sh -c 'echo $$HOME $$(id)'", None, ["sh", "-c", "echo $HOME $$(id)"]),
        ("command: ''", None, None),
    ],
)
def test_entrypoint_and_command_become_command_and_arguments(
    body: str, command: list[str] | None, args: list[str] | None
) -> None:
    web = data(service(body), "web")
    assert web.get("command") == command
    assert web.get("args") == args


def test_a_reset_entrypoint_without_command_is_told() -> None:
    assert only(service("entrypoint: ''"), "entrypoint").severity is Severity.WARNING


def test_a_command_with_an_open_quote_is_refused_without_showing_it() -> None:
    error = refused('services: {web: {image: a, command: "run \'secret"}}\n')
    assert "secret" not in str(error)
    assert only(error, "command").place.path == "services.web.command"


def test_attachment_and_folder_are_carried_over() -> None:
    web = data(service("tty: true\nstdin_open: true\nworking_dir: /w"), "web")
    assert (web["tty"], web["stdin"], web["workingDir"]) == (True, True, "/w")


@pytest.mark.parametrize(
    ("policy", "ours"),
    [("always", "Always"), ("never", "Never"), ("missing", "IfNotPresent"), ("if_not_present", "IfNotPresent")],
)
def test_pull_policies_are_translated(policy: str, ours: str) -> None:
    assert data(service(f"pull_policy: {policy}"), "web")["imagePullPolicy"] == ours


def test_an_odd_pull_policy_is_told() -> None:
    assert only(service("pull_policy: daily"), "pull-policy")


def test_no_workload_gets_variables_about_services_that_the_file_does_not_give() -> None:
    text = """
    services:
      kafka: {image: confluentinc/cp-kafka, volumes: ["logs:/data"]}
      topics: {image: confluentinc/cp-kafka, depends_on: [kafka]}
      web: {image: nginx, depends_on: {topics: {condition: service_completed_successfully}}}
    volumes: {logs: }
    """
    pods = [
        manifest["spec"]["template"]["spec"]
        for manifest in render(imported(text).workflow)
        if "template" in manifest.get("spec", {})
    ]
    assert len(pods) == 3
    assert all(pod["enableServiceLinks"] is False for pod in pods)


def test_a_schedule_makes_a_cron_job() -> None:
    result = service("""
        restart: "on-failure:2"
        labels:
          kompose.cronjob.schedule: "0 3 * * *"
          kompose.cronjob.concurrency_policy: Forbid
          kompose.cronjob.backoff_limit: 4
        """)
    cron = data(result, "web")
    assert kinds(result) == {"web": "cronjob"}
    assert (cron["schedule"], cron["concurrencyPolicy"], cron["backoffLimit"]) == ("0 3 * * *", "Forbid", 4)
    manifest = next(iter(render(result.workflow)))
    pod = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "OnFailure"
    assert pod["enableServiceLinks"] is False


def test_a_schedule_that_is_none_leaves_a_deployment_and_is_told() -> None:
    result = service("labels: {kompose.cronjob.schedule: often}")
    assert kinds(result)["web"] == "deployment"
    assert "often" in only(result, "label").message
    asked = service("labels: {kompose.controller.type: cronjob}")
    assert kinds(asked)["web"] == "deployment"
    assert only(asked, "kind").severity is Severity.WARNING


def test_a_replicated_job_of_swarm_is_a_job_with_as_many_completions() -> None:
    job = data(service("deploy: {mode: replicated-job, replicas: 3}"), "web")
    assert (job["completions"], job["parallelism"]) == (3, 3)
    assert "replicas" not in job
    assert "completions" not in data(service("deploy: {mode: replicated-job}"), "web")


def test_a_job_on_every_node_runs_on_one_and_is_warned_about() -> None:
    result = service("deploy: {mode: global-job}")
    assert kinds(result)["web"] == "job"
    assert only(result, "kind").severity is Severity.WARNING


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("deploy: {mode: global}", "global"),
        ("deploy: {mode: replicated-job}", "replicated-job"),
        ("labels: {kompose.cronjob.schedule: '@daily'}", "@daily"),
    ],
)
def test_the_finding_says_which_rule_chose_the_kind(body: str, word: str) -> None:
    assert word in only(service(body), "kind").message


def test_a_stateful_set_says_both_of_its_reasons_and_how_to_decide_otherwise() -> None:
    finding = only(imported("services: {db: {image: postgres, volumes: ['d:/d']}}\nvolumes: {d: }\n"), "kind")
    assert "known database or broker" in finding.message
    assert "named volume" in finding.message
    assert "kompose.controller.type" in finding.fix
