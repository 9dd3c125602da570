"""What goes in comes out again: rendered drawings exactly, files of others but for what every object of ours has."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from flowcore.exchange import import_manifests
from flowcore.kinds import core_catalogue
from flowcore.manifests import from_yaml, read_trees
from flowcore.model import Manifest, ObjectRef
from flowcore.planning import plan

TESTS = Path(__file__).parents[2]
GOLDEN = sorted((TESTS / "golden").glob("*/*.out.yaml"))
FILES = sorted((TESTS / "manifest_files").glob("*.yaml"))


def names(path: Path) -> str:
    return f"{path.parent.name}/{path.name.partition('.')[0]}"


def rendered_again(documents: list[Any]) -> dict[ObjectRef, Manifest]:
    imported = import_manifests(documents)
    steps = plan(imported.workflow, core_catalogue(), secret_values=imported.secret_values).steps
    return {ObjectRef.of(step.manifest): step.manifest for step in steps}


@pytest.mark.parametrize("path", GOLDEN, ids=names)
def test_what_flowcore_rendered_is_rendered_alike(path: Path) -> None:
    manifests = from_yaml(path.read_text(encoding="utf-8"))
    assert rendered_again(manifests) == {ObjectRef.of(manifest): manifest for manifest in manifests}


def bare(value: Any) -> Any:
    """Return a value without what the API server assumes where it is left out."""
    if isinstance(value, list):
        return [bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    usual = {"protocol": "TCP", "readOnly": False, "resources": {}, "targetPort": value.get("port")}
    return {
        key: bare(item) for key, item in value.items() if item is not None and (key not in usual or item != usual[key])
    }


def essence(manifest: Manifest, labels: set[str]) -> Manifest:
    """Return an object without status and added labels, with secrets as the server keeps them."""
    made: Manifest = bare({key: value for key, value in manifest.items() if key not in ("status", "stringData")})
    texts = {key: b64encode(value.encode()).decode() for key, value in manifest.get("stringData", {}).items()}
    made |= {"data": {**made.get("data", {}), **texts}} if texts else {}
    kept = {key: value for key, value in made["metadata"].pop("labels", {}).items() if key in labels}
    made["metadata"] |= {"labels": kept} if kept else {}
    if made["kind"] == "Service" and made["spec"].get("type") == "ClusterIP":
        del made["spec"]["type"]
    if made["kind"] == "Secret" and made.get("type") == "Opaque":
        del made["type"]
    return made


def objects_of(documents: list[Any]) -> list[Manifest]:
    lists = [document["items"] if document["kind"] == "List" else [document] for document in documents]
    return [one for part in lists for one in part if "name" in one["metadata"]]


@pytest.mark.parametrize("path", FILES, ids=names)
def test_what_others_wrote_is_rendered_alike_with_our_labels(path: Path) -> None:
    documents = read_trees(path.read_text(encoding="utf-8"), file=path.name)
    again = rendered_again(documents)
    source = {ObjectRef.of(one): one for one in objects_of(from_yaml(path.read_text(encoding="utf-8")))}
    assert again.keys() == source.keys()
    for ref, one in source.items():
        # The manager is the one label that cannot stay, and a value that is no text has no place in a drawing.
        labels = set(one["metadata"].get("labels", {})) - {"app.kubernetes.io/managed-by"}
        (one.get("data") or {}).pop("keystore", None)
        assert essence(again[ref], labels) == essence(one, labels), ref
