"""The command that checks workflows, Compose files and manifests, and mends what can be mended."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import rich_click as click
from attrs import evolve, frozen

from entrypoints.cli._catalogue import kinds_option
from entrypoints.cli._files import write_file
from entrypoints.cli._output import errors_console, output_console, report_findings, summary, write, write_json
from entrypoints.cli._sources import ComposeOptions, compose_options, is_workflow, open_text, read_input
from flowcore.errors import Edit, Finding, FlowcoreError, errors_of, finding_to_json
from flowcore.kinds import Catalogue
from flowcore.library import dump_workflow, validate
from flowcore.lint import Level, Rule, apply_fixes, line_of, lint_manifests, rules_of, sort_by_severity, to_sarif
from flowcore.manifests import read_trees, to_yaml
from flowcore.model import Workflow

_LEVELS = click.Choice([str(level) for level in Level])


@frozen
class Judging:
    """How strict the judgement is.

    Attributes:
        pod_security: the level that the cluster enforces; none only warns.
        ignore: rules to leave out.
        catalogue: the kinds of nodes.
    """

    pod_security: str | None
    ignore: tuple[str, ...]
    catalogue: Catalogue

    def of(self, workflow: Workflow) -> list[Finding]:
        """Return the findings about a workflow."""
        return validate(workflow, pod_security=self.pod_security, ignore=self.ignore, catalogue=self.catalogue)


@click.command("validate")
@click.argument("source", metavar="WORKFLOW")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "sarif"]), default="text", help="How to print findings."
)
@click.option("--pod-security", type=_LEVELS, help="Level that your cluster enforces; what it refuses is an error.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Rule to leave out; pss-* means all that start so.")
@click.option("--fix", is_flag=True, help="Make the changes that findings offer; give -o or --write too.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File for the mended workflow.")
@click.option("--write", "in_place", is_flag=True, help="Write the mended workflow back to its file.")
@kinds_option
@compose_options
@click.pass_context
def validate_command(
    ctx: click.Context,
    source: str,
    format_: str,
    pod_security: str | None,
    ignore: tuple[str, ...],
    fix: bool,
    output: Path | None,
    in_place: bool,
    options: ComposeOptions,
    catalogue: Catalogue,
) -> None:
    """Check WORKFLOW and list every finding at once. Exit status 1 when there are errors.

    WORKFLOW may also be a Compose file, or Kubernetes manifests: YAML documents, or one JSON object.
    """
    if fix != bool(output or in_place) or (output and in_place):
        raise click.UsageError("--fix needs -o FILE or --write, and they need --fix")
    judging = Judging(pod_security, ignore, catalogue)
    file, text = read_input(source)
    manifests = _manifests(text, file)
    if manifests is not None:
        if fix:
            raise click.UsageError("only workflows can be mended, not manifests")
        findings = lint_manifests(manifests, pod_security=pod_security, ignore=ignore)
        name = file or "manifests"
    else:
        opened = open_text(file, text, options)
        workflow, name = opened.workflow, opened.workflow.name
        judged = judging.of(workflow)
        if fix:
            target = output or _own_file(file, text)
            judged = _mend(workflow, judged, judging, target)
        findings = sort_by_severity([*opened.findings, *judged])
    _print(findings, format_, name, file, text, rules_of(catalogue))
    ctx.exit(1 if errors_of(findings) else 0)


def _manifests(text: str, file: str) -> Sequence[Any] | None:
    """Return the documents when every one of them is a Kubernetes object; a workflow or a Compose file is none."""
    if "apiVersion" not in text or "kind" not in text:
        return None
    try:
        documents = [document for document in read_trees(text, file=file) if document is not None]
    except FlowcoreError:
        return None
    objects = [one for one in documents if isinstance(one, Mapping) and "apiVersion" in one and "kind" in one]
    return documents if objects and len(objects) == len(documents) else None


def _own_file(file: str, text: str) -> Path:
    if not file or not is_workflow(text):
        raise click.UsageError("--write needs a workflow file; give -o FILE")
    return Path(file)


def _mend(workflow: Workflow, findings: Iterable[Finding], judging: Judging, target: Path) -> list[Finding]:
    """Write the mended workflow, tell what was changed, and return what is left to say."""
    edits = {(one.edit.node, one.edit.path): one for one in findings if one.edit is not None}
    mended = apply_fixes(workflow, edits.values())
    _save(mended, target)
    for finding in edits.values():
        if finding.edit is not None:
            errors_console().print(f"changed {_told(finding.edit)}  [{finding.rule}]", markup=False)
    errors_console().print(f"{len(edits)} changes written to {target}", markup=False)
    return judging.of(mended)


def _told(edit: Edit) -> str:
    what = "removed" if edit.remove else f"= {json.dumps(edit.value, ensure_ascii=False)}"
    return f"node {edit.node} {edit.pointer} {what}"


def _save(workflow: Workflow, target: Path) -> None:
    drawing = dump_workflow(workflow)
    is_yaml = target.suffix in (".yaml", ".yml")
    text = to_yaml([drawing]) if is_yaml else json.dumps(drawing, indent=2, ensure_ascii=False) + "\n"
    write_file(target, text)


def _print(findings: list[Finding], format_: str, name: str, file: str, text: str, rules: Iterable[Rule]) -> None:
    if format_ == "json":
        write_json([finding_to_json(finding) for finding in findings])
    elif format_ == "sarif":
        log = to_sarif(_placed(findings, file, text), rules, file=file or "stdin", version=version("flowcore"))
        write(json.dumps(log, indent=2, ensure_ascii=False))
    else:
        report_findings(findings, console=output_console())
        errors_console().print(f"{name}: {summary(findings)}", markup=False)


def _placed(findings: Iterable[Finding], file: str, text: str) -> list[Finding]:
    """Return the findings about nodes and edges with their lines in the workflow file, as far as they can be told."""
    try:
        tree = read_trees(text, file=file)[0]
    except (FlowcoreError, IndexError):
        return list(findings)
    starts = {
        (word, str(item.get("id"))): (part, position)
        for word, part in (("node", "nodes"), ("edge", "edges"))
        for position, item in enumerate(tree.get(part) or () if isinstance(tree, Mapping) else ())
        if isinstance(item, Mapping)
    }
    return [_with_line(finding, tree, starts) for finding in findings]


def _with_line(finding: Finding, tree: Any, starts: Mapping[tuple[str, str], tuple[str, int]]) -> Finding:
    place = finding.place
    start = starts.get(("node", place.node)) or starts.get(("edge", place.edge))
    if place.line or start is None:
        return finding
    return evolve(finding, place=evolve(place, line=line_of(tree, (*start, *_keys(place.path)))))


def _keys(path: str) -> tuple[str | int, ...]:
    """Return the keys of a path; one that holds dots ends the way early, which still leads to the right field."""
    words = path.replace("[", ".[").split(".")
    return tuple(int(word[1:-1]) if word.startswith("[") and word[1:-1].isdigit() else word for word in words if word)
