"""Finding the Compose files of a tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcore.detection import ComposeCandidate, find_compose
from flowcore.detection._walk import DEEPEST
from flowcore.errors import ForbiddenError, NotFoundError
from flowcore.files import COMPOSE_NAMES, FolderFiles, MemoryFiles

WEB = "services:\n  web:\n    image: nginx\n"


def paths(files: dict[str, str], path: str = "") -> list[str]:
    return [candidate.path for candidate in find_compose(MemoryFiles(files), path)]


@pytest.mark.parametrize(
    "name",
    [*COMPOSE_NAMES, "docker-compose.prod.yml", "compose.dev.yaml", "docker-compose-dev.yml", "logs.compose.yml"],
)
def test_finds_every_usual_name(name: str) -> None:
    assert paths({name: WEB}) == [name]


@pytest.mark.parametrize("name", ["values.yaml", "composer.json", "compose.txt", "my-compose.yaml"])
def test_passes_over_other_names(name: str) -> None:
    assert paths({name: WEB}) == []


@pytest.mark.parametrize(
    "text",
    [
        WEB,
        f"\ufeff{WEB}",
        "version: '3'\r\n\r\nservices:\r\n  web: {image: a}\r\n",
        "include:\n  - a.yaml\n",
        '{"services": {"web": {"image": "a"}}}',
        "{name: x, services: {web: {image: a}}}",
        "'services':\n  a: {image: b}\n",
        "web:\n  image: nginx\n",
        "web: # the first form\n\n  # said so\n  build: .\n",
        "services:\n  web: [broken\n",
    ],
)
def test_takes_a_text_for_compose(text: str) -> None:
    assert paths({"compose.yaml": text}) == ["compose.yaml"]


@pytest.mark.parametrize(
    "text", ["", "a: 1\n", "# services:\n", "data:\n  services: x\n", "\0\1", WEB + "#" * 1_000_001]
)
def test_does_not_take_a_text_for_compose(text: str) -> None:
    assert paths({"compose.yaml": text}) == []


def test_tells_what_compose_reads_itself_and_what_has_to_be_named() -> None:
    tree = {
        "docker-compose.yml": WEB,
        "docker-compose.override.yml": WEB,
        "docker-compose.prod.yml": WEB,
        "logs.compose.yml": WEB,
        ".env": "A=1",
        ".env.example": "A=",
    }

    assert find_compose(MemoryFiles(tree)) == (
        ComposeCandidate(
            path="docker-compose.yml",
            overrides=("docker-compose.override.yml",),
            variants=("docker-compose.prod.yml",),
            env_files=(".env", ".env.example"),
        ),
        ComposeCandidate(path="logs.compose.yml", env_files=(".env", ".env.example"), is_default=False),
    )


def test_a_folder_is_no_override() -> None:
    (found,) = find_compose(MemoryFiles({"compose.yaml": WEB, "compose.override.yml/a": "", ".env/a": ""}))

    assert (found.overrides, found.env_files) == ((), ())


def test_any_of_composes_override_names_is_read_on_top() -> None:
    (found,) = find_compose(
        MemoryFiles({"compose.yaml": WEB, "docker-compose.override.yaml": "", "compose.override.yml": ""})
    )

    assert found.overrides == ("compose.override.yml",)


def test_the_first_of_composes_own_names_wins_and_the_other_is_a_variant() -> None:
    (found,) = find_compose(MemoryFiles({"docker-compose.yml": WEB, "compose.yaml": WEB}))

    assert (found.path, found.variants) == ("compose.yaml", ("docker-compose.yml",))


def test_ranks_the_nearest_first_and_tests_last() -> None:
    tree = {
        "tests/compose.yaml": WEB,
        "a/b/compose.yaml": WEB,
        "b/compose.yaml": WEB,
        "a/docker-compose.prod.yml": WEB,
        "docker-compose.prod.yml": WEB,
    }

    assert paths(tree) == [
        "docker-compose.prod.yml",
        "b/compose.yaml",
        "a/docker-compose.prod.yml",
        "a/b/compose.yaml",
        "tests/compose.yaml",
    ]


@pytest.mark.parametrize("folder", [".git", "node_modules", "vendor", ".cache", "a/.venv", "venv"])
def test_leaves_out_folders_that_are_not_the_projects_own(folder: str) -> None:
    assert paths({f"{folder}/compose.yaml": WEB}) == []


def test_goes_only_so_deep() -> None:
    deepest = "/".join("d" * DEEPEST)

    assert paths({f"{deepest}/compose.yaml": WEB, f"{deepest}/d/compose.yaml": WEB}) == [f"{deepest}/compose.yaml"]


def test_looks_below_a_folder_or_at_one_file() -> None:
    tree = {"compose.yaml": WEB, "a/compose.yaml": WEB, "a/odd.txt": WEB}

    assert paths(tree, "a") == ["a/compose.yaml"]
    assert paths(tree, "./a/odd.txt") == ["a/odd.txt"]


def test_says_when_the_path_is_not_there() -> None:
    with pytest.raises(NotFoundError):
        find_compose(MemoryFiles({"compose.yaml": WEB}), "b")
    with pytest.raises(ForbiddenError):
        find_compose(MemoryFiles({"compose.yaml": WEB}), "../b")


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(WEB, encoding="utf-8")
    (tmp_path / "again").symlink_to(tmp_path)

    assert find_compose(FolderFiles(tmp_path))[0].path == "compose.yaml"


def test_finds_every_application_of_awesome_compose(testdata: Path) -> None:
    folder = testdata / "compose" / "awesome-compose"
    if not folder.is_dir():
        pytest.skip("awesome-compose is not among the outside cases")
    expected = sorted(str(path.relative_to(folder)) for path in folder.rglob("compose.y*ml"))

    assert sorted(candidate.path for candidate in find_compose(FolderFiles(folder))) == expected
    assert len(expected) >= 39
