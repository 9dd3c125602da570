"""The commands about kinds: list, explain, add, and the folder that every command reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from entrypoints.cli.app import cli
from flowcore.manifests import from_yaml

CRDS = Path(__file__).resolve().parents[1] / "crds"
NOTE = """
name: note
label: Note
resource: {apiVersion: v1, kind: ConfigMap}
parameters:
  - {name: name, label: Name, required: true, format: dns-subdomain}
  - {name: text, label: Text, default: ""}
template:
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: "${name}"}
  data: {text: "${text}"}
"""
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(*arguments: str | Path, text: str | None = None, **env: str | Path) -> Result:
        variables = {"XDG_DATA_HOME": str(tmp_path / "data"), **{name: str(value) for name, value in env.items()}}
        return CliRunner(env=variables).invoke(cli, [str(argument) for argument in arguments], input=text)

    return call


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A folder with one kind file."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "note.yaml").write_text(NOTE, encoding="utf-8")
    return folder


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    """A workflow with a note."""
    path = tmp_path / "workflow.json"
    nodes = [{"id": "n", "type": "note", "data": {"name": "n", "text": "08"}}]
    path.write_text(json.dumps({"name": "w", "nodes": nodes, "edges": []}), encoding="utf-8")
    return path


def test_kinds_are_listed_and_explained(run: Run) -> None:
    listed = run("kinds")
    assert listed.exit_code == 0
    assert "apps/v1 Deployment" in listed.stdout
    assert "manifest" in listed.stdout
    explained = run("kinds", "deployment")
    assert "What runs, like nginx:1.27." in explained.stdout
    assert run("kinds", "nope").exit_code == 2
    assert "there is no kind 'nope'" in run("kinds", "nope").stderr


def test_definitions_become_kinds_that_every_command_knows(run: Run, tmp_path: Path) -> None:
    added = run("kinds", "add", CRDS / "certificate.yaml", CRDS / "cluster.yaml")
    assert added.exit_code == 0, added.stderr
    assert (tmp_path / "data/flowcore/kinds/certificate.cert-manager.io.yaml").is_file()
    assert "cluster.postgresql.cnpg.io: postgresql.cnpg.io/v1 Cluster" in added.stderr
    explained = run("kinds", "certificate.cert-manager.io").stdout
    assert "spec.issuerRef.name" in explained
    spec = {"secretName": "tls", "issuerRef": {"name": "ca"}}
    nodes = [{"id": "c", "type": "certificate.cert-manager.io", "data": {"name": "c", "spec": spec}}]
    path = tmp_path / "w.json"
    path.write_text(json.dumps({"name": "w", "nodes": nodes, "edges": []}), encoding="utf-8")
    assert run("validate", path).exit_code == 0
    (manifest,) = from_yaml(run("render", path).stdout)
    assert (manifest["apiVersion"], manifest["spec"]) == ("cert-manager.io/v1", spec)


def test_definitions_are_found_among_other_objects_and_on_standard_input(run: Run, tmp_path: Path) -> None:
    both = "\n---\n".join((CRDS / f"{name}.yaml").read_text(encoding="utf-8") for name in ("issuer", "kafka"))
    text = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: x}}\n---\n{both}"
    assert run("kinds", "add", "-", "--into", tmp_path / "k", text=text).exit_code == 0
    assert sorted(path.name for path in (tmp_path / "k").iterdir()) == [
        "issuer.cert-manager.io.yaml",
        "kafka.kafka.strimzi.io.yaml",
    ]


def test_another_version_can_be_chosen(run: Run, tmp_path: Path) -> None:
    added = run("kinds", "add", CRDS / "httproute.yaml", "--version", "v1beta1", "--into", tmp_path)
    assert "gateway.networking.k8s.io/v1beta1 HTTPRoute" in added.stderr
    refused = run("kinds", "add", CRDS / "httproute.yaml", "--version", "v3", "--into", tmp_path, "--replace")
    assert refused.exit_code == 2
    assert "served are: v1beta1, v1" in refused.stderr


def test_files_are_only_written_over_when_asked_for(run: Run, tmp_path: Path) -> None:
    call = ("kinds", "add", CRDS / "kafka.yaml", "--into", tmp_path)
    assert run(*call).exit_code == 0
    refused = run(*call)
    assert refused.exit_code == 2
    assert "--replace" in refused.stderr
    assert run(*call, "--replace").exit_code == 0


def test_nothing_is_written_when_one_of_the_sources_is_bad(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("kind: Namespace\n", encoding="utf-8")
    (tmp_path / "worse.yaml").write_text("a: [", encoding="utf-8")
    sources = (CRDS / "kafka.yaml", tmp_path / "bad.yaml", tmp_path / "worse.yaml", tmp_path / "gone.yaml")
    refused = run("kinds", "add", *sources, "--into", tmp_path / "k")
    assert refused.exit_code == 2
    assert not (tmp_path / "k").exists()
    for words in ("bad.yaml holds no CustomResourceDefinition", "worse.yaml", "gone.yaml cannot be read"):
        assert words in refused.stderr.replace("\n", " ")


def test_a_folder_is_given_to_a_command_to_flowcore_or_in_the_environment(run: Run, notes: Path, drawing: Path) -> None:
    assert run("validate", drawing).exit_code == 1
    assert run("validate", drawing, "--kinds-dir", notes).exit_code == 0
    assert run("--kinds-dir", notes, "validate", drawing).exit_code == 0
    assert run("validate", drawing, FLOWCORE_KINDS_DIR=notes).exit_code == 0
    (manifest,) = from_yaml(run("render", drawing, "--kinds-dir", notes).stdout)
    assert manifest["data"] == {"text": "08"}
    for command in (("graph",), ("graph", "--format", "json"), ("diff", drawing)):
        done = run("--kinds-dir", notes, *command, drawing)
        assert done.exit_code == 0, done.stderr
    assert "note" in run("kinds", "--kinds-dir", notes).stdout
    assert "Text" in run("kinds", "--kinds-dir", notes, "note").stdout
    assert "Text" in run("kinds", "note", "--kinds-dir", notes).stdout


def test_every_problem_of_every_file_is_told_with_its_line(run: Run, notes: Path, drawing: Path) -> None:
    (notes / "a.yaml").write_text("nmae: a\n", encoding="utf-8")
    (notes / "b.yaml").write_text(NOTE.replace("name: note", "name: deployment"), encoding="utf-8")
    refused = run("validate", drawing, "--kinds-dir", notes)
    assert refused.exit_code == 2
    told = refused.stderr.replace("\n", " ")
    assert f"{notes / 'a.yaml'}:1" in told
    assert f"{notes / 'b.yaml'}:2" in told
    assert "replaces: true" in told


def test_large_bundles_and_json_can_be_read_and_lines_are_those_of_the_file(run: Run, tmp_path: Path) -> None:
    definition = (CRDS / "kafka.yaml").read_text(encoding="utf-8")
    bundle = tmp_path / "bundle.yaml"
    filler = "apiVersion: v1\nkind: ConfigMap\ndata: {text: '" + "x" * 3_000_000 + "'}\n"
    bundle.write_text(f"{filler}--- # more\n{definition}", encoding="utf-8")
    assert run("kinds", "add", bundle, "--into", tmp_path / "a").exit_code == 0
    listed = tmp_path / "list.json"
    items = from_yaml(definition)
    listed.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
    assert run("kinds", "add", listed, "--into", tmp_path / "b").exit_code == 0
    listed.write_text("{", encoding="utf-8")
    assert "is not JSON" in run("kinds", "add", listed, "--into", tmp_path / "b").stderr
    bundle.write_text(f"{filler}---\nkind: CustomResourceDefinition\na: [\n", encoding="utf-8")
    assert "bundle.yaml:7" in run("kinds", "add", bundle, "--into", tmp_path / "b").stderr.replace("\n", "")
