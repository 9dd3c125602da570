"""Where a command expects a workflow: a workflow file, Compose files or manifests, from paths or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import rich_click as click
from attrs import field, frozen

from entrypoints.cli._catalogue import open_catalogue
from flowcore.compose import Binds, Expose, Imported, Networks, parse_dotenv
from flowcore.errors import Finding, FlowcoreError, InvalidInputError, LimitExceededError, Place
from flowcore.library import import_compose, import_manifests, load_workflow, read_source
from flowcore.manifests import from_yaml
from flowcore.model import Workflow


@frozen
class Opened:
    """What a source holds: the workflow, what importing found, and the values of its secrets by node id and key."""

    workflow: Workflow
    findings: tuple[Finding, ...] = ()
    secret_values: Mapping[str, Mapping[str, str]] = {}


@frozen
class ComposeOptions:
    """How Compose files are read.

    Attributes:
        env: values for variables, those of this process's environment among them.
        given: the values that the caller named, for files of somebody else, who may not ask for the environment.
        profiles: the active ones.
        expose: how published ports are reached.
        binds: what replaces folders of the host.
        networks: what the networks of the file become.
    """

    env: Mapping[str, str]
    given: Mapping[str, str] = field(factory=dict)
    profiles: tuple[str, ...] = ()
    expose: str = Expose.LOADBALANCER
    binds: str = Binds.EMPTYDIR
    networks: str = Networks.IGNORE

    def read(self, source: str | Path | list[Path], *, name: str | None = None, root: Path | None = None) -> Imported:
        """Import Compose files with these options; files below *root* may be read."""
        return import_compose(
            source,
            env=self.env,
            profiles=self.profiles,
            name=name,
            expose=self.expose,
            binds=self.binds,
            networks=self.networks,
            root=root,
        )


def compose_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that matter when a Compose file is given; the command gets them as one ``options``."""

    @click.option("--env", multiple=True, metavar="KEY=VALUE", help="Value of a Compose variable; wins over all.")
    @click.option("--env-file", multiple=True, type=click.Path(path_type=Path), help="File with Compose variables.")
    @click.option("--profile", multiple=True, help="Active Compose profile.")
    @click.option(
        "--expose",
        type=click.Choice([word.value for word in Expose]),
        default=Expose.LOADBALANCER.value,
        help="How ports are published.",
    )
    @click.option(
        "--binds",
        type=click.Choice([word.value for word in Binds]),
        default=Binds.EMPTYDIR.value,
        help="What replaces host folders.",
    )
    @click.option(
        "--networks",
        type=click.Choice([word.value for word in Networks]),
        default=Networks.IGNORE.value,
        help="Whether Compose networks become network policies.",
    )
    @wraps(command)
    def with_options(
        *,
        env: Sequence[str],
        env_file: Sequence[Path],
        profile: Sequence[str],
        expose: str,
        binds: str,
        networks: str,
        **rest: Any,
    ) -> None:
        from_files, named = read_variables(env, env_file)
        read = ComposeOptions(
            env={**from_files, **os.environ, **named},
            given={**from_files, **named},
            profiles=tuple(profile),
            expose=expose,
            binds=binds,
            networks=networks,
        )
        command(options=read, **rest)

    return with_options


def read_variables(env: Sequence[str], env_files: Sequence[Path]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the variables of the files and those of ``--env``; the process's environment stands between the two.

    Raises:
        InvalidInputError: an --env has no ``=``, or a file cannot be read; every problem is listed.
    """
    wrong = [pair for pair in env if "=" not in pair]
    if wrong:
        raise InvalidInputError(map(_without_value, wrong))
    values: dict[str, str] = {}
    for path in env_files:
        _, text = read_source(path)
        values |= parse_dotenv(text, values, file=str(path))
    given = dict(pair.split("=", 1) for pair in env)
    return values, given


def _without_value(pair: str) -> Finding:
    return Finding(rule="usage", message=f"--env {pair!r} has no =", place=Place(path="--env"), fix="write KEY=VALUE")


def open_source(source: str, options: ComposeOptions) -> Opened:
    """Return the workflow of a workflow file, a Compose file, a folder with one, or manifests; ``-`` is standard input.

    Raises:
        InvalidInputError: it is none of these, or has errors; every problem is listed.
    """
    return open_text(*read_input(source), options)


def read_input(source: str) -> tuple[str, str]:
    """Return the name and the text of a file; ``-`` is standard input, which has no name, and a folder has no text.

    Raises:
        InvalidInputError: it cannot be read.
    """
    if source == "-":
        return "", _standard_input()
    if source and Path(source).is_dir():
        return source, ""
    name, text = read_source(Path(source))
    # A pipe, like <(…), gives its text once: nothing must ask for it by its path again.
    return (name if Path(source).is_file() else "", text)


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(f"is not a UTF-8 text (byte {error.start})") from error
    except (AttributeError, OSError) as error:  # it was closed before we started, or is a folder
        raise _unreadable("cannot be read") from error


def _unreadable(problem: str) -> InvalidInputError:
    message = f"standard input {problem}"
    return InvalidInputError([Finding(rule="source-unreadable", message=message, place=Place(file="standard input"))])


def open_text(file: str, text: str, options: ComposeOptions) -> Opened:
    """Return the workflow of a text that was read; what a Compose text refers to stands beside its file.

    Raises:
        InvalidInputError: it is neither a workflow nor a Compose file nor manifests, or has errors; all are listed.
    """
    if is_workflow(text):
        return Opened(load_workflow(Path(file) if file else text))
    source = Path(file) if file else f"{text}\n"
    imported = import_manifests(source, catalogue=open_catalogue(None)) if are_manifests(text) else options.read(source)
    return Opened(imported.workflow, tuple(imported.findings), imported.secret_values)


def is_workflow(text: str) -> bool:
    """Say whether a text is a workflow file and not a Compose file."""
    # Only the top-level keys matter; a text that is no YAML at all gets its errors from the Compose loader, with lines.
    if text.lstrip().startswith("{"):
        return '"nodes"' in text
    try:
        documents = from_yaml(text)
    except (InvalidInputError, LimitExceededError):
        return False
    top = documents[0] if documents else None
    return isinstance(top, Mapping) and "nodes" in top and "services" not in top


def are_manifests(text: str) -> bool:
    """Say whether a text begins with a Kubernetes object."""
    try:
        documents = from_yaml(text)
    except FlowcoreError:
        return False
    top = documents[0] if documents else None
    return isinstance(top, Mapping) and all(isinstance(top.get(key), str) for key in ("apiVersion", "kind"))
