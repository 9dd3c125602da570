"""What an application would become, on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from entrypoints.http.errors import problems_of
from entrypoints.http.workflow_shapes import edges_out, nodes_out
from flowcore.errors import Place
from flowcore.usecases.imports.analyzing import Analysis, SourceBuild


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


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column, "path": place.path}


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
