"""What must hold before a project can be converted: known keys, images, references, no circles."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from flowcore.compose._marks import Block, Value, mark_of
from flowcore.compose._normalise import SERVICE, TOP_LEVEL
from flowcore.compose._project import Project
from flowcore.errors import Severity, errors_of

#: Guessing what a misspelt key means is slow; nobody reads more guesses than these.
_MOST_GUESSES = 50


def check(project: Project, *, strict: bool) -> None:
    """Report everything that is wrong with the whole; unknown keys are errors when *strict*, else warnings."""
    work = _Checks(project, strict)
    work.top_level()
    for name, service in project.services.items():
        work.service(name, service)
    work.circles()


class _Checks:
    def __init__(self, project: Project, strict: bool) -> None:
        self.project = project
        self.report = project.report
        self.unknown = Severity.ERROR if strict else Severity.WARNING
        self.guesses = _MOST_GUESSES
        self.told = {error.place.path for error in errors_of(project.report.findings)}

    def top_level(self) -> None:
        tree = self.project.tree
        self._keys(tree, TOP_LEVEL, "")
        if not self.project.services and not errors_of(self.report.findings):
            disabled = ", ".join(self.project.disabled)
            message = (
                f"every service is in a profile that is not active: {disabled}" if disabled else "there are no services"
            )
            fix = (
                "activate a profile"
                if disabled
                else "a Compose file has the key services with at least one service in it"
            )
            mark = mark_of(tree, "services") if "services" in tree else tree.mark
            self.report.error("compose-no-services", message, mark, path="services", fix=fix)

    def service(self, name: str, service: Block) -> None:
        path = f"services.{name}"
        self._keys(service, SERVICE, path)
        # An extends that is still here could not be followed, which was told; the image may be what is missing with it.
        is_without = not any(service.get(key) for key in ("image", "build", "extends")) and "provider" not in service
        if is_without and not self._is_told(f"{path}.image", f"{path}.build"):
            mark = self.project.services.marks.get(name) or service.mark
            fix = "add image: with the image to run"
            self.report.error(
                "compose-no-image", f"the service {name} has neither an image nor a build", mark, path=path, fix=fix
            )
        self._dependencies(service, path)
        for key in ("secrets", "configs"):
            self._mounts(service, key, path)

    def _is_told(self, *paths: str) -> bool:
        """Whether one of these values was left out because it is wrong."""
        return not self.told.isdisjoint(paths)

    def _keys(self, block: Block, known: Iterable[str], path: str) -> None:
        for key in block:
            if key in known or key.startswith("x-"):
                continue
            close = get_close_matches(key, known, 1) if self.guesses > 0 else []
            self.guesses -= 1
            place = mark_of(block, key).place(f"{path}.{key}" if path else key)
            fix = f"did you mean {close[0]}?" if close else "remove it, or begin its name with x-"
            tell = self.report.error if self.unknown is Severity.ERROR else self.report.warn
            tell("compose-unknown-key", f"{key} is not a key of Compose and was left out", place, fix=fix)

    def _dependencies(self, service: Block, path: str) -> None:
        depends: Value = service.get("depends_on") or Block()
        for name, options in depends.items():
            self._dependency(name, options["required"], mark_of(depends, name), f"{path}.depends_on.{name}")
        links: Value = service.get("links") or []
        for position, link in enumerate(links):
            self._dependency(link.split(":")[0], True, mark_of(links, position), f"{path}.links[{position}]")

    def _dependency(self, name: str, required: bool, mark: Value, path: str) -> None:
        if name in self.project.services:
            return
        is_disabled = name in self.project.disabled
        what = (
            f"the service {name} is in a profile that is not active" if is_disabled else f"there is no service {name}"
        )
        if not required:
            self.report.info("compose-dependency-absent", f"{what}, and nothing waits for it", mark, path=path)
            return
        fix = (
            f"activate a profile of {name}" if is_disabled else "name a service of this file, or remove the dependency"
        )
        self.report.error(
            "compose-dependency-absent", f"{what}, but another one depends on it", mark, path=path, fix=fix
        )

    def _mounts(self, service: Block, key: str, path: str) -> None:
        rows: Value = service.get(key) or []
        for position, mount in enumerate(rows):
            name = mount["source"]
            if name not in self.project.group(key):
                self.report.error(
                    f"compose-{key}-absent",
                    f"there is no {name} under the top-level key {key}",
                    mark_of(rows, position),
                    path=f"{path}.{key}[{position}]",
                    fix=f"declare {name} under {key} with file, environment or content",
                )

    def circles(self) -> None:
        services = self.project.services
        graph = {name: [d for d in dependencies_of(service) if d in services] for name, service in services.items()}
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            first = services[circle[0]]
            key = "depends_on" if "depends_on" in first else "links"
            self.report.error(
                "compose-circle",
                f"services depend on each other in a circle: {' -> '.join(circle)}",
                mark_of(first, key),
                path=f"services.{circle[0]}.{key}",
                fix="remove one of these dependencies",
            )


def dependencies_of(service: Block) -> list[str]:
    """Return the names of the services that a service waits for, through ``depends_on`` and ``links``."""
    names = [*(service.get("depends_on") or ()), *(link.split(":")[0] for link in service.get("links") or ())]
    return list(dict.fromkeys(names))
