"""Loading in stages: read, interpolate, extend, merge, normalise, choose by profile, check."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from flowcore.compose._checks import check
from flowcore.compose._documents import Documents, read_variables
from flowcore.compose._interpolation import Outcome, TemplateError, substitute
from flowcore.compose._joining import Joining
from flowcore.compose._label_files import read_label_files
from flowcore.compose._legacy import read_documents
from flowcore.compose._limits import Room
from flowcore.compose._marks import NOWHERE, Block, Mark, Value, mark_of
from flowcore.compose._merge import merge, untagged
from flowcore.compose._normalise import normalise
from flowcore.compose._project import Project
from flowcore.compose._report import Report
from flowcore.compose._scalars import text_of
from flowcore.compose._shared_mounts import share_mounts
from flowcore.compose._sources import Sources
from flowcore.compose._yaml import NO_TEXT

_NOT_IN_NAME = re.compile(r"[^a-z0-9_-]+")
_DEFAULT_NAME = "app"


def load_project(
    sources: Sources,
    *,
    env: Mapping[str, str] | None = None,
    profiles: Iterable[str] = (),
    name: str | None = None,
    strict: bool = False,
    report: Report | None = None,
) -> Project:
    """Return the project that *sources* make together.

    Raises:
        InvalidInputError: with every finding, when one of them is an error.
    """
    report = report or Report()
    given = {name: text_of(value) for name, value in (env or {}).items()}
    for variable in (name for name, value in given.items() if NO_TEXT.search(name + value)):
        report.error("compose-env", f"the variable {variable!r} is no text", path="env", fix="give its value as UTF-8")
        given[variable] = ""
    variables = {**read_variables(sources.files, ".env", given, report, posixpath.join(sources.base, ".env")), **given}
    raw = [(document, label) for label, text in sources.texts for document in read_documents(text, label, report)]
    project_name = _name([document for document, _ in raw], name, variables, sources.folder)
    variables.setdefault("COMPOSE_PROJECT_NAME", project_name)
    variables.setdefault("PWD", ".")  # Compose runs in the project's folder
    start = Mark(file=sources.texts[0][0]) if sources.texts else NOWHERE
    work = Documents(
        env=variables,
        files=sources.files,
        report=report,
        room=Room(report),
        joining=Joining(report),
        base=sources.base,
    )
    tree = _one_tree(raw, work, start)
    share_mounts(tree, report)
    named = [profiles] if isinstance(profiles, str) else profiles
    active = {*named, *filter(None, variables.get("COMPOSE_PROFILES", "").split(","))}
    disabled = _choose(tree, active)
    read_label_files(tree, sources.files, variables, report)
    project = Project(
        name=project_name, tree=tree, files=sources.files, env=variables, report=report, disabled=tuple(disabled)
    )
    check(project, strict=strict)
    report.stop_on_errors()
    return project


def _name(documents: list[Block], given: str | None, env: Mapping[str, str], folder: str) -> str:
    written = ""
    for document in documents:
        value = document.get("name")
        if isinstance(value, str):
            try:
                written = substitute(value, env, Outcome())
            except TemplateError:
                continue  # interpolation reports it with its place
    chosen = given or env.get("COMPOSE_PROJECT_NAME") or written or folder
    return _NOT_IN_NAME.sub("", chosen.lower()).lstrip("-_") or _DEFAULT_NAME


def _one_tree(documents: list[tuple[Block, str]], work: Documents, start: Mark) -> Block:
    merged: Value = Block(mark=start)
    for document, file in documents:
        merged = merge(merged, work.prepared(document, file))
    return normalise(untagged(merged), work.report)


def _choose(tree: Block, active: set[str]) -> list[str]:
    """Take the services out of *tree* whose profiles are not active, and return their names."""
    services = tree.get("services")
    if not isinstance(services, Block):
        return []
    disabled = [
        name
        for name, service in services.items()
        if (own := set(filter(None, service.get("profiles") or ()))) and "*" not in active and not active & own
    ]
    chosen = Block(mark=services.mark)
    for name, service in services.items():
        if name not in disabled:
            chosen.put(name, service, mark_of(services, name))
    tree["services"] = chosen
    return disabled
