"""Plugins over HTTP: kinds of a folder, by API group, enabled by each user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from entrypoints.bootstrap import open_app
from entrypoints.settings import Settings
from flowcore.errors import InvalidInputError
from tests.http.conftest import Caller, with_settings

pytestmark = pytest.mark.anyio

CRDS = Path(__file__).resolve().parents[1] / "crds"
NOTE = """
name: note
label: Note
category: configuration
resource: {apiVersion: v1, kind: ConfigMap}
parameters: [{name: name, label: Name, required: true}]
template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${name}"}}
"""


@pytest.fixture
def kinds(tmp_path: Path) -> Path:
    """A folder with definitions of two groups and a kind of one's own."""
    for name in ("certificate", "issuer", "httproute"):
        (tmp_path / f"{name}.yaml").write_text((CRDS / f"{name}.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "note.yaml").write_text(NOTE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def settings(kinds: Path) -> Settings:
    """Settings of a service that reads the folder."""
    return with_settings(kinds_dir=kinds)


async def test_plugins_are_the_groups_of_further_kinds_and_every_user_enables_their_own(
    ann: Caller, bob: Caller
) -> None:
    listed = (await ann.ask("GET", "/plugins"))["plugins"]
    groups = ["cert-manager.io", "gateway.networking.k8s.io", "own"]
    assert [(one["id"], one["enabled"]) for one in listed] == [(group, False) for group in groups]
    assert listed[0]["crdKinds"] == ["Certificate", "Issuer"]
    assert await ann.ask("GET", "/plugins/categories") == {"categories": ["custom"]}
    said = await ann.ask("POST", "/plugins/cert-manager.io/enable")
    assert said == {"message": "Plugin enabled successfully"}
    await ann.ask("POST", "/plugins/cert-manager.io/enable")
    (enabled,) = (await ann.ask("GET", "/plugins/enabled"))["plugins"]
    fields = {field["id"]: field for field in enabled["nodeTypes"][0]["fields"]}
    assert enabled["nodeTypes"][0]["name"] == "certificate.cert-manager.io"
    assert (fields["name"]["type"], fields["name"]["required"], fields["spec"]["type"]) == ("text", True, "textarea")
    shown = await ann.ask("GET", "/plugins/cert-manager.io")
    assert (shown["enabled"], shown["plugin"]["crdGroup"]) == (True, "cert-manager.io")
    assert "enabledAt" in (await ann.ask("GET", "/plugins"))["plugins"][0]
    assert (await bob.ask("GET", "/plugins/enabled"))["plugins"] == []


async def test_the_palette_has_the_kinds_of_enabled_plugins(ann: Caller) -> None:
    async def palette() -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in (await ann.ask("GET", "/templates"))["templates"]}

    assert "deployment" in await palette()
    assert "issuer.cert-manager.io" not in await palette()
    await ann.ask("POST", "/plugins/cert-manager.io/enable")
    found = (await palette())["issuer.cert-manager.io"]
    assert (found["id"], found["isPlugin"], found["pluginId"]) == (found["name"], True, "cert-manager.io")
    assert "plugin" in found["tags"]
    await ann.ask("POST", "/plugins/cert-manager.io/disable")
    assert "issuer.cert-manager.io" not in await palette()
    assert await ann.ask("POST", "/plugins/own/disable") == {"message": "Plugin disabled successfully"}


async def test_an_unknown_plugin_is_not_found(ann: Caller) -> None:
    for method, path in (("GET", "/nope"), ("POST", "/nope/enable"), ("POST", "/nope/disable")):
        answer = await ann.ask(method, f"/plugins{path}", status=404)
        assert answer["error"] == "Plugin not found"


async def test_a_drawing_works_whether_or_not_its_plugins_are_enabled(ann: Caller) -> None:
    node = {"id": "n", "type": "note", "position": {"x": 0, "y": 0}, "data": {"name": "n"}}
    workflow = await ann.ask("POST", "/workflows", json={"name": "w", "cluster_id": "c", "nodes": [node]}, status=201)
    assert workflow["workflow"]["nodes"][0]["type"] == "note"


async def test_a_service_does_not_start_with_bad_kind_files(kinds: Path) -> None:
    (kinds / "bad.yaml").write_text("nmae: x\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"bad\.yaml"):
        async with open_app(Settings(store_url="memory://", kinds_dir=kinds)):
            pass


def test_the_folder_is_a_setting(kinds: Path) -> None:
    assert Settings.from_env({"FLOWCORE_KINDS_DIR": str(kinds)}).kinds_dir == kinds
    with pytest.raises(InvalidInputError, match="FLOWCORE_KINDS_DIR must be a folder"):
        Settings.from_env({"FLOWCORE_KINDS_DIR": str(kinds / "nowhere")})
