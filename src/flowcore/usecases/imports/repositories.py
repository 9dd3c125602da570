"""Look at a Git repository: find its Compose file, or the projects in it, and tell what drawing they would become."""

from __future__ import annotations

import asyncio
import json
import posixpath
import re
from collections.abc import Callable
from pathlib import Path

from attrs import evolve, field, frozen

from flowcore.detection import (
    BuildMethod,
    ComposeCandidate,
    Detected,
    GitLocation,
    check_ref,
    find_compose,
    find_projects,
    parse_location,
    split_tail,
)
from flowcore.errors import Finding, NotFoundError, Place, Severity
from flowcore.files import EntryKind, Files
from flowcore.ports.git import GitCredential, GitProgress, GitSource
from flowcore.usecases.imports.analyzing import Analysis, SourceBuild, Wishes, analyze

#: Part of a fetch, from 0 to 1, that asking for the refs is.
_REFS = 0.05
_NAME = re.compile(r"^(?:\ufeff)?['\"]?name['\"]?[ \t]*:", re.MULTILINE)


@frozen(kw_only=True)
class RepositoryOrder:
    """What to look at.

    Attributes:
        url: of the repository, or of a web page about a branch, folder or file of it.
        ref: branch, tag or commit; empty takes the URL's, else the remote's default branch.
        path: folder or file to look at; empty takes the URL's, else everything.
        compose_file: the Compose file to take where there are several; its path in the repository.
    """

    url: str
    ref: str = ""
    path: str = ""
    compose_file: str = ""
    wishes: Wishes = field(factory=Wishes)


@frozen(kw_only=True)
class ImportProgress:
    """How far the look at a repository is.

    Attributes:
        stage: ``clone``, ``analyze`` or ``convert``.
        fraction: how much of the stage is done, from 0 to 1.
        message: what is done, for people.
    """

    stage: str
    fraction: float
    message: str


@frozen(kw_only=True)
class RepositoryAnalysis:
    """What was found.

    Attributes:
        url: what was cloned.
        ref: name of the branch or tag, or the hash, that was asked for.
        commit: full hash.
        candidates: the Compose files, best first.
        analysis: what would become of the application; None when somebody must choose one of several candidates.
    """

    url: str
    ref: str
    commit: str
    candidates: tuple[ComposeCandidate, ...] = ()
    analysis: Analysis | None = None


OnProgress = Callable[[ImportProgress], None]


def locate(order: RepositoryOrder) -> GitLocation:
    """Return where an order leads, as far as that can be told without asking the remote.

    Raises:
        InvalidInputError: the URL or the ref will not do; it lists every problem.
    """
    location = parse_location(order.url)
    if order.ref:
        check_ref(order.ref)
    return location


@frozen(kw_only=True)
class AnalyzeRepository:
    """Fetch a repository, and turn what is in it into a drawing with positions; nothing is stored."""

    git: GitSource

    async def __call__(
        self,
        order: RepositoryOrder,
        credential: GitCredential | None = None,
        *,
        on_progress: OnProgress = lambda _progress: None,
    ) -> RepositoryAnalysis:
        """Return what was found.

        Raises:
            InvalidInputError: the URL or ref will not do, or the Compose file cannot be imported.
            NotFoundError: there is no such repository, ref or path, or nothing in it that can be imported
                (code ``import.nothing_found``).
            FlowcoreError: what else ``GitSource`` raises.
        """
        location = locate(order)
        ref, path = await self._where(order, location, credential)
        on_progress(ImportProgress(stage="clone", fraction=_REFS, message=f"Cloning {location.name}"))

        def fetched(progress: GitProgress) -> None:
            fraction = _REFS + (1 - _REFS) * progress.fraction
            on_progress(ImportProgress(stage="clone", fraction=fraction, message=progress.step))

        async with self.git.fetch(location.url, ref, credential, on_progress=fetched) as checkout:
            on_progress(ImportProgress(stage="clone", fraction=1, message=f"Cloned {checkout.ref}"))
            loop = asyncio.get_running_loop()
            look = _Look(checkout.files, location, order, path, lambda told: _hand_over(loop, on_progress, told))
            candidates, analysis = await asyncio.to_thread(look)
        return RepositoryAnalysis(
            url=location.url, ref=checkout.ref, commit=checkout.commit, candidates=candidates, analysis=analysis
        )

    async def _where(
        self, order: RepositoryOrder, location: GitLocation, credential: GitCredential | None
    ) -> tuple[str, str]:
        """Return the ref and the path; an empty ref is the remote's default branch."""
        ref, path = location.ref, location.path
        if location.tail and not order.ref:
            refs = await self.git.refs(location.url, credential)
            ref, path = split_tail(location.tail, [*refs.branches, *refs.tags])
        return order.ref or ref, order.path or path


def _hand_over(loop: asyncio.AbstractEventLoop, on_progress: OnProgress, told: ImportProgress) -> None:
    loop.call_soon_threadsafe(on_progress, told)


