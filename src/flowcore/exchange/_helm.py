"""A drawing to a Helm chart with values for images, replicas, resources, hosts and secrets."""

from __future__ import annotations

import json
from typing import Any

from flowcore.exchange._chart_values import ChartValues
from flowcore.exchange._files import chart_name, file_names
from flowcore.exchange._go_templates import Include, to_template
from flowcore.kinds import Catalogue, core_catalogue
from flowcore.manifests import to_yaml
from flowcore.model import Manifest, Workflow
from flowcore.planning import Step, plan

_VALUES_HEAD = """\
# What can be chosen. Secrets have no values here: give them with `--set` or a file of your own when you install.
"""
_HELPERS = """\
{{/* The reference of an image: its tag may be a digest. */}}
{{- define "CHART.image" -}}
{{- $tag := toString (default "" .tag) -}}
{{- if hasPrefix "sha256:" $tag -}}
{{- printf "%s@%s" .repository $tag -}}
{{- else if $tag -}}
{{- printf "%s:%s" .repository $tag -}}
{{- else -}}
{{- .repository -}}
{{- end -}}
{{- end -}}

{{/* A secret value, which must be given. */}}
{{- define "CHART.secret" -}}
{{- if kindIs "invalid" (index . 1) -}}
{{- fail (printf "the value %s is needed" (index . 0)) -}}
{{- end -}}
{{- toString (index . 1) -}}
{{- end -}}

{{/* Labels that whoever installs the chart puts on every object. */}}
{{- define "CHART.labels" -}}
{{- with .Values.commonLabels -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}
"""
_NOTES = """\
CHART is installed as {{ .Release.Name }} in the namespace {{ .Release.Namespace }}.

Watch it come up:

  kubectl --namespace {{ .Release.Namespace }} get pods --watch
"""


def to_helm(
    workflow: Workflow, *, namespace: str = "", version: str = "0.1.0", catalogue: Catalogue | None = None
) -> dict[str, str]:
    """Return a Helm chart as texts by file name; with its own values it makes what the drawing renders.

    Values of secrets are never in it; its users give them.

    Args:
        workflow: the drawing; its name becomes the chart's.
        namespace: for nodes that name none; without it they go where the chart is installed.
        version: the chart's version.
        catalogue: the kinds; the core's if None.

    Raises:
        InvalidInputError: the drawing has errors; every one is listed.
    """
    planned = plan(workflow, catalogue or core_catalogue(), namespace=namespace)
    chart = ChartValues(chart_name(workflow.name))
    steps = list(planned.steps)
    names = file_names(step.manifest for step in steps)
    objects = {_place(name, step.manifest): _text(chart, step) for name, step in zip(names, steps, strict=True)}
    head = {"apiVersion": "v2", "name": chart.chart, "version": version, "type": "application"}
    described = {"description": workflow.description or f"The application {workflow.name}"}
    return {
        "Chart.yaml": to_yaml([{**head, **described}]),
        "values.yaml": _VALUES_HEAD + to_yaml([{"commonLabels": {}, **chart.values}]),
        "values.schema.json": json.dumps(chart.schema(), indent=2) + "\n",
        "templates/_helpers.tpl": _HELPERS.replace("CHART", chart.chart),
        "templates/NOTES.txt": _NOTES.replace("CHART", chart.chart),
        **objects,
    }


def _is_definition(manifest: Manifest) -> bool:
    return manifest.get("kind") == "CustomResourceDefinition"


def _place(name: str, manifest: Manifest) -> str:
    """Return where an object's file stands; Helm installs definitions before everything else, as they are."""
    return f"crds/{name}.yaml" if _is_definition(manifest) else f"templates/{name}.yaml"


def _text(chart: ChartValues, step: Step) -> str:
    if _is_definition(step.manifest):
        return to_yaml([step.manifest])
    templated = chart.templated(step.node_id, step.manifest, step.missing_secrets)
    return to_template(_with_labels(templated, f"{chart.chart}.labels"))


def _with_labels(manifest: Manifest, name: str) -> Manifest:
    metadata: dict[str, Any] = manifest["metadata"]
    labels = metadata.get("labels") or {}
    if not labels:
        return manifest
    # The key is not written; it only has to be one that no label has.
    return {**manifest, "metadata": {**metadata, "labels": {**labels, "": Include(name)}}}
