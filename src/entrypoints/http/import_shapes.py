"""Imports on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from entrypoints.http.errors import problems_of
from entrypoints.http.workflow_shapes import WorkflowOut, edges_out, nodes_out
from flowcore.errors import Finding, Place
from flowcore.model import ImportSession, ImportStatus
from flowcore.usecases.import_merging import Applied
from flowcore.usecases.imports import Analysis, SourceBuild, Wishes

#: The contract's words for what our rules find.
_CODES = {
    "compose-no-image": "SERVICE_NO_IMAGE",
    "compose-yaml": "INVALID_COMPOSE_SYNTAX",
    "compose-circle": "CIRCULAR_DEPENDENCY",
    "compose-extends": "CIRCULAR_DEPENDENCY",
    "bind-mount": "BIND_MOUNT_NOT_SUPPORTED",
    "network-mode": "NETWORK_MODE_NOT_SUPPORTED",
}


class OptionsIn(msgspec.Struct, rename="camel"):
    """How an application is to be read."""

    namespace: str = ""
    name: str = ""
    variables: dict[str, str] = {}
    profiles: list[str] = []
    expose: str = "loadbalancer"
    binds: str = "emptydir"
    networks: str = "ignore"

    def wishes(self, *, name: str = "") -> Wishes:
        """Translate the options; *name* is for projects that get none."""
        return Wishes(
            name=self.name or name,
            namespace=self.namespace,
            variables=self.variables,
            profiles=tuple(self.profiles),
            expose=self.expose,
            binds=self.binds,
            networks=self.networks,
        )


class CredentialIn(msgspec.Struct):
    """What the caller typed for the repository's host; used once and stored nowhere."""

    secret: str
    username: str = ""


class AnalyzeIn(OptionsIn, rename="camel"):
    """What an analysis takes: a file in base64 with ``source`` ``file``, else the URL of a repository."""

    source: str = "file"
    file_content: str = ""
    file_name: str = ""
    url: str = ""
    branch: str = ""
    ref: str = ""
    path: str = ""
    compose_file: str = ""
    credential: CredentialIn | None = None


class AgainIn(OptionsIn, rename="camel"):
    """What looking again at a session's commit takes."""

    compose_file: str = ""
    credential: CredentialIn | None = None


class SourceBuildOut(msgspec.Struct, rename="camel"):
    """How an image can be built."""

    repo_url: str
    branch: str
    build_context: str
    use_nixpacks: bool
    dockerfile: str
    provider: str
    framework: str
    start_command: str
    port: int
    build_args: dict[str, str] = {}

    @classmethod
    def of(cls, build: SourceBuild, url: str, ref: str) -> SourceBuildOut:
        """Translate a suggestion."""
        return cls(
            repo_url=url,
            branch=ref,
            build_context=build.context,
            use_nixpacks=not build.dockerfile,
            dockerfile=build.dockerfile,
            provider=build.provider,
            framework=build.framework,
            start_command=build.start,
            port=build.port,
        )


class AnalysisOut(msgspec.Struct, rename="camel"):
    """What an application would become. ``secretValues`` are in answers only; none of them is stored."""

    detected_type: str
    name: str
    services: list[dict[str, Any]]
    suggested_nodes: list[dict[str, Any]]
    suggested_edges: list[dict[str, Any]]
    layout_positions: dict[str, dict[str, float]]
    warnings: list[str]
    errors: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    variables: list[str]
    variable_places: dict[str, list[dict[str, Any]]]
    missing_secrets: dict[str, list[str]]
    secret_values: dict[str, dict[str, str]]
    needs_build: bool
    source_build_config: SourceBuildOut | None
    source_builds: list[SourceBuildOut]

    @classmethod
    def of(cls, analysis: Analysis, *, url: str = "", ref: str = "") -> AnalysisOut:
        """Translate an analysis; *url* and *ref* say what a build would clone."""
        builds = [SourceBuildOut.of(build, url, ref) for build in analysis.builds]
        return cls(
            detected_type=analysis.detected_type,
            name=analysis.name,
            services=[_service(name, service) for name, service in analysis.services.items()],
            suggested_nodes=nodes_out(analysis.nodes),
            suggested_edges=edges_out(analysis.edges),
            layout_positions={node.id: {"x": node.position.x, "y": node.position.y} for node in analysis.nodes},
            warnings=[finding.message for finding in analysis.findings if finding.severity == "warning"],
            errors=[],
            findings=problems_of(analysis.findings),
            variables=list(analysis.unset_variables),
            variable_places={
                name: [
                    {"file": place.file, "line": place.line, "column": place.column, "path": place.path} for place in at
                ]
                for name, at in analysis.unset_variables.items()
            },
            missing_secrets={node_id: list(keys) for node_id, keys in analysis.missing_secrets.items()},
            secret_values={node_id: dict(values) for node_id, values in analysis.secret_values.items()},
            needs_build=analysis.needs_build,
            source_build_config=builds[0] if builds else None,
            source_builds=builds,
        )


class AnalyzedOut(msgspec.Struct, rename={"is_async": "async"}):
    """The answer to an analysis that is done at once."""

    is_async: bool
    analysis: AnalysisOut


class StartedOut(msgspec.Struct, rename={"is_async": "async", "session_id": "sessionId"}):
    """The answer to an analysis that goes on in the background, as a session."""

    is_async: bool
    session_id: str
    message: str


