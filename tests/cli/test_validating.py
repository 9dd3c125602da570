"""``flowcore validate`` as a user calls it: formats, silencing, levels, manifests, mending."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from entrypoints.cli.app import cli
from flowcore.manifests import from_yaml

WORKFLOW = """\
name: shop
nodes:
  - id: web
    type: deployment
    position: {x: 0, y: 0}
    data:
      name: web
      image: nginx:1.27
      hostPID: true
      labels:
        app: other
edges: []
"""
MANIFESTS = """\
apiVersion: v1
kind: Pod
metadata:
  name: a
spec:
  hostNetwork: true
  containers:
    - name: a
      image: nginx
---
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {selector: {app: x}}
"""

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    def call(*arguments: str | Path, text: str | None = None) -> Result:
        return CliRunner().invoke(cli, ["validate", *map(str, arguments)], input=text)

    return call


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    path = tmp_path / "workflow.yaml"
    path.write_text(WORKFLOW, encoding="utf-8")
    return path


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    path = tmp_path / "app.yaml"
    path.write_text(MANIFESTS, encoding="utf-8")
    return path


def findings(done: Result) -> list[dict[str, Any]]:
    parsed: list[dict[str, Any]] = json.loads(done.stdout)
    return parsed


def rules(done: Result) -> set[str]:
    return {one["rule"] for one in findings(done)}


def test_the_level_decides_whether_pod_security_is_an_error(run: Run, workflow: Path) -> None:
    warned, refused = run(workflow), run(workflow, "--pod-security", "baseline")
    assert (warned.exit_code, refused.exit_code) == (0, 1)
    assert "warning: the pod sets hostPID" in warned.stdout
    assert "error: the pod sets hostPID" in refused.stdout
    assert run(workflow, "--pod-security", "privileged").exit_code == 0
    assert run(workflow, "--pod-security", "none").exit_code == 2


def test_rules_are_left_out_by_id(run: Run, workflow: Path) -> None:
    assert "pss-host-namespaces" in rules(run(workflow, "--format", "json"))
    left = run(workflow, "--format", "json", "--ignore", "pss-*", "--ignore", "label-reserved")
    assert {"pss-host-namespaces", "label-reserved"} & rules(left) == set()
    assert "silence-unused" in rules(run(workflow, "--format", "json", "--ignore", "image-latest"))


def test_sarif_names_the_lines_of_nodes(run: Run, workflow: Path) -> None:
    done = run(workflow, "--format", "sarif", "--pod-security", "baseline")
    assert done.exit_code == 1
    (log,) = json.loads(done.stdout)["runs"]
    results = {result["ruleId"]: result["locations"][0] for result in log["results"]}
    place = results["pss-host-namespaces"]["physicalLocation"]
    assert place["region"]["startLine"] == 9
    assert place["artifactLocation"]["uri"].endswith("workflow.yaml")
    assert results["label-reserved"]["physicalLocation"]["region"]["startLine"] == 11
    assert results["pss-host-namespaces"]["logicalLocations"][0]["fullyQualifiedName"] == "node web/data.hostPID"
    assert log["tool"]["driver"]["semanticVersion"]


def test_plain_manifests_are_judged_together_with_their_lines(run: Run, manifests: Path) -> None:
    done = run(manifests, "--format", "json", "--pod-security", "baseline")
    assert done.exit_code == 1
    places = {one["rule"]: one["place"] for one in findings(done)}
    assert places["pss-host-namespaces"]["line"] == 6
    assert places["image-latest"]["line"] == 9
    assert places["service-selects-nothing"]["path"] == "[1].spec.selector"
    assert run(manifests).exit_code == 0
    sarif = json.loads(run(manifests, "--format", "sarif").stdout)
    assert sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] > 1


def test_standard_input_may_hold_a_workflow_a_manifest_or_a_compose_file(run: Run) -> None:
    assert "pss-host-namespaces" in rules(run("-", "--format", "json", text=WORKFLOW))
    assert "pss-host-namespaces" in rules(run("-", "--format", "json", text=MANIFESTS))
    pod = json.dumps({"apiVersion": "v1", "kind": "Pod", "spec": {"hostIPC": True}})
    assert "pss-host-namespaces" in rules(run("-", "--format", "json", text=pod))
    compose = run("-", "--format", "json", text="services: {web: {image: nginx}}")
    assert "image-latest" in rules(compose)
    log = json.loads(run("-", "--format", "sarif", text=WORKFLOW).stdout)
    uri = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "stdin"


@pytest.mark.parametrize("name", ["mended.json", "mended.yaml"])
def test_fix_writes_the_mended_workflow_and_tells_every_change(
    run: Run, workflow: Path, tmp_path: Path, name: str
) -> None:
    target = tmp_path / name
    done = run(workflow, "--fix", "-o", target, "--pod-security", "baseline")
    assert done.exit_code == 0, done.output
    assert "changed node web /hostPID removed" in done.stderr
    assert "2 changes written" in done.stderr
    (drawing,) = from_yaml(target.read_text(encoding="utf-8"))
    assert "hostPID" not in drawing["nodes"][0]["data"]
    assert workflow.read_text(encoding="utf-8") == WORKFLOW
    assert {"pss-host-namespaces", "label-reserved"} & rules(run(target, "--format", "json")) == set()


def test_fix_can_write_in_place(run: Run, workflow: Path) -> None:
    assert run(workflow, "--fix", "--write").exit_code == 0
    (drawing,) = from_yaml(workflow.read_text(encoding="utf-8"))
    assert drawing["nodes"][0]["data"]["labels"] == {}


def test_fix_needs_a_place_to_write_to_that_is_a_workflow(
    run: Run, workflow: Path, manifests: Path, tmp_path: Path
) -> None:
    compose = tmp_path / "compose.yaml"
    compose.write_text("services: {web: {image: nginx}}", encoding="utf-8")
    assert run(workflow, "--fix").exit_code == 2
    assert run(workflow, "-o", tmp_path / "x.json").exit_code == 2
    assert run(manifests, "--fix", "-o", tmp_path / "x.json").exit_code == 2
    assert run(compose, "--fix", "--write").exit_code == 2
    assert compose.read_text(encoding="utf-8").startswith("services")
    assert run("-", "--fix", "--write", text=WORKFLOW).exit_code == 2
    missing = run(workflow, "--fix", "-o", tmp_path / "no" / "x.json")
    assert missing.exit_code == 1
    assert "cannot be written" in missing.stderr


def test_errors_in_the_drawing_end_with_status_1_and_unreadable_files_with_2(run: Run, tmp_path: Path) -> None:
    assert run("-", text=WORKFLOW.replace("nginx:1.27", "''")).exit_code == 1
    assert run(tmp_path / "missing.yaml").exit_code == 2
