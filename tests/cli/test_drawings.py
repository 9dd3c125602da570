"""The commands that open nothing but files, called as a user calls them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from entrypoints.cli.app import cli
from flowcore.manifests import from_yaml

COMPOSE = """\
name: shop
services:
  web:
    image: nginx:1.27
    ports: ["8080:80"]
    depends_on: [db]
    frobnicate: yes
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: hunter2-planted
    volumes: ["data:/var/lib/postgresql/data"]
volumes:
  data:
"""

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    def call(*arguments: str | Path, text: str | None = None) -> Result:
        return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=text)

    return call


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE.replace("    frobnicate: yes\n", ""), encoding="utf-8")
    return path


def test_import_writes_a_workflow_that_every_other_command_takes(run: Run, compose: Path, tmp_path: Path) -> None:
    workflow = tmp_path / "workflow.json"
    imported = run("import", "compose", compose, "-o", workflow)
    assert imported.exit_code == 0, imported.stderr
    assert imported.stdout == ""
    drawing = json.loads(workflow.read_text(encoding="utf-8"))
    assert drawing["name"] == "shop"
    assert {"web", "db"} <= {node["id"] for node in drawing["nodes"]}
    for command in ("validate", "render", "graph"):
        done = run(command, workflow)
        assert done.exit_code == 0, done.stderr
    assert run("diff", workflow, compose).stdout.strip() == ""


def test_secret_values_stay_out_of_the_workflow_and_of_everything_printed(
    run: Run, compose: Path, tmp_path: Path
) -> None:
    workflow = tmp_path / "workflow.json"
    outputs = [run("import", "compose", compose, "-o", workflow), run("render", compose), run("validate", compose)]
    assert "hunter2-planted" not in workflow.read_text(encoding="utf-8")
    for done in outputs:
        assert "hunter2-planted" not in done.output


def test_render_prints_secret_values_only_when_told_to(run: Run, compose: Path) -> None:
    done = run("render", "--with-secrets", compose)
    secrets = [manifest for manifest in from_yaml(done.stdout) if manifest["kind"] == "Secret"]
    assert [secret["stringData"] for secret in secrets] == [{"POSTGRES_PASSWORD": "hunter2-planted"}]


def test_render_prints_documents_in_apply_order(run: Run, compose: Path) -> None:
    kinds = [manifest["kind"] for manifest in from_yaml(run("render", compose).stdout)]
    assert kinds.index("Secret") < kinds.index("StatefulSet") < kinds.index("Deployment")
    assert kinds.index("PersistentVolumeClaim") < kinds.index("StatefulSet")


def test_a_namespace_is_set_where_the_node_names_none(run: Run, compose: Path) -> None:
    manifests = from_yaml(run("render", "-n", "shop", compose).stdout)
    assert {manifest["metadata"]["namespace"] for manifest in manifests} == {"shop"}


def test_a_workflow_is_read_from_standard_input(run: Run) -> None:
    text = json.dumps(
        {"name": "one", "nodes": [{"id": "c", "type": "configmap", "data": {"data": {"a": "1"}}}], "edges": []}
    )
    assert from_yaml(run("render", "-", text=text).stdout)[0]["data"] == {"a": "1"}


def test_validate_ends_with_one_when_there_are_errors_and_lists_them_all(run: Run) -> None:
    nodes = [
        {"id": "a", "type": "deployment", "data": {"name": "A B", "replicas": -1}},
        {"id": "b", "type": "nothing"},
    ]
    done = run("validate", "--format", "json", "-", text=json.dumps({"name": "bad", "nodes": nodes, "edges": []}))
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert {finding["place"]["node"] for finding in found if finding["severity"] == "error"} == {"a", "b"}
    assert {"data.name", "data.replicas", "data.image"} <= {finding["place"].get("path") for finding in found}


def test_bad_input_ends_with_two_and_names_file_and_line_on_standard_error(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE.replace('ports: ["8080:80"]', 'ports: ["8080:eighty"]'), encoding="utf-8")
    done = run("render", path)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert f"{path}:5" in done.stderr
    assert "eighty" in done.stderr


def test_a_key_that_compose_does_not_know_is_reported_with_file_and_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE, encoding="utf-8")
    done = run("render", path)
    assert done.exit_code == 0
    assert f"{path}:7" in done.stderr
    assert "frobnicate" in done.stderr


def test_a_cycle_is_told_with_its_path(run: Run) -> None:
    nodes = [{"id": each, "type": "deployment", "data": {"image": "nginx:1.27"}} for each in ("a", "b", "c")]
    edges = [{"source": "a", "target": "b"}, {"source": "b", "target": "c"}, {"source": "c", "target": "a"}]
    done = run("render", "-", text=json.dumps({"name": "loop", "nodes": nodes, "edges": edges}))
    assert done.exit_code == 2
    assert all(each in done.stderr for each in ("a", "b", "c"))
    assert "->" in done.stderr or "→" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("render",), ("render", "missing.yaml"), ("kinds", "no-such-kind"), ("nonsense",), ("render", "--env", "X", "-")],
    ids=" ".join,
)
def test_wrong_usage_ends_with_two_and_explains_on_standard_error(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments, text="services: {}\n")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr


def test_variables_come_from_env_env_file_and_dotenv_in_that_order(run: Run, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {web: {image: 'nginx:${TAG_OF_TEST}'}}\n", encoding="utf-8")
    (tmp_path / ".env").write_text("TAG_OF_TEST=dotenv\n", encoding="utf-8")
    (tmp_path / "more.env").write_text("TAG_OF_TEST=file\n", encoding="utf-8")

    def image(*options: str) -> str:
        text = run("render", *options, tmp_path / "compose.yaml").stdout
        (deployment,) = (manifest for manifest in from_yaml(text) if manifest["kind"] == "Deployment")
        return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])

    assert image() == "nginx:dotenv"
    assert image("--env-file", str(tmp_path / "more.env")) == "nginx:file"
    assert image("--env-file", str(tmp_path / "more.env"), "--env", "TAG_OF_TEST=given") == "nginx:given"


def test_diff_tells_a_move_from_a_change(run: Run, compose: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    run("import", "compose", compose, "-o", old)
    drawing = json.loads(old.read_text(encoding="utf-8"))
    by_id = {node["id"]: node for node in drawing["nodes"]}
    by_id["web"]["data"]["image"] = "nginx:1.29"
    by_id["db"]["position"]["x"] += 500
    new.write_text(json.dumps(drawing), encoding="utf-8")
    found = json.loads(run("diff", old, new, "--format", "json").stdout)
    assert {node["node_id"]: node["status"] for node in found["nodes"]} == {"web": "changed", "db": "moved"}


@pytest.mark.parametrize(
    ("format_", "sign"), [("mermaid", "flowchart"), ("dot", "digraph"), ("svg", "<svg"), ("json", "{")]
)
def test_graph_draws_in_every_format(run: Run, compose: Path, format_: str, sign: str) -> None:
    assert run("graph", "--format", format_, compose).stdout.lstrip().startswith(sign)


def test_kinds_lists_every_kind_and_explains_one(run: Run) -> None:
    listed = run("kinds").stdout
    for kind in (
        "deployment",
        "statefulset",
        "service",
        "configmap",
        "secret",
        "persistentvolumeclaim",
        "job",
        "ingress",
    ):
        assert kind in listed
    assert "serviceType" in run("kinds", "service").stdout


def test_help_lists_the_commands(run: Run) -> None:
    text = run("--help").stdout
    for command in ("demo", "serve", "sandbox", "import", "validate", "render", "deploy", "diff", "graph", "kinds"):
        assert command in text


def test_a_folder_stands_for_the_compose_file_in_it(run: Run, compose: Path) -> None:
    assert from_yaml(run("render", compose.parent).stdout) == from_yaml(run("render", compose).stdout)


@pytest.mark.parametrize(
    "text",
    [
        '{"nodes": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "nodes: " + "[" * 500 + "]" * 500 + "\n",
        "services: {a: {image: " + "[" * 500 + "]" * 500 + "}}\n",
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
        ),
    ],
    ids=["json", "yaml", "compose", "aliases"],
)
def test_what_is_nested_too_deep_or_grows_too_large_is_bad_input(run: Run, tmp_path: Path, text: str) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text(text, encoding="utf-8")
    done = run("validate", path)
    assert done.exit_code == 2, done.exception
    assert str(path) in done.stderr


def test_standard_input_that_is_no_text_is_bad_input() -> None:
    done = CliRunner().invoke(cli, ["render", "-"], input=b"services: \xff\xfe\n")
    assert done.exit_code == 2
    assert "UTF-8" in done.stderr
    assert "standard input" in done.stderr


def test_a_mistake_in_a_file_of_variables_names_that_file(run: Run, compose: Path, tmp_path: Path) -> None:
    variables = tmp_path / "production.env"
    variables.write_text('A="open\n', encoding="utf-8")
    assert f"{variables}:1" in run("render", compose, "--env-file", variables).stderr


def test_a_place_that_cannot_be_written_to_is_told_without_a_traceback(run: Run, compose: Path, tmp_path: Path) -> None:
    done = run("import", "compose", compose, "-o", tmp_path)
    assert done.exit_code == 1
    assert f"{tmp_path} cannot be written" in done.stderr


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text("services: {web: {image: 'nginx:1'}}\n"))
    writer.start()
    result = CliRunner().invoke(cli, ["graph", str(pipe)])
    writer.join()
    assert result.exit_code == 0, result.output
    assert "web" in result.output
