"""What is found in a repository, and where somebody is asked."""

from __future__ import annotations

import pytest

from flowcore.errors import InvalidInputError, NotFoundError
from flowcore.files import MemoryFiles
from flowcore.usecases.imports.analyzing import Wishes
from flowcore.usecases.imports.repositories import (
    AnalyzeRepository,
    ImportProgress,
    RepositoryAnalysis,
    RepositoryOrder,
)
from tests.doubles_git import FakeGitSource, FakeRepository

pytestmark = pytest.mark.anyio

URL = "https://github.com/ann/Shop"
CLONED = "https://github.com/ann/Shop.git"
WEB = "services: {web: {image: 'nginx:${TAG:-1}'}}\n"


async def look(files: dict[str, str], url: str = URL, **order: object) -> RepositoryAnalysis:
    repository = FakeRepository(
        branches={"main": MemoryFiles(files), "feature/x": MemoryFiles({**files, "only/here.txt": ""})},
        tags={"v1": MemoryFiles({"compose.yaml": "services: {old: {image: old}}\n"})},
    )
    git = FakeGitSource({CLONED: repository})
    return await AnalyzeRepository(git=git)(RepositoryOrder(url=url, **order))


def services(found: RepositoryAnalysis) -> list[str]:
    assert found.analysis is not None
    return sorted(found.analysis.services)


async def test_a_file_at_the_top_wins_and_gives_the_repositorys_name() -> None:
    found = await look({"compose.yaml": WEB, "examples/compose.yaml": "services: {x: {image: x}}"})
    assert (services(found), found.ref) == (["web"], "main")
    assert found.analysis is not None
    assert found.analysis.name == "shop"


@pytest.mark.parametrize(
    ("files", "order", "name"),
    [
        ({"compose.yaml": f"name: own\n{WEB}"}, {}, "own"),
        ({"deploy/compose.yaml": WEB}, {}, "deploy"),
        ({"compose.yaml": WEB}, {"wishes": Wishes(name="given")}, "given"),
        ({"compose.yaml": WEB}, {"wishes": Wishes(variables={"COMPOSE_PROJECT_NAME": "set"})}, "set"),
    ],
)
async def test_a_name_of_its_own_is_better(files: dict[str, str], order: dict[str, object], name: str) -> None:
    found = await look(files, **order)
    assert found.analysis is not None
    assert found.analysis.name == name


async def test_where_there_are_several_somebody_must_choose() -> None:
    files = {"a/compose.yaml": WEB, "b/compose.yaml": "services: {b: {image: b}}", "b/prod.yaml": WEB}
    asked = await look(files)
    assert asked.analysis is None
    assert [candidate.path for candidate in asked.candidates] == ["a/compose.yaml", "b/compose.yaml"]
    assert services(await look(files, compose_file="b/compose.yaml")) == ["b"]
    assert services(await look(files, compose_file="b/prod.yaml")) == ["web"]
    assert services(await look(files, path="b")) == ["b"]
    with pytest.raises(NotFoundError) as refused:
        await look(files, compose_file="c.yaml")
    assert refused.value.code == "import.file_not_found"


async def test_the_page_of_a_branch_or_folder_is_understood() -> None:
    files = {"deploy/compose.yaml": WEB, "other/compose.yaml": "services: {x: {image: x}}"}
    found = await look(files, url=f"{URL}/tree/feature/x/deploy")
    assert (found.ref, services(found)) == ("feature/x", ["web"])
    assert services(await look(files, url=f"{URL}/tree/v1")) == ["old"]
    assert services(await look(files, url=f"{URL}/tree/feature/x/deploy", ref="v1", path=".")) == ["old"]
    with pytest.raises(NotFoundError):
        await look(files, url=f"{URL}/tree/gone/deploy")


async def test_projects_without_a_compose_file_become_services_with_builds() -> None:
    node = '{"scripts": {"start": "node ."}, "dependencies": {"express": "4"}}'
    found = await look({"api/package.json": node, "web/package.json": node, "web/Dockerfile": "FROM node\nEXPOSE 80\n"})
    assert services(found) == ["api", "web"]
    analysis = found.analysis
    assert analysis is not None
    assert analysis.needs_build
    assert [(build.context, build.dockerfile) for build in analysis.builds] == [("api", ""), ("web", "web/Dockerfile")]
    told = [finding for finding in analysis.findings if finding.rule == "project-detected"]
    assert [finding.place.path for finding in told] == ["services.api", "services.web"]


async def test_nothing_to_import_is_told() -> None:
    with pytest.raises(NotFoundError) as refused:
        await look({"README": "hello"})
    assert refused.value.code == "import.nothing_found"


@pytest.mark.parametrize("order", [{"url": "file:///etc"}, {"ref": "a..b"}, {"ref": "-x"}])
async def test_a_wrong_url_or_ref_is_refused_before_anything_is_asked(order: dict[str, str]) -> None:
    git = FakeGitSource()
    with pytest.raises(InvalidInputError):
        await AnalyzeRepository(git=git)(RepositoryOrder(**{"url": URL, **order}))
    assert git.shown == []


async def test_the_checkout_is_left_and_every_stage_is_told() -> None:
    git = FakeGitSource({CLONED: FakeRepository(branches={"main": MemoryFiles({"compose.yaml": WEB})})})
    told: list[ImportProgress] = []
    await AnalyzeRepository(git=git)(RepositoryOrder(url=URL), on_progress=told.append)
    assert git.open == 0
    assert list(dict.fromkeys(progress.stage for progress in told)) == ["clone", "analyze", "convert"]
    git.repositories[CLONED] = FakeRepository(branches={"main": MemoryFiles({"compose.yaml": "services: [\n"})})
    with pytest.raises((InvalidInputError, NotFoundError)):
        await AnalyzeRepository(git=git)(RepositoryOrder(url=URL))
    assert git.open == 0
