"""Imports: look at a Compose file, make a workflow of it, or add it to one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

import msgspec
from litestar import Router, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.errors import problems_of
from entrypoints.http.ids import checked_id
from entrypoints.http.workflow_shapes import WorkflowOut, edges_in, edges_out, nodes_in, nodes_out
from flowcore.errors import InvalidInputError, LimitExceededError
from flowcore.model import Position, User
from flowcore.usecases.imports import LARGEST, Analysis, Source, placed
from flowcore.usecases.workflows import WorkflowDraft

_DETECTED = "docker-compose"


class AnalyzeIn(msgspec.Struct, rename="camel"):
    """What an analysis takes: the file in base64; ``source`` is ``file``."""

    source: str = "file"
    file_content: str = ""
    file_name: str = ""
    namespace: str = ""
    variables: dict[str, str] = {}
    profiles: list[str] = []


class Place(msgspec.Struct):
    """Where a node stands on the canvas."""

    x: float
    y: float


class CreateIn(msgspec.Struct, rename="camel"):
    """What making a workflow of an analysis takes; the analysis may have been changed in between."""

    name: str
    analysis: dict[str, Any]
    cluster_id: str = ""
    description: str = ""


class ApplyIn(msgspec.Struct, rename="camel"):
    """What adding an analysed drawing to a workflow takes."""

    workflow_id: str
    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]] = []
    positions: dict[str, Place] = {}
    revision: int | None = None


class AnalysisOut(msgspec.Struct, rename="camel"):
    """What a Compose file would become. ``secretValues`` are in this answer only; nothing of it is stored."""

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
    missing_secrets: dict[str, list[str]]
    secret_values: dict[str, dict[str, str]]
    needs_build: bool

    @classmethod
    def of(cls, analysis: Analysis) -> AnalysisOut:
        """Translate an analysis."""
        return cls(
            detected_type=_DETECTED,
            name=analysis.name,
            services=[_service(name, service) for name, service in analysis.services.items()],
            suggested_nodes=nodes_out(analysis.nodes),
            suggested_edges=edges_out(analysis.edges),
            layout_positions={node.id: {"x": node.position.x, "y": node.position.y} for node in analysis.nodes},
            warnings=[finding.message for finding in analysis.findings if finding.severity == "warning"],
            errors=[],
            findings=problems_of(analysis.findings),
            variables=list(analysis.unset_variables),
            missing_secrets={node_id: list(keys) for node_id, keys in analysis.missing_secrets.items()},
            secret_values={node_id: dict(values) for node_id, values in analysis.secret_values.items()},
            needs_build=any("build" in service for service in analysis.services.values()),
        )


class AnalyzedOut(msgspec.Struct, rename={"is_async": "async"}):
    """The answer to an analysis that is done at once."""

    is_async: bool
    analysis: AnalysisOut


class UploadedOut(msgspec.Struct, rename="camel"):
    """The answer to an uploaded file."""

    analysis: AnalysisOut
    file_name: str
    file_size: int
    file_content: str


class ImportedOut(msgspec.Struct):
    """The answer to an import."""

    workflow: WorkflowOut
    message: str


Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)]


@post("/import/analyze", status_code=200)
async def analyze(data: JSONBody[AnalyzeIn], user: NamedDependency[User], app: NamedDependency[App]) -> AnalyzedOut:
    """Tell what a Compose file would become."""
    if data.source != "file":
        fix = 'send the file itself, with source "file"'
        raise InvalidInputError.of(f"The source {data.source} is not supported", path="source", fix=fix)
    try:
        content = base64.b64decode(data.file_content, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInputError.of("fileContent is not base64", path="fileContent") from None
    source = _source(content, data.file_name, data.namespace, data.variables, tuple(data.profiles))
    return AnalyzedOut(False, AnalysisOut.of(await app.analyze_compose(source)))


@post("/import/upload", status_code=200)
async def upload(data: Form, user: NamedDependency[User], app: NamedDependency[App]) -> UploadedOut:
    """Tell what an uploaded Compose file would become."""
    file = data.get("file")
    if not isinstance(file, UploadFile):
        raise InvalidInputError.of("No file uploaded: the form has no field named file", path="file")
    if not file.filename.lower().endswith((".yml", ".yaml")):
        raise InvalidInputError.of("Invalid file type. Only .yml and .yaml files are allowed", path="file")
    content = await file.read(LARGEST + 1)
    namespace = data.get("namespace")
    source = _source(content, file.filename, namespace if isinstance(namespace, str) else "", {}, ())
    analysis = AnalysisOut.of(await app.analyze_compose(source))
    return UploadedOut(analysis, file.filename, len(content), base64.b64encode(content).decode())


@post("/import/create-workflow", status_code=200)
async def create(data: JSONBody[CreateIn], user: NamedDependency[User], app: NamedDependency[App]) -> ImportedOut:
    """Make a workflow of an analysis."""
    nodes = nodes_in(_list(data.analysis, "suggestedNodes")) or ()
    positions = data.analysis.get("layoutPositions") or {}
    draft = WorkflowDraft(
        name=data.name,
        description=data.description,
        cluster_id=data.cluster_id,
        nodes=placed(nodes, _positions(positions)),
        edges=edges_in(_list(data.analysis, "suggestedEdges")) or (),
    )
    detected = data.analysis.get("detectedType")
    detected_type = detected if isinstance(detected, str) and detected else _DETECTED
    workflow = await app.create_from_import(user, draft, detected_type=detected_type)
    return ImportedOut(WorkflowOut.of(workflow), "Workflow created successfully from import")


@post("/import/apply", status_code=200)
async def apply(data: JSONBody[ApplyIn], user: NamedDependency[User], app: NamedDependency[App]) -> ImportedOut:
    """Add an analysed drawing to a workflow; ids that are taken there are changed."""
    positions = {node_id: Position(place.x, place.y) for node_id, place in data.positions.items()}
    workflow = await app.apply_import(
        user,
        checked_id(data.workflow_id, "workflow"),
        placed(nodes_in(data.nodes) or (), positions),
        edges_in(data.edges) or (),
        edition=data.revision,
    )
    return ImportedOut(WorkflowOut.of(workflow), "Import applied successfully")


def _source(
    content: bytes, file_name: str, namespace: str, variables: Mapping[str, str], profiles: tuple[str, ...]
) -> Source:
    if len(content) > LARGEST:
        raise LimitExceededError("File too large. Maximum size is 1MB", code="import.too_large")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInputError.of("The file is not UTF-8 text", path="file") from None
    # A file that is named like all Compose files says nothing about the application.
    stem = PurePosixPath(file_name).stem
    name = "" if stem in ("docker-compose", "compose") else stem
    return Source(text=text, name=name, namespace=namespace, variables=variables, profiles=profiles)


def _list(analysis: Mapping[str, Any], key: str) -> Any:
    found = analysis.get(key)
    if found is None:
        raise InvalidInputError.of(f"analysis.{key} is missing", path=f"analysis.{key}")
    return found


def _positions(raw: Any) -> dict[str, Position]:
    try:
        places = msgspec.convert(raw, type=dict[str, Place])
    except msgspec.ValidationError:
        path = "analysis.layoutPositions"
        raise InvalidInputError.of(f"{path} must have x and y for every node", path=path) from None
    return {node_id: Position(place.x, place.y) for node_id, place in places.items()}


def _service(name: str, service: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a service without the values of its environment."""
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


router = Router("/", route_handlers=[analyze, upload, create, apply], tags=["imports"])
