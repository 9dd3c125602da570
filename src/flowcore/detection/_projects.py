"""The projects of a tree: what they are, and how they are built and started."""

from __future__ import annotations

import re

from attrs import asdict, evolve

from flowcore.detection._dockerfile import dockerfiles_of
from flowcore.detection._project_files import ProjectFiles, first, inner, line, port
from flowcore.detection._providers import Plan, Provider, plan_of
from flowcore.detection._registry import PROVIDERS
from flowcore.detection._values import BuildMethod, Detected, Dockerfile
from flowcore.detection._walk import Folder, is_aside, names_in, start_of, walk
from flowcore.files import EntryKind, Files

_ADDRESS = r"(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::\]|(?<!\S)):"
_IN_COMMAND = rf"(?:(?<!\S)(?:--port|-p)[ =]?|\bPORT(?:=|:-)|{_ADDRESS})[\"']?(\d{{2,5}})\b"
_MOST = 100  # projects of a tree


def detect_project(files: Files, path: str = "") -> Detected | None:
    """Return the project in the folder *path*, None when nothing there is known; sub-folders are ``find_projects``'s.

    A Dockerfile is preferred as the way to build; without one it is Nixpacks. The language is told either way. Broken
    files are named in ``reasons`` and otherwise taken as empty; files over 512 kB are not read. The port is that of the
    Dockerfile, else of the start command, else of the framework, else the language's usual one.

    Raises:
        NotFoundError: nothing stands at *path*.
        ForbiddenError: *path* leaves the tree.
    """
    start, kind = start_of(files, path)
    if kind is EntryKind.FILE:
        start = start.rpartition("/")[0]
    return _detect(files, start, names_in(files, start))


def find_projects(files: Files, path: str = "") -> tuple[Detected, ...]:
    """Return the projects at and below *path*, nearest first, those of tests and examples last; at most 100.

    What lies below a project is its own part, unless that has a manifest or a Dockerfile of its own. Folders that
    merely hold an ``index.html`` or a single source file count only where no project is above them.

    Raises:
        NotFoundError: nothing stands at *path*.
        ForbiddenError: *path* leaves the tree.
    """
    start, kind = start_of(files, path)
    if kind is EntryKind.FILE:
        found = detect_project(files, path)
        return (found,) if found else ()
    projects: list[Detected] = []
    for folder in walk(files, start):
        above = any(_is_below(folder.path, project.path) for project in projects)
        if above and not _is_own(files, folder):
            continue
        found = _detect(files, folder.path, folder.names)
        if found:
            projects.append(found)
    projects.sort(key=lambda project: (is_aside(project.path), project.path.count("/"), project.path))
    return tuple(projects[:_MOST])


#: Marks that are no sign of a project of its own inside another one: source files, and parts of a larger build.
_WEAK = frozenset(
    {"index.html", "index.php", "main.py", "app.py", "main.go", "main.zig", "package.yaml", "*.cbl", "*.cob"}
)
_OWN = tuple({"Dockerfile", "Containerfile", *(mark for provider in PROVIDERS for mark in provider.marks)} - _WEAK)


def _is_own(files: Files, folder: Folder) -> bool:
    return bool(ProjectFiles(files, folder.path, folder.names).matching(*_OWN))


def _is_below(path: str, above: str) -> bool:
    return not above or path.startswith(f"{above}/")


def _detect(files: Files, path: str, names: tuple[str, ...]) -> Detected | None:
    project = ProjectFiles(files, path, names)
    known = [provider for provider in PROVIDERS if _applies(provider, project)]
    dockerfiles = dockerfiles_of(project)
    if not known and not dockerfiles:
        return None
    plan = _plan(known[0], project) if known else Plan()
    plan = _with_procfile(project, plan)
    plan = _with_port(known[0] if known else None, project, plan)
    plan = _with_dockerfile(dockerfiles, plan)
    others = tuple(provider.name for provider in known[1:])
    if others:
        plan = plan.because(f"files of other languages are there too: {', '.join(others)}")
    return Detected(
        path=path,
        provider=known[0].name if known else "",
        method=BuildMethod.DOCKERFILE if dockerfiles else BuildMethod.NIXPACKS,
        dockerfiles=dockerfiles,
        others=others,
        **asdict(evolve(plan, reasons=(*plan.reasons, *project.broken))),
    )


def _applies(provider: Provider, project: ProjectFiles) -> bool:
    return any(project.has(name) for name in project.matching(*provider.marks))


def _plan(provider: Provider, project: ProjectFiles) -> Plan:
    mark = next(name for name in project.matching(*provider.marks) if project.has(name))
    plan = plan_of(provider, project)
    return evolve(plan, reasons=(f"{mark} makes it {provider.language}", *plan.reasons))


def _with_procfile(project: ProjectFiles, plan: Plan) -> Plan:
    text = project.text("Procfile")
    for kind in ("web", "worker", r"(?!release\b)[\w-]+"):
        command = first(rf"^{kind}[ \t]*:[ \t]*(\S[^\n]*)$", text)
        if command:
            return evolve(plan, start=command).because("Procfile names the start command")
    return plan


def _with_port(provider: Provider | None, project: ProjectFiles, plan: Plan) -> Plan:
    script = line(inner(project.json("package.json"), "scripts", "start")) if _runs_script(plan.start) else ""
    for command, where in ((plan.start, "the start command"), (script, "the start script of package.json")):
        found = _port_in(command)
        if found:
            return evolve(plan, port=found, port_reason=f"{where} binds it")
    if plan.port or provider is None or not provider.port:
        return plan
    return evolve(plan, port=provider.port, port_reason=f"usual for {provider.language}")


def _runs_script(start: str) -> bool:
    return bool(re.match(r"(?:npm|pnpm|yarn|bun)\b.*\bstart\b", start))


def _port_in(command: str) -> int:
    return port(first(_IN_COMMAND, command))


def _with_dockerfile(dockerfiles: tuple[Dockerfile, ...], plan: Plan) -> Plan:
    if not dockerfiles:
        return plan
    chosen = dockerfiles[0]
    plan = plan.because(f"{chosen.path} says how to build it")
    if len(dockerfiles) > 1:
        plan = plan.because(f"there are {len(dockerfiles)} Dockerfiles: {', '.join(file.path for file in dockerfiles)}")
    if chosen.ports:
        reason = f"EXPOSE of {chosen.path}"
        return evolve(plan, port=chosen.ports[0], port_reason=reason)
    return plan
