"""Bringing manifests in and handing applications on, as a user calls it."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from entrypoints.cli.app import cli
from flowcore.manifests import from_yaml

FILES = Path(__file__).parents[1] / "manifest_files"
COMPOSE = """\
name: shop
services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: hunter2-planted
"""

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    def call(*arguments: str | Path, text: str | None = None) -> Result:
        return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=text)

    return call


@pytest.fixture
def workflow(run: Run, tmp_path: Path) -> Path:
    path = tmp_path / "workflow.json"
    assert run("import", "kubernetes", FILES / "guestbook.yaml", "-o", path).exit_code == 0
    return path


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE, encoding="utf-8")
    return path


def test_manifests_become_a_workflow_that_other_commands_take(run: Run, workflow: Path) -> None:
    drawing = json.loads(workflow.read_text(encoding="utf-8"))
    assert len(drawing["nodes"]) == 10
    assert "hunter2" not in workflow.read_text(encoding="utf-8")
    for command in ("validate", "render", "graph"):
        done = run(command, workflow)
        assert done.exit_code == 0, done.stderr


def test_findings_name_file_and_line(run: Run) -> None:
    done = run("import", "kubernetes", FILES / "awkward.yaml")
    assert f"{FILES / 'awkward.yaml'}:" in done.stderr
    assert "Odd.Name" in done.stderr
    assert json.loads(done.stdout)["nodes"]


def test_folders_and_standard_input_are_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\n"
    (tmp_path / "b.yml").write_text(text.replace("NAME", "b"), encoding="utf-8")
    (tmp_path / "deep" / "a.json").write_text(json.dumps(from_yaml(text.replace("NAME", "a"))[0]), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not: read", encoding="utf-8")
    done = run("import", "kubernetes", tmp_path, "-", text=text.replace("NAME", "c"))
    assert [node["id"] for node in json.loads(done.stdout)["nodes"]] == ["b", "a", "c"]


def test_what_is_no_manifest_ends_with_status_2(run: Run, compose: Path) -> None:
    done = run("import", "kubernetes", compose)
    assert done.exit_code == 2
    assert "no apiVersion and kind" in done.stderr
    assert run("import", "kubernetes", "missing.yaml").exit_code == 2


def test_export_writes_a_folder_for_each_tool(run: Run, workflow: Path, tmp_path: Path) -> None:
    for tool, expected in (("kubernetes", 10), ("kustomize", 11), ("helm", 15)):
        done = run("export", tool, workflow, "-o", tmp_path / tool)
        assert done.exit_code == 0, done.stderr
        assert sum(path.is_file() for path in (tmp_path / tool).rglob("*")) == expected


def test_export_refuses_a_folder_that_is_not_empty(run: Run, workflow: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    kept = tmp_path / "out" / "mine.txt"
    kept.write_text("mine", encoding="utf-8")
    refused = run("export", "helm", workflow, "-o", tmp_path / "out")
    assert refused.exit_code == 1
    assert "not empty" in refused.stderr
    assert list((tmp_path / "out").iterdir()) == [kept]
    assert run("export", "helm", workflow, "-o", tmp_path / "out", "--force").exit_code == 0
    assert kept.read_text(encoding="utf-8") == "mine"


def test_export_to_standard_output_is_what_render_prints(run: Run, workflow: Path) -> None:
    assert run("export", "kubernetes", workflow).stdout == run("render", workflow).stdout


def test_secret_values_are_only_written_when_asked_for_and_only_for_their_owner(
    run: Run, compose: Path, tmp_path: Path
) -> None:
    for tool in ("kubernetes", "kustomize", "helm"):
        assert run("export", tool, compose, "-o", tmp_path / tool).exit_code == 0
        assert not any("hunter2" in path.read_text() for path in (tmp_path / tool).rglob("*") if path.is_file())
    run("export", "kubernetes", compose, "-o", tmp_path / "secret", "--with-secrets")
    (found,) = [path for path in (tmp_path / "secret").iterdir() if "hunter2" in path.read_text()]
    assert stat.S_IMODE(found.stat().st_mode) == 0o600


def test_manifests_can_stand_wherever_a_workflow_can(run: Run) -> None:
    done = run("graph", FILES / "kustomized.yaml")
    assert done.exit_code == 0, done.stderr
    assert "StatefulSet" in done.stdout
    rendered = run("render", "-", text=(FILES / "guestbook.yaml").read_text(encoding="utf-8"))
    assert rendered.exit_code == 0, rendered.stderr
    assert len(from_yaml(rendered.stdout)) == 10
    assert "hunter2" not in rendered.stdout
