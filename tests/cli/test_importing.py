"""Bringing Compose files in, as a user calls it: options and the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from entrypoints.cli._import_report import print_report
from entrypoints.cli.app import cli
from flowcore.library import import_compose

COMPOSE = """\
name: shop
services:
  web:
    image: "nginx:${SHOP_TAG}"
    ports: ["80:80"]
    ulimits: {nofile: 1024}
    networks: [front]
  db:
    image: postgres:16
    volumes: ["data:/var/lib/postgresql/data"]
    environment: {POSTGRES_PASSWORD: hunter2-planted}
    networks: [front]
volumes: {data: , spare: }
networks: {front: }
"""

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    return lambda *arguments: CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE, encoding="utf-8")
    return path


def test_a_bare_report_does_not_take_the_file_for_its_form(run: Run, compose: Path) -> None:
    done = run("import", "compose", "--report", compose)
    assert done.exit_code == 0, done.stderr
    assert f"services.web  {compose}:3" in done.stdout


def test_the_report_says_what_became_of_each_element_what_was_left_out_and_the_totals(run: Run, compose: Path) -> None:
    text = run("import", "compose", compose, "--report").stdout
    assert "became: service web-service, deployment web" in text
    assert "not carried over: ulimits has no counterpart and was left out" in text
    assert f"({compose}:6)" in text
    assert "statefulset db" in text
    assert "volumes.spare" in text
    assert "became: nothing" in text
    assert text.strip().splitlines()[-1].startswith("5 elements became 6 nodes (")


def test_missing_variables_have_a_section_with_the_way_to_supply_them(run: Run, compose: Path) -> None:
    text = run("import", "compose", "--report", compose).stdout
    section = text[text.index("variables without a value") :]
    assert f"SHOP_TAG: {compose}:4 services.web.image" in section
    assert "--env SHOP_TAG=VALUE" in section
    assert "--env-file" in section
    given = run("import", "compose", "--report", "--env", "SHOP_TAG=1", compose).stdout
    assert "\nvariables without a value\n" not in given


def test_the_report_as_json_has_the_same_and_no_secret(run: Run, compose: Path) -> None:
    done = run("import", "compose", "--report=json", compose)
    report = json.loads(done.stdout)
    assert report["totals"]["elements"] == len(report["elements"]) == 5
    web = report["elements"][0]
    assert (web["element"], web["line"]) == ("services.web", 3)
    assert {"id": "web", "kind": "deployment"} in web["nodes"]
    assert {told["path"] for told in web["leftOut"]} == {"services.web.networks", "services.web.ulimits"}
    assert report["unsetVariables"][0]["name"] == "SHOP_TAG"
    assert "hunter2" not in done.output


def test_the_workflow_is_written_beside_the_report(run: Run, compose: Path, tmp_path: Path) -> None:
    target = tmp_path / "workflow.json"
    done = run("import", "compose", "--report", compose, "-o", target)
    assert '"nodes"' not in done.stdout
    assert len(json.loads(target.read_text(encoding="utf-8"))["nodes"]) == 6


def test_a_file_that_cannot_be_imported_is_told_as_ever(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services: {web: {}}\n", encoding="utf-8")
    done = run("import", "compose", "--report", path)
    assert done.exit_code != 0
    assert f"{path}:1" in done.stderr
    assert not done.stdout


def test_on_a_terminal_the_report_is_a_table(compose: Path) -> None:
    terminal = Console(force_terminal=True, width=160, record=True, color_system=None)
    print_report(import_compose(compose), "table", console=terminal)
    text = terminal.export_text()
    assert "not carried over: ulimits" in text
    assert "variable without a value" in text
    assert "5 elements became" in text


@pytest.mark.parametrize(
    ("option", "word"),
    [("--expose", "nodeport"), ("--binds", "pvc"), ("--networks", "policies"), ("--expose", "ingress")],
)
def test_the_words_of_the_options_are_written_small(run: Run, compose: Path, option: str, word: str) -> None:
    done = run("import", "compose", option, word, compose)
    assert done.exit_code == 0, done.output


def test_networks_become_policies_when_they_are_asked_for(run: Run, compose: Path) -> None:
    drawing = json.loads(run("import", "compose", "--networks", "policies", compose).stdout)
    assert "front-network" in [node["id"] for node in drawing["nodes"]]


def test_a_wider_root_opens_files_above_the_first_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    path = tmp_path / "app" / "compose.yaml"
    path.write_text("services: {web: {extends: {file: ../common.yaml, service: base}}}\n")
    (tmp_path / "common.yaml").write_text("services: {base: {image: 'nginx:1.27'}}\n")
    refused = run("import", "compose", path)
    assert refused.exit_code != 0
    assert "outside" in refused.output
    result = run("import", "compose", path, "--root", tmp_path)
    assert result.exit_code == 0
    assert "nginx:1.27" in result.stdout
