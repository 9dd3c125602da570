"""Compose files in a tree that somebody else holds, or on the disk with a wider root."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcore.compose import MemoryFiles, import_compose, load
from flowcore.errors import InvalidInputError
from flowcore.files import COMPOSE_NAMES, OVERRIDE_NAMES, Below, EntryKind
from tests.unit.compose.looking import data, loaded, problems

WEB = "services: {web: {image: nginx}}\n"


def test_a_path_leads_into_the_tree_that_is_handed_in() -> None:
    files = {
        "deploy/compose.yaml": "services: {web: {image: 'nginx:${TAG}', env_file: [../shared/web.env]}}",
        "deploy/.env": "TAG=1.27",
        ".env": "TAG=wrong",
        "shared/web.env": "A=1",
    }
    imported = import_compose(Path("deploy/compose.yaml"), files=MemoryFiles(files))
    assert data(imported, "web")["image"] == "nginx:1.27"
    assert imported.workflow.name == "deploy"
    assert not [f for f in imported.findings if f.rule == "env-file"]


def test_a_folder_in_the_tree_stands_for_its_file_and_override() -> None:
    files = {"a/docker-compose.yml": WEB, "a/docker-compose.override.yml": "services: {web: {scale: 3}}"}
    assert loaded(files, "a")["services"]["web"]["scale"] == 3


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("../compose.yaml", "outside"),
        ("/etc/passwd", "outside"),
        ("b.yaml", "not there"),
        ("a", "without compose.yaml"),
    ],
)
def test_a_path_that_leads_nowhere_is_told(path: str, told: str) -> None:
    [problem] = problems({"a/x": ""}, path)
    assert told in problem.message
    assert problem.place.file == path


def test_a_wider_root_opens_the_folders_beside(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "base.yaml").write_text("services: {base: {image: base, env_file: b.env}}")
    (tmp_path / "shared" / "b.env").write_text("A=1")
    path = tmp_path / "app" / "compose.yaml"
    path.write_text("services: {web: {extends: {file: ../shared/base.yaml, service: base}}}")
    with pytest.raises(InvalidInputError, match="outside"):
        load(path)
    web = load(path, root=tmp_path)["services"]["web"]
    assert (web["image"], web["env_file"][0]["path"]) == ("base", "../shared/b.env")
    with pytest.raises(InvalidInputError, match="is not in"):
        load(path, root=tmp_path / "shared")


def test_a_tree_is_read_up_to_its_root_and_no_further() -> None:
    files = {
        "docker/compose.yaml": (
            "services:\n  web:\n    image: nginx\n    env_file: ../shared/x.env\n"
            "    volumes: ['../shared/nginx.conf:/etc/nginx/nginx.conf:ro']\n    configs: [c]\n"
            "configs: {c: {file: ../shared/c.txt}}\n"
        ),
        "shared/x.env": "A=1",
        "shared/nginx.conf": "events {}",
        "shared/c.txt": "c",
    }
    result = import_compose(Path("docker/compose.yaml"), files=MemoryFiles(files))
    texts = [node.data["data"] for node in result.workflow.nodes if node.type == "configmap"]
    assert sorted(text for entries in texts for text in entries.values()) == ["1", "c", "events {}"]
    files["docker/compose.yaml"] = files["docker/compose.yaml"].replace("../", "../../")
    result = import_compose(Path("docker/compose.yaml"), files=MemoryFiles(files))
    told = [finding for finding in result.findings if " is outside " in finding.message]
    assert {finding.place.path for finding in told} == {
        "services.web.env_file[0]",
        "configs.c.file",
        "services.web.volumes[0]",
    }
    assert all(finding.fix and finding.place.line and finding.place.file == "docker/compose.yaml" for finding in told)


def test_files_of_this_machine_are_not_read_when_a_tree_is_given(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(WEB)
    for path in (tmp_path, tmp_path / "compose.yaml"):
        with pytest.raises(InvalidInputError, match="outside"):
            load(path, files=MemoryFiles({"compose.yaml": WEB}))


@pytest.mark.parametrize("at", range(4))
def test_names_are_looked_up_in_the_order_of_compose(at: int, tmp_path: Path) -> None:
    names = {name: f"services: {{web: {{image: 'i:{n}'}}}}\n" for n, name in enumerate(COMPOSE_NAMES) if n >= at}
    names |= {name: f"services: {{web: {{scale: {n + 2}}}}}\n" for n, name in enumerate(OVERRIDE_NAMES) if n >= at}
    for name, text in names.items():
        (tmp_path / name).write_text(text)
    for document in (load(tmp_path), loaded(names, ".")):
        web = document["services"]["web"]
        assert (web["image"], web["scale"]) == (f"i:{at}", at + 2)


def test_a_folder_in_files_climbs_up_to_their_root_only() -> None:
    files = Below(MemoryFiles({"a/b/x": "1", "a/y": "2", "z": "3"}), "a/b")
    assert [files.read(path) for path in ("x", "../y", "../../z")] == [b"1", b"2", b"3"]
    assert files.names("..") == ("b", "y")
    for path in ("../../../z", "/z", "~/z", "", "c:/z"):
        assert files.look(path).kind is EntryKind.OUTSIDE


def test_findings_name_files_as_they_stand_in_the_tree() -> None:
    files = {"d/compose.yaml": f"include: [a.yaml]\n{WEB}", "d/a.yaml": "services: {a: {image: [x]}}", "d/.env": "A='"}
    assert {problem.place.file for problem in problems(files, "d/compose.yaml")} == {"d/a.yaml", "d/.env"}
