"""``include``, ``extends`` from other folders, label files, and trees of files that somebody else holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowcore.compose import MemoryFiles, import_compose, load
from flowcore.errors import Finding, InvalidInputError
from tests.unit.compose.looking import data


def loaded(files: dict[str, str], path: str = "compose.yaml", **rest: Any) -> dict[str, Any]:
    return load(Path(path), files=MemoryFiles(files), **rest)


def problems(files: dict[str, str], path: str = "compose.yaml") -> list[Finding]:
    with pytest.raises(InvalidInputError) as refused:
        loaded(files, path)
    return list(refused.value.findings)


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


def test_an_include_brings_its_resources_with_paths_from_its_own_folder() -> None:
    files = {
        "compose.yaml": "include: [db/compose.yaml]\nservices: {web: {image: nginx, depends_on: [db]}}\n",
        "db/compose.yaml": (
            "services:\n  db:\n    build: .\n    env_file: [db.env]\n    volumes: ['./init:/init:ro', 'data:/data']\n"
            "    secrets: [key]\n"
            "volumes: {data: {}}\nsecrets: {key: {file: ./key.txt}}\n"
        ),
        "db/db.env": "A=1",
        "db/key.txt": "s3cret",
    }
    document = loaded(files)
    db = document["services"]["db"]
    assert db["build"]["context"] == "./db"
    assert db["env_file"][0]["path"] == "./db/db.env"
    assert [volume["source"] for volume in db["volumes"]] == ["./db/init", "data"]
    assert document["secrets"]["key"]["file"] == "./db/key.txt"
    assert set(document["volumes"]) == {"data"}


def test_an_included_project_has_variables_of_its_own_that_do_not_win() -> None:
    files = {
        "compose.yaml": "include: [a/compose.yaml]\nservices: {web: {image: 'w:${TAG}-${OWN:-none}'}}\n",
        ".env": "TAG=outer",
        "a/compose.yaml": "services: {a: {image: 'a:${TAG}-${OWN}'}}\n",
        "a/.env": "TAG=inner\nOWN=own",
    }
    services = loaded(files)["services"]
    assert services["a"]["image"] == "a:outer-own"
    assert services["web"]["image"] == "w:outer-none"


def test_the_long_form_merges_paths_and_moves_the_folder() -> None:
    files = {
        "compose.yaml": (
            "include:\n  - path: [a/one.yaml, a/two.yaml]\n    project_directory: b\n    env_file: [x.env, y.env]\n"
            "services: {web: {image: nginx}}\n"
        ),
        "a/one.yaml": "services: {a: {image: 'a:${X}${Y}', build: ./src}}\n",
        "a/two.yaml": "services: {a: {scale: 2}}\n",
        "x.env": "X=1\nY=0",
        "y.env": "Y=2",
    }
    service = loaded(files)["services"]["a"]
    assert service["image"] == "a:12"
    assert service["scale"] == 2
    assert service["build"]["context"] == "./b/src"


def test_includes_nest() -> None:
    files = {
        "compose.yaml": "include: [a/compose.yaml]\nservices: {web: {image: nginx}}\n",
        "a/compose.yaml": "include: [../b/compose.yaml]\nservices: {a: {build: .}}\n",
        "b/compose.yaml": "services: {b: {build: ./x}}\n",
    }
    services = loaded(files)["services"]
    assert services["a"]["build"]["context"] == "./a"
    assert services["b"]["build"]["context"] == "./b/x"


def test_the_same_resource_twice_is_fine_when_it_is_the_same() -> None:
    files = {
        "compose.yaml": "include: [a.yaml, b.yaml]\nservices: {web: {image: nginx}}\n",
        "a.yaml": "services: {a: {image: a, environment: {A: '1'}}}\nnetworks: {back: {}}\n",
        "b.yaml": "services: {a: {image: a, environment: [A=1]}}\nnetworks: {back: {}}\n",
    }
    assert set(loaded(files)["services"]) == {"a", "web"}


def test_a_further_file_may_override_what_is_included() -> None:
    files = {
        "compose.yaml": "include: [a.yaml]\n",
        "a.yaml": WEB,
        "compose.override.yaml": "services: {web: {scale: 2}}",
    }
    assert loaded(files, ".")["services"]["web"]["scale"] == 2


@pytest.mark.parametrize(
    ("include", "more", "told"),
    [
        ("[missing.yaml]", {}, "missing.yaml is not there"),
        ("[../outside.yaml]", {}, "../outside.yaml is outside"),
        ("['https://example.com/c.yaml']", {}, "is somewhere else"),
        ("['oci://example.com/c']", {}, "is somewhere else"),
        ("[{project_directory: a}]", {}, "names no path"),
        ("a.yaml", {}, "include must be a list"),
        ("[{path: a.yaml, env_file: no.env}]", {"a.yaml": "services: {a: {image: a}}"}, "no.env is not there"),
        ("[a.yaml]", {"a.yaml": "services: {web: {image: other}}"}, "services.web is in a.yaml, line 1"),
        ("[a.yaml]", {"a.yaml": "include: [b.yaml]", "b.yaml": "include: [a.yaml]"}, "in a circle"),
    ],
)
def test_what_cannot_be_included_is_told_with_its_place(include: str, more: dict[str, str], told: str) -> None:
    found = problems({"compose.yaml": f"include: {include}\n{WEB}", **more})
    assert any(told in problem.message for problem in found), found
    assert all(problem.place.file and problem.place.line for problem in found)


def test_including_is_bounded() -> None:
    files = {f"f{n}.yaml": f"include: [f{n + 1}.yaml, f{n + 1}.yaml]\n" for n in range(30)}
    files |= {"f30.yaml": "services: {a: {image: a}}", "compose.yaml": f"include: [f0.yaml]\n{WEB}"}
    assert "more than 200 files are included" in {problem.message for problem in problems(files)}


def test_a_service_of_another_folder_is_extended_with_its_paths() -> None:
    files = {
        "compose.yaml": "services:\n  web:\n    extends: {file: common/base.yaml, service: base}\n    image: web\n",
        "common/base.yaml": (
            "services:\n  base:\n    extends: {file: deep/root.yaml, service: root}\n"
            "    build: {dockerfile: D}\n    env_file: base.env\n    label_file: l.txt\n"
        ),
        "common/base.env": "A=1",
        "common/l.txt": "com.example.a=1\ncom.example.b=2",
        "common/deep/root.yaml": "services: {root: {volumes: ['./data:/data', '/abs:/abs', 'named:/n'], init: true}}",
    }
    files["compose.yaml"] += "    labels: {com.example.b: own}\nvolumes: {named: {}}\n"
    web = loaded(files)["services"]["web"]
    assert web["build"]["context"] == "./common"
    assert web["env_file"][0]["path"] == "./common/base.env"
    assert [volume["source"] for volume in web["volumes"]] == ["./common/deep/data", "/abs", "named"]
    assert web["init"] is True
    assert web["labels"] == {"com.example.a": "1", "com.example.b": "own"}


@pytest.mark.parametrize(
    ("extends", "told"),
    [
        ("{file: ../up.yaml, service: a}", "outside"),
        ("{file: no.yaml, service: a}", "not there"),
        ("{file: other.yaml, service: b}", "is not in other.yaml"),
        ("{file: circle.yaml, service: c}", "in a circle"),
    ],
)
def test_what_cannot_be_extended_is_told_with_its_place(extends: str, told: str) -> None:
    files = {
        "compose.yaml": f"services: {{web: {{image: a, extends: {extends}}}}}\n",
        "other.yaml": "services: {a: {image: a}}",
        "circle.yaml": "services: {c: {extends: {file: circle.yaml, service: c}}}",
    }
    found = problems(files)
    assert any(told in problem.message for problem in found), found
    assert all(problem.place.line for problem in found)


@pytest.mark.parametrize(("path", "told"), [("no.txt", "is not there"), ("../l.txt", "is outside")])
def test_label_files_must_be_there(path: str, told: str) -> None:
    [problem] = problems({"compose.yaml": f"services: {{web: {{image: a, label_file: {path}}}}}"})
    assert told in problem.message
    assert problem.place.path == "services.web.label_file"


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
