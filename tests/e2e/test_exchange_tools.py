"""The tools themselves read what is written for them: kubectl's kustomize, and Helm where there is one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from flowcore.errors import InvalidInputError
from flowcore.exchange import import_manifests, to_helm, to_kustomize
from flowcore.exchange._chart_values import identifier
from flowcore.kinds import core_catalogue
from flowcore.manifests import from_yaml
from flowcore.model import Manifest, ObjectRef, Workflow
from flowcore.planning import plan
from tests.golden.test_golden import CASES, _drawing

FILES = sorted((Path(__file__).parents[1] / "manifest_files").glob("*.yaml"))
KUBECTL = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or shutil.which("kubectl")
#: Reads a drawing from a file.
Reading = Callable[[Path], Workflow]
HELM = os.environ.get("FLOWCORE_TEST_HELM") or shutil.which("helm")


def golden(path: Path) -> Workflow:
    return _drawing(path)[0]


def imported(path: Path) -> Workflow:
    return import_manifests(from_yaml(path.read_text(encoding="utf-8"))).workflow


DRAWINGS = [
    *(pytest.param(golden, path, id=f"{path.parent.name}/{path.name.partition('.')[0]}") for path in CASES),
    *(pytest.param(imported, path, id=path.stem) for path in FILES),
]


def rendered(workflow: Workflow, secrets: Mapping[str, Mapping[str, str]] | None = None) -> dict[ObjectRef, Manifest]:
    try:
        planned = plan(workflow, core_catalogue(), secret_values=secrets)
    except InvalidInputError:
        pytest.skip("only valid with values of the run")
    return {ObjectRef.of(step.manifest): step.manifest for step in planned.steps}


def written(files: Mapping[str, str], folder: Path) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def output_of(*command: str | Path) -> dict[ObjectRef, Manifest]:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return {ObjectRef.of(one): one for one in from_yaml(done.stdout)}


@pytest.mark.skipif(KUBECTL is None, reason="there is no kubectl")
@pytest.mark.parametrize(("read", "path"), DRAWINGS)
def test_kustomize_builds_what_the_drawing_renders(read: Reading, path: Path, tmp_path: Path) -> None:
    workflow = read(path)
    wanted = rendered(workflow)
    assert output_of(str(KUBECTL), "kustomize", written(to_kustomize(workflow), tmp_path)) == wanted


@pytest.mark.skipif(HELM is None, reason="there is no helm on PATH or in FLOWCORE_TEST_HELM")
@pytest.mark.parametrize(("read", "path"), DRAWINGS)
def test_helm_makes_what_the_drawing_renders(read: Reading, path: Path, tmp_path: Path) -> None:
    workflow = read(path)
    rendered(workflow)
    steps = plan(workflow, core_catalogue()).steps
    secrets = {
        step.node_id: dict.fromkeys(step.missing_secrets, "a {{ b }}: \"c'\n") for step in steps if step.missing_secrets
    }
    chart = written(to_helm(workflow), tmp_path / "chart")
    values = tmp_path / "values.json"
    values.write_text(
        json.dumps({identifier(id_): {"secrets": keys} for id_, keys in secrets.items()}), encoding="utf-8"
    )
    made = output_of(str(HELM), "template", "release", chart, "--values", values, "--include-crds")
    assert made == rendered(workflow, secrets)
