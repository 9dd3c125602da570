"""Look at a Compose application, and tell what drawing it would become."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from flowcore.compose import Binds, Expose, Networks, Origin, import_compose
from flowcore.errors import Finding, LimitExceededError, Place
from flowcore.files import Files
from flowcore.layout import arrange
from flowcore.model import Edge, Node

#: Largest Compose text that is sent, in bytes.
LARGEST = 1024 * 1024
#: What a Compose application is called.
COMPOSE = "docker-compose"


@frozen(kw_only=True)
class Wishes:
    """How an application is to be read.

    Attributes:
        name: of the project; empty takes the file's or the folder's.
        namespace: put on every node; empty or ``default`` leaves nodes without one.
        variables: values for the variables that the files use; kept nowhere.
        profiles: the active ones.
        expose: how published ports are reached; see ``flowcore.compose.Expose``.
        binds: what replaces folders of the host; see ``flowcore.compose.Binds``.
        networks: what the file's networks become; see ``flowcore.compose.Networks``.
    """

    name: str = ""
    namespace: str = ""
    variables: Mapping[str, str] = field(factory=dict, repr=False)
    profiles: tuple[str, ...] = ()
    expose: str = Expose.LOADBALANCER
    binds: str = Binds.EMPTYDIR
    networks: str = Networks.IGNORE


@frozen(kw_only=True)
class Source:
    """A Compose file as it was sent."""

    text: str = field(repr=False)
    wishes: Wishes = field(factory=Wishes)


@frozen(kw_only=True)
class SourceBuild:
    """How the image of a project without a Compose file can be built.

    Attributes:
        context: folder of the project in the repository; ``.`` for its root.
        dockerfile: the file to build by, in the repository; empty builds with Nixpacks.
        provider: the language, as Nixpacks names it.
        start: command that starts it; empty when it is not known.
        port: TCP port it listens on; 0 when it is not known.
    """

    context: str = "."
    dockerfile: str = ""
    provider: str = ""
    framework: str = ""
    start: str = ""
    port: int = 0


@frozen(kw_only=True)
class Analysis:
    """What an application would become.

    Attributes:
        services: the services by name; see ``flowcore.compose.Imported``.
        findings: everything that was decided, changed or left out.
        secret_values: values by node id and key; they go to the caller and are kept nowhere.
        unset_variables: variables that nobody gave a value, with the places that use them.
        missing_secrets: keys that the drawing declares and that have no value, by node id.
        detected_type: ``docker-compose``, ``nixpacks`` or ``dockerfile``.
        builds: how images can be made, for projects without a Compose file.
        origins: what each element of the Compose file became.
    """

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    services: Mapping[str, Mapping[str, Any]] = field(factory=dict, repr=False)
    findings: tuple[Finding, ...] = ()
    secret_values: Mapping[str, Mapping[str, str]] = field(factory=dict, repr=False)
    unset_variables: Mapping[str, tuple[Place, ...]] = field(factory=dict)
    missing_secrets: Mapping[str, tuple[str, ...]] = field(factory=dict)
    detected_type: str = COMPOSE
    builds: tuple[SourceBuild, ...] = ()
    origins: tuple[Origin, ...] = ()

    @property
    def needs_build(self) -> bool:
        """Whether a service's image must be built first."""
        return bool(self.builds) or any("build" in service for service in self.services.values())


@frozen
class AnalyzeCompose:
    """Turn a Compose file into a drawing with positions, and store nothing."""

    async def __call__(self, source: Source) -> Analysis:
        """Return what the file would become.

        Raises:
            InvalidInputError: the file cannot be imported; it holds every finding.
            LimitExceededError: the file is too large.
        """
        if len(source.text.encode()) > LARGEST:
            raise LimitExceededError("File too large. Maximum size is 1MB", code="import.too_large")
        # The line break makes sure that the library takes the source for a text and never for a path.
        return await asyncio.to_thread(analyze, [f"{source.text}\n"], source.wishes)


def analyze(sources: Sequence[str | Path], wishes: Wishes, files: Files | None = None) -> Analysis:
    """Return what Compose files would become; a long computation that reads through *files* only.

    Raises:
        InvalidInputError: they cannot be imported; it holds every finding.
    """
    imported = import_compose(
        list(sources),
        env=wishes.variables,
        profiles=wishes.profiles,
        name=wishes.name or None,
        expose=wishes.expose,
        binds=wishes.binds,
        networks=wishes.networks,
        files=files,
    )
    workflow = imported.workflow
    nodes = arrange(_in_namespace(workflow.nodes, wishes.namespace), workflow.edges)
    return Analysis(
        name=workflow.name,
        nodes=nodes,
        edges=workflow.edges,
        services=imported.services,
        findings=imported.findings,
        secret_values=imported.secret_values,
        unset_variables=imported.unset_variables,
        missing_secrets=_missing_secrets(nodes, imported.secret_values),
        origins=imported.origins,
    )


def _in_namespace(nodes: Iterable[Node], namespace: str) -> tuple[Node, ...]:
    if not namespace or namespace == "default":
        return tuple(nodes)
    return tuple(evolve(node, data={**node.data, "namespace": namespace}) for node in nodes)


def _missing_secrets(nodes: Iterable[Node], values: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    missing = {}
    for node in nodes:
        keys = node.data.get("keys") if node.type == "secret" else None
        names = tuple(key["name"] for key in keys or () if key["name"] not in values.get(node.id, {}))
        if names:
            missing[node.id] = names
    return missing
