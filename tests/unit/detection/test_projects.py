"""Telling what a project is, and how it is built and started."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcore.detection import BuildMethod, detect_project, find_projects
from flowcore.detection._project_files import inner
from flowcore.detection._registry import PROVIDERS
from flowcore.errors import ForbiddenError, NotFoundError
from flowcore.files import FolderFiles, MemoryFiles
from tests.unit.detection.project_cases import CASES, Case

#: Folders of awesome-compose that are built, and the language of each.
AWESOME = {
    "angular/angular": "node",
    "apache-php/app": "php",
    "aspnet-mssql/app/aspnetapp": "csharp",
    "django/app": "python",
    "fastapi": "python",
    "flask/app": "python",
    "nginx-golang/backend": "go",
    "nginx-golang-mysql/backend": "go",
    "nginx-nodejs-redis/web": "node",
    "react-express-mongodb/backend": "node",
    "react-express-mysql/frontend": "node",
    "react-java-mysql/backend": "java",
    "react-rust-postgres/backend": "rust",
    "sparkjava/sparkjava": "java",
    "spring-postgres/backend": "java",
    "vuejs/vuejs": "node",
}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_tells_what_a_project_is(case: Case) -> None:
    project = detect_project(MemoryFiles(case.files))

    assert project is not None
    assert {name: getattr(project, name) for name in case.found} == case.found
    assert project.reasons
    assert bool(project.port) == bool(project.port_reason)


def test_every_provider_has_a_case() -> None:
    assert {case.found.get("provider") for case in CASES} >= {provider.name for provider in PROVIDERS}


def test_knows_nothing_of_other_folders() -> None:
    assert detect_project(MemoryFiles({"README.md": "x", "a/package.json": "{}"})) is None
    assert detect_project(MemoryFiles({})) is None


def test_looks_into_one_folder() -> None:
    project = detect_project(MemoryFiles({"web/package.json": "{", "go.mod": ""}), "./web/")

    assert project is not None
    assert (project.path, project.provider) == ("web", "node")
    assert "web/package.json is no valid JSON, so nothing was taken from it" in project.reasons


def test_says_when_the_path_is_not_there() -> None:
    with pytest.raises(NotFoundError):
        detect_project(MemoryFiles({"go.mod": ""}), "b")
    with pytest.raises(ForbiddenError):
        find_projects(MemoryFiles({"go.mod": ""}), "../b")


@pytest.mark.parametrize("text", ["[]", "null", "[" * 100_000, "9" * 5_000, '{"a": ' + "9" * 5_000 + "}"])
def test_says_which_file_is_broken(text: str) -> None:
    project = detect_project(MemoryFiles({"package.json": text}))

    assert project is not None
    assert "package.json is no valid JSON, so nothing was taken from it" in project.reasons


def test_an_empty_toml_file_is_not_broken() -> None:
    project = detect_project(MemoryFiles({"pyproject.toml": "# nothing yet\n"}))

    assert project is not None
    assert not [reason for reason in project.reasons if "valid" in reason]


def test_does_not_read_files_that_are_too_large() -> None:
    project = detect_project(MemoryFiles({"package.json": "{" + " " * 600_000 + "}"}))

    assert project is not None
    assert "package.json is larger than 512000 bytes and was not read" in project.reasons


def test_finds_the_projects_of_a_tree_nearest_first() -> None:
    tree = {
        "frontend/package.json": "{}",
        "frontend/index.html": "",
        "frontend/public/index.html": "",
        "backend/go.mod": "",
        "backend/cmd/a/main.go": "",
        "backend/tools/package.json": "{}",
        "examples/a/package.json": "{}",
        "node_modules/x/package.json": "{}",
        "site/index.html": "",
    }

    assert [(found.path, found.provider) for found in find_projects(MemoryFiles(tree))] == [
        ("backend", "go"),
        ("frontend", "node"),
        ("site", "staticfile"),
        ("backend/tools", "node"),
        ("examples/a", "node"),
    ]


def test_a_dockerfile_is_preferred_and_that_of_development_comes_last() -> None:
    project = detect_project(
        MemoryFiles({"Dockerfile.dev": "FROM a", "Dockerfile.prod": "FROM b AS run", "Dockerfile.dockerignore": ""})
    )

    assert project is not None
    assert project.method is BuildMethod.DOCKERFILE
    assert [file.path for file in project.dockerfiles] == ["Dockerfile.prod", "Dockerfile.dev"]


def test_no_control_character_of_a_file_gets_out() -> None:
    project = detect_project(MemoryFiles({"Gemfile": "", "Procfile": "web: a\x1b[31m\x07 b" + "x" * 9_000}))

    assert project is not None
    assert project.start.startswith("a [31m b")
    assert len(project.start) == 500


def test_the_way_into_a_value_may_lead_nowhere() -> None:
    assert inner({"a": [1]}, "a", "b") is None


def test_names_the_languages_of_awesome_compose(testdata: Path) -> None:
    root = testdata / "compose" / "awesome-compose"
    there = {path: language for path, language in AWESOME.items() if (root / path / "Dockerfile").is_file()}
    if not there:
        pytest.skip("only the Compose files of awesome-compose are among the outside cases, not what they build")
    files = FolderFiles(root)

    assert {path: found.provider for path in there if (found := detect_project(files, path))} == there