class SessionOut(msgspec.Struct, rename="camel"):
    """An import session."""

    id: str
    user_id: str
    source: str
    url: str
    branch: str
    commit: str
    namespace: str
    status: str
    current_stage: str
    progress: int
    candidates: list[dict[str, Any]]
    needs_choice: bool
    analysis: AnalysisOut | None
    error_code: str
    error_message: str
    error_stage: str
    created_at: datetime
    completed_at: datetime | None
    expires_at: datetime

    @classmethod
    def of(cls, session: ImportSession, analysis: Analysis | None) -> SessionOut:
        """Translate a session with its analysis."""
        wishes: Mapping[str, Any] = session.order.get("wishes") or {}
        is_open = session.status is ImportStatus.COMPLETED and session.analysis is None
        return cls(
            id=session.id,
            user_id=session.owner_id,
            source=session.source,
            url=session.url,
            branch=session.ref,
            commit=session.commit,
            namespace=str(wishes.get("namespace") or "default"),
            status=str(session.status),
            current_stage=session.stage,
            progress=session.progress,
            candidates=[_candidate(candidate) for candidate in session.candidates],
            needs_choice=is_open,
            analysis=AnalysisOut.of(analysis, url=session.url, ref=session.ref) if analysis is not None else None,
            error_code=_code(session.error_code),
            error_message=session.error_message,
            error_stage=session.error_stage,
            created_at=session.created_at,
            completed_at=session.completed_at,
            expires_at=session.expires_at,
        )


class SessionAnswer(msgspec.Struct):
    """The answer to a look at a session."""

    session: SessionOut


class SessionsAnswer(msgspec.Struct):
    """The answer to a look at all of one's sessions."""

    sessions: list[SessionOut]


class UploadedOut(msgspec.Struct, rename="camel"):
    """The answer to an uploaded file."""

    analysis: AnalysisOut
    file_name: str
    file_size: int
    file_content: str


class ImportedOut(msgspec.Struct):
    """The answer to a workflow made of an import."""

    workflow: WorkflowOut
    message: str


class AppliedOut(msgspec.Struct, rename="camel"):
    """What became, or would become, of each node; ids are those of the workflow.

    ``kept`` names the fields in which a node differs from the import; ``renamed`` gives names in the cluster.
    """

    workflow: WorkflowOut
    message: str
    added: Sequence[str]
    unchanged: Sequence[str]
    replaced: Sequence[str]
    kept: dict[str, list[str]]
    renamed: dict[str, str]
    gone: Sequence[str]
    node_ids: dict[str, str]
    findings: list[dict[str, Any]]

    @classmethod
    def of(cls, applied: Applied, message: str) -> AppliedOut:
        """Translate the outcome."""
        merged = applied.merged
        return cls(
            workflow=WorkflowOut.of(applied.workflow),
            message=message,
            added=merged.added,
            unchanged=merged.unchanged,
            replaced=merged.replaced,
            kept={node_id: list(fields) for node_id, fields in merged.kept.items()},
            renamed=dict(merged.renamed),
            gone=merged.gone,
            node_ids=dict(merged.ids),
            findings=problems_of(merged.findings),
        )


def codes_of(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings as the contract's errors: ``code``, ``message``, ``service``, ``field``."""
    told = []
    for finding in findings:
        parts = finding.place.path.split(".")
        service = parts[1] if parts[0] == "services" and len(parts) > 1 else ""
        code = _CODES.get(finding.rule, "INVALID_COMPOSE_SYNTAX")
        told.append({"code": code, "message": finding.message, "service": service, "field": ".".join(parts[2:])})
    return told


def _code(code: str) -> str:
    """Return the contract's word for an error's code; our own where it has none."""
    exact = {
        "git.url_invalid": "INVALID_URL",
        "import.nothing_found": "NIXPACKS_DETECTION_FAILED",
        "import.file_not_found": "FILE_NOT_FOUND",
        "files.not_found": "FILE_NOT_FOUND",
        "compose.invalid": "INVALID_COMPOSE_SYNTAX",
    }
    return exact.get(code) or ("GIT_CLONE_FAILED" if code.startswith(("git.", "network.")) else code)


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column, "path": place.path}


def _candidate(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "path": document.get("path"),
        "overrides": list(document.get("overrides") or ()),
        "variants": list(document.get("variants") or ()),
        "isDefault": bool(document.get("is_default")),
    }


def _service(name: str, service: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a service; of its environment, only the names."""
    ports = [
        {"hostPort": port.get("published"), "containerPort": port.get("target"), "protocol": port.get("protocol")}
        for port in service.get("ports") or ()
    ]
    volumes = [
        {
            "source": volume.get("source"),
            "target": volume.get("target"),
            "type": volume.get("type"),
            "readonly": bool(volume.get("read_only")),
        }
        for volume in service.get("volumes") or ()
    ]
    return {
        "name": name,
        "image": service.get("image", ""),
        "build": service.get("build"),
        "ports": ports,
        "volumes": volumes,
        "dependsOn": list(service.get("depends_on") or ()),
        "networks": list(service.get("networks") or ()),
        "environment": sorted(service.get("environment") or ()),
        "command": service.get("command"),
        "entrypoint": service.get("entrypoint"),
    }
