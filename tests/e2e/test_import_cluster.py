"""A namespace of a running cluster becomes a workflow, and the workflow makes the same objects again."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.test_commands import BIN, flowcore, line_with, running

pytestmark = pytest.mark.slow

MANIFESTS = Path(__file__).parents[1] / "manifest_files" / "kustomized.yaml"


def test_a_live_namespace_is_imported_without_what_its_controllers_made(tmp_path: Path) -> None:
    with running("sandbox", "--kubeconfig-out", "kubeconfig", "--speed", "10", cwd=tmp_path) as sandbox:
        line_with(sandbox, "kubectl get all")
        env = {"KUBECONFIG": str(tmp_path / "kubeconfig"), "XDG_DATA_HOME": str(tmp_path / "data")}
        kubectl = [str(BIN / "kubectl"), "apply", "-f", str(MANIFESTS)]
        subprocess.run(kubectl, env={**os.environ, **env}, capture_output=True, check=True, timeout=60)
        done = flowcore("import", "cluster", "-n", "staging", "-o", "live.json", cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stderr
        dry = subprocess.run(
            [str(BIN / "kubectl"), "apply", "--dry-run=server", "-f", "-"],
            input=flowcore("export", "kubernetes", "live.json", cwd=tmp_path, env=env).stdout,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    drawing = json.loads((tmp_path / "live.json").read_text(encoding="utf-8"))
    assert drawing["name"] == "staging"
    from_file = json.loads(flowcore("import", "kubernetes", MANIFESTS, cwd=tmp_path, env=env).stdout)
    assert {node["id"]: node["type"] for node in drawing["nodes"]} == {
        node["id"]: node["type"] for node in from_file["nodes"] if node["id"] != "staging"
    }
    assert {(edge["source"], edge["target"]) for edge in drawing["edges"]} == {
        (edge["source"], edge["target"]) for edge in from_file["edges"]
    }
    assert dry.returncode == 0, dry.stderr
