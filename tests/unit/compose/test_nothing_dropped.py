"""Nothing is dropped silently: every key changes the drawing or gives a finding with its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from flowcore.compose import Imported, MemoryFiles, import_compose
from flowcore.compose._normalise import SERVICE
from flowcore.errors import InvalidInputError

_FILE = Path(__file__).resolve().parents[2] / "compose_files" / "everything" / "compose.yaml"
_TREE: dict[str, Any] = YAML(typ="safe", pure=True).load(_FILE.read_text())
#: Keys that say how to read the file; they are carried out while loading.
_LOADING = {"extends", "profiles"}
#: Keys without any meaning to lose: an extension, and a limit that the other keys set already.
_SILENT = {"x-anything", "attach"}


def _import(tree: dict[str, Any]) -> Imported | None:
    try:
        files = MemoryFiles({"labels.env": "com.example.team=web"})
        return import_compose(json.dumps(tree), profiles=["*"], files=files)
    except InvalidInputError:
        return None


def _with_service(**keys: Any) -> dict[str, Any]:
    service = {"image": "nginx", **keys}
    return {**_TREE, "services": {"db": {"image": "postgres"}, "web": service}}


def _nested() -> Iterator[tuple[str, str]]:
    for key in ("deploy", "healthcheck"):
        for inner in _TREE["services"]["web"][key]:
            yield key, inner


def test_the_file_of_everything_has_every_key_of_a_service() -> None:
    assert set(SERVICE) - set(_TREE["services"]["web"]) == _LOADING - {"profiles"}


@pytest.mark.parametrize("key", sorted(set(_TREE["services"]["web"]) - _LOADING - _SILENT - {"image"}))
def test_a_key_of_a_service_changes_the_drawing_or_is_told(key: str) -> None:
    bare = _import(_with_service())
    with_key = _import(_with_service(**{key: _TREE["services"]["web"][key]}))
    assert bare is not None
    assert with_key is not None
    told = [finding for finding in with_key.findings if finding.place.path.startswith(f"services.web.{key}")]
    changed = with_key.workflow != bare.workflow
    assert changed or told, key
    assert all(finding.place.line and finding.place.file for finding in told)


@pytest.mark.parametrize(("key", "inner"), list(_nested()))
def test_a_key_inside_deploy_or_healthcheck_changes_the_drawing_or_is_told(key: str, inner: str) -> None:
    block = {"test": "x", "start_period": "20s"} if key == "healthcheck" else {}
    value = _TREE["services"]["web"][key][inner]
    bare = _import(_with_service(**{key: {k: v for k, v in block.items() if k != inner}}))
    with_key = _import(_with_service(**{key: {**block, inner: value}}))
    assert bare is not None
    assert with_key is not None
    path = f"services.web.{key}.{inner}"
    told = [finding for finding in with_key.findings if finding.place.path.startswith(path)]
    assert with_key.workflow != bare.workflow or told or (inner, value) == ("mode", "replicated")


_SMALL: list[tuple[str, Any]] = [
    ("ports[0]", {"ports": [{"target": 80, "mode": "host"}]}),
    ("ports[0]", {"ports": ["10.0.0.1:80:80"]}),
    ("ports[0].odd", {"ports": [{"target": 80, "odd": 1}]}),
    ("volumes[0].odd", {"volumes": [{"target": "/a", "odd": 1}]}),
    ("volumes[0]", {"volumes": ["d:/d:cached"]}),
    ("volumes[0]", {"volumes": ["/srv:/d:z"]}),
    ("volumes[0]", {"volumes": ["/srv:/d:odd"]}),
    ("tmpfs[0]", {"tmpfs": ["/t:mode=700"]}),
    ("secrets[0].odd", {"secrets": [{"source": "key", "odd": 1}]}),
    ("env_file[0].odd", {"env_file": [{"path": "a", "required": False, "odd": 1}]}),
    ("depends_on.db.odd", {"depends_on": {"db": {"condition": "service_started", "odd": 1}}}),
    ("healthcheck.odd", {"healthcheck": {"test": "x", "odd": 1}}),
    ("deploy.odd", {"deploy": {"odd": 1}}),
    ("deploy.resources.limits.odd", {"deploy": {"resources": {"limits": {"odd": 1}}}}),
    ("networks.back.mac_address", {"networks": {"back": {"mac_address": "x"}}}),
    ("labels.kompose.hpa.cpu", {"labels": {"kompose.hpa.cpu": "1"}}),
    ("environment.URL", {"environment": {"URL": "http://host.docker.internal:80"}}),
]


@pytest.mark.parametrize(("path", "keys"), _SMALL)
def test_a_small_part_of_a_value_is_told_too(path: str, keys: dict[str, Any]) -> None:
    result = _import(_with_service(**keys))
    assert result is not None
    assert [finding for finding in result.findings if finding.place.path == f"services.web.{path}"]


@pytest.mark.parametrize("key", ["version", "networks", "volumes", "secrets", "configs", "models"])
def test_a_top_level_key_changes_the_drawing_or_is_told(key: str) -> None:
    result = _import({**_with_service(), key: _TREE[key]})
    assert result is not None
    assert any(finding.place.path.startswith(key) for finding in result.findings)


@pytest.mark.parametrize(
    ("group", "options", "path"),
    [
        ("volumes", {"driver": "nfs"}, "volumes.data.driver"),
        ("volumes", {"driver_opts": {"o": "x"}}, "volumes.data.driver_opts"),
        ("volumes", {"labels": {"a": "b"}}, "volumes.data.labels"),
        ("volumes", {"odd": 1}, "volumes.data.odd"),
        ("secrets", {"content": "x", "template_driver": "y"}, "secrets.key.template_driver"),
        ("configs", {"content": "x", "labels": {"a": "b"}}, "configs.app.labels"),
    ],
)
def test_an_option_of_a_volume_secret_or_config_is_told(group: str, options: dict[str, Any], path: str) -> None:
    name = path.split(".")[1]
    tree = _with_service(volumes=["data:/d"], secrets=["key"], configs=["app"])
    result = _import({**tree, group: {name: options}})
    assert result is not None
    assert [finding for finding in result.findings if finding.place.path == path]


def test_the_whole_file_of_everything_is_imported_and_no_key_is_forgotten() -> None:
    result = import_compose(_FILE, profiles=["*"])
    assert all(finding.place.file == str(_FILE) and finding.place.line for finding in result.findings)
    paths = {finding.place.path for finding in result.findings}
    for key in (
        "ulimits",
        "sysctls.net.core.somaxconn",
        "logging",
        "container_name",
        "gpus",
        "runtime",
        "stop_signal",
        "develop",
        "pre_stop",
    ):
        assert f"services.web.{key}" in paths