@frozen
class _Look:
    """One look at a tree; it reads and computes for a while, so it runs in a thread."""

    files: Files
    location: GitLocation
    order: RepositoryOrder
    path: str
    tell: OnProgress

    def __call__(self) -> tuple[tuple[ComposeCandidate, ...], Analysis | None]:
        self.tell(ImportProgress(stage="analyze", fraction=0, message="Looking for Compose files"))
        candidates = find_compose(self.files, self.path)
        sources = self._chosen(candidates)
        if sources:
            self.tell(ImportProgress(stage="analyze", fraction=1, message=f"Found {sources[0]}"))
            self.tell(ImportProgress(stage="convert", fraction=0, message="Converting to workflow nodes"))
            return candidates, analyze([Path(path) for path in sources], self._wishes(sources[0]), self.files)
        if candidates:
            return candidates, None
        return (), self._project()

    def _wishes(self, source: str) -> Wishes:
        """Return the wishes; a project that has neither a name nor a folder to have one from gets the repository's."""
        wishes = self.order.wishes
        if wishes.name or "/" in source or "COMPOSE_PROJECT_NAME" in wishes.variables:
            return wishes
        text = self.files.read(source).decode("utf-8", "replace")
        return wishes if _NAME.search(text) else evolve(wishes, name=self.location.name)

    def _chosen(self, candidates: tuple[ComposeCandidate, ...]) -> list[str]:
        """Return the Compose file to take, with its overrides; none when there is no telling."""
        wanted = posixpath.normpath(self.order.compose_file) if self.order.compose_file else ""
        for candidate in candidates:
            if candidate.path == wanted or (not wanted and len(candidates) == 1):
                return [candidate.path, *candidate.overrides]
        if wanted:
            if self.files.look(wanted).kind is not EntryKind.FILE:
                raise NotFoundError(f"the repository has no file {wanted}", code="import.file_not_found")
            return [wanted]
        nearest = [each for each in candidates if each.depth == candidates[0].depth]
        return [nearest[0].path, *nearest[0].overrides] if len(nearest) == 1 and nearest[0].is_default else []

    def _project(self) -> Analysis:
        self.tell(ImportProgress(stage="analyze", fraction=0.5, message="Detecting the project"))
        projects = find_projects(self.files, self.path)
        if not projects:
            where = self.path or "the repository"
            raise NotFoundError(
                f"{where} has no Compose file and no project that we know how to build; write a Dockerfile or a "
                "compose.yaml, or give --path to the folder with one",
                code="import.nothing_found",
            )
        self.tell(ImportProgress(stage="analyze", fraction=1, message=f"Detected {_words(projects[0])}"))
        names = _names(projects, self.location.name)
        tree = {name: _service(name, project) for name, project in zip(names, projects, strict=True)}
        text = json.dumps({"name": self.order.wishes.name or self.location.name.lower(), "services": tree})
        analysis = analyze([f"{text}\n"], self.order.wishes)
        told = [finding for name, project in zip(names, projects, strict=True) for finding in _findings(name, project)]
        return evolve(
            analysis,
            findings=(*told, *(_without_place(finding) for finding in analysis.findings)),
            detected_type=str(projects[0].method),
            builds=tuple(map(_build, projects)),
        )


def _names(projects: tuple[Detected, ...], repository: str) -> list[str]:
    """Return a name for each project: its folder's, or the repository's, told apart by numbers."""
    names: list[str] = []
    for project in projects:
        stem = (project.path.rpartition("/")[2] or repository).lower()
        taken = sum(name == stem or name.startswith(f"{stem}-") for name in names)
        names.append(f"{stem}-{taken + 1}" if stem in names else stem)
    return names


def _service(name: str, project: Detected) -> dict[str, object]:
    service: dict[str, object] = {"image": f"{name}:latest", "build": {"context": f"./{project.path}"}}
    if project.port:
        service["ports"] = [f"{project.port}:{project.port}"]
    return service


def _build(project: Detected) -> SourceBuild:
    is_dockerfile = project.method is BuildMethod.DOCKERFILE
    return SourceBuild(
        context=project.path or ".",
        dockerfile=project.dockerfiles[0].path if is_dockerfile and project.dockerfiles else "",
        provider=project.provider,
        framework=project.framework,
        start=project.start,
        port=project.port,
    )


def _findings(name: str, project: Detected) -> list[Finding]:
    place = Place(file=project.path or ".", path=f"services.{name}")
    how = "its Dockerfile" if project.method is BuildMethod.DOCKERFILE else "Nixpacks"
    message = f"there is no Compose file; {name} was detected as {_words(project)} and can be built with {how}"
    why = "; ".join((*project.reasons, *filter(None, (project.port_reason,))))
    fix = f"build the image, push it, and set it as the image of {name}"
    return [Finding(rule="project-detected", severity=Severity.WARNING, message=message, place=place, why=why, fix=fix)]


def _words(project: Detected) -> str:
    return " ".join(filter(None, (project.framework, project.provider, project.version))) or "a project"


def _without_place(finding: Finding) -> Finding:
    """Return a finding about the Compose text that we wrote ourselves, whose lines nobody can look up."""
    return evolve(finding, place=Place(path=finding.place.path, node=finding.place.node))
