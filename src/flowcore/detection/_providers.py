"""What a provider is: the table row that says how a language's projects are recognised, built and started."""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import evolve, frozen

from flowcore.detection._project_files import ProjectFiles, first, inner, line


@frozen(kw_only=True)
class Plan:
    """What is known about building and starting a project so far; the fields are those of ``Detected``."""

    framework: str = ""
    version: str = ""
    package_manager: str = ""
    install: str = ""
    build: str = ""
    start: str = ""
    port: int = 0
    port_reason: str = ""
    reasons: tuple[str, ...] = ()

    def because(self, *reasons: str) -> Plan:
        """Return the plan with more reasons."""
        return evolve(self, reasons=(*self.reasons, *reasons))


@frozen(kw_only=True)
class Framework:
    """A framework: the *package* that gives it away, the *port* it listens on (0: the provider's), what it changes."""

    name: str
    package: str
    port: int = 0
    build: str = ""
    start: str = ""


@frozen(kw_only=True)
class Manager:
    """A package manager: the files that give it away (none: always), and its command for the dependencies."""

    name: str
    marks: tuple[str, ...] = ()
    install: str = ""


@frozen(kw_only=True)
class Pin:
    """A place where a project says which version of the language it wants."""

    where: str
    read: Callable[[ProjectFiles], str]


@frozen(kw_only=True)
class Provider:
    """A language.

    Attributes:
        name: as Nixpacks names it.
        language: for people.
        marks: patterns of file names; one of them in the folder is enough.
        manifests: files in which dependencies are named.
        pins: where the version is pinned; the first that says something wins.
        managers: package managers; the first whose mark is there wins.
        frameworks: the first whose package is a dependency wins.
        install: command for the dependencies, where the package manager has none.
        build: command that builds.
        start: command that starts.
        port: what such projects usually listen on; 0 when there is no custom.
        dependencies: text in which packages are looked for; none: that of the manifests.
        refine: what takes more than a table; gets the plan made from it.
    """

    name: str
    language: str
    marks: tuple[str, ...]
    manifests: tuple[str, ...] = ()
    pins: tuple[Pin, ...] = ()
    managers: tuple[Manager, ...] = ()
    frameworks: tuple[Framework, ...] = ()
    install: str = ""
    build: str = ""
    start: str = ""
    port: int = 0
    dependencies: Callable[[ProjectFiles], str] | None = None
    refine: Callable[[ProjectFiles, Plan], Plan] | None = None


def in_text(name: str, pattern: str = r"^[ \t]*v?([^\s#]+)", where: str = "") -> Pin:
    """Return a pin that is the first group of *pattern* in the file *name* (a pattern of names is allowed)."""

    def read(project: ProjectFiles) -> str:
        if "*" not in name:
            return first(pattern, project.text(name))
        return next((found for file in project.matching(name) if (found := first(pattern, project.text(file)))), "")

    return Pin(where=where or name, read=read)


def in_json(name: str, *keys: str) -> Pin:
    """Return a pin that stands under *keys* in a JSON file."""
    return Pin(where=f"{'.'.join(keys)} of {name}", read=lambda project: line(inner(project.json(name), *keys)))


def in_toml(name: str, *keys: str) -> Pin:
    """Return a pin that stands under *keys* in a TOML file."""
    return Pin(where=f"{'.'.join(keys)} of {name}", read=lambda project: line(inner(project.toml(name), *keys)))


def depends_on(text: str, package: str) -> bool:
    """Whether a package is named in a text of dependencies, as a whole name."""
    return bool(re.search(rf"(?<![\w@/-]){re.escape(package)}(?![\w-])", text, re.IGNORECASE))


def dependencies_of(provider: Provider, project: ProjectFiles) -> str:
    """Return the text in which a provider looks for packages."""
    if provider.dependencies is not None:
        return provider.dependencies(project)
    return "\n".join(project.text(name) for name in project.matching(*provider.manifests))


def plan_of(provider: Provider, project: ProjectFiles) -> Plan:
    """Return how a provider's project is built and started, from its table row and then from its ``refine``."""
    plan = Plan(install=provider.install, build=provider.build, start=provider.start)
    plan = _with_version(provider, project, plan)
    plan = _with_manager(provider, project, plan)
    plan = _with_framework(provider, project, plan)
    return provider.refine(project, plan) if provider.refine else plan


def _with_version(provider: Provider, project: ProjectFiles, plan: Plan) -> Plan:
    for pin in provider.pins:
        version = pin.read(project)
        if version:
            return evolve(plan, version=version).because(f"version {version} is pinned by {pin.where}")
    return plan


def _with_manager(provider: Provider, project: ProjectFiles, plan: Plan) -> Plan:
    for manager in provider.managers:
        found = project.matching(*manager.marks)
        if found or not manager.marks:
            known = evolve(plan, package_manager=manager.name, install=manager.install or plan.install)
            return known.because(f"{found[0]} is {manager.name}'s") if found else known
    return plan


def _with_framework(provider: Provider, project: ProjectFiles, plan: Plan) -> Plan:
    text = dependencies_of(provider, project)
    for framework in provider.frameworks:
        if depends_on(text, framework.package):
            return evolve(
                plan,
                framework=framework.name,
                build=framework.build or plan.build,
                start=framework.start or plan.start,
                port=framework.port,
                port_reason=f"default of {framework.name}" if framework.port else "",
            ).because(f"it depends on {framework.package}")
    return plan
