"""``label_file``: labels of a service that stand in files beside the Compose file."""

from __future__ import annotations

from collections.abc import Mapping

from flowcore.compose._dotenv import parse_dotenv
from flowcore.compose._marks import Block, Mark, mark_of
from flowcore.compose._report import Report
from flowcore.errors import InvalidInputError
from flowcore.files import EntryKind, Files

_MAX_LABELS = 1_000_000


def read_label_files(tree: Block, files: Files, env: Mapping[str, str], report: Report) -> None:
    """Put the labels of every service's files beside its ``labels``, which win; later files win over earlier ones."""
    for name, service in (tree.get("services") or {}).items():
        wanted = service.pop("label_file", None) if isinstance(service, Block) else None
        if not isinstance(wanted, list):
            continue
        own = service.get("labels") or Block()
        found = Block(mark=mark_of(service, "labels"))
        for position, path in enumerate(wanted):
            mark = mark_of(wanted, position)
            for label, value in _labels(str(path), files, env, report, mark, f"services.{name}.label_file").items():
                found.put(label, value, mark)
        for label, value in own.items():
            found.put(label, value, mark_of(own, label))
        service["labels"] = found


def _labels(
    path: str, files: Files, env: Mapping[str, str], report: Report, mark: Mark, where: str
) -> Mapping[str, str]:
    entry = files.look(path)
    if entry.kind is not EntryKind.FILE or entry.size > _MAX_LABELS:
        told = {EntryKind.OUTSIDE: "is outside the folder that may be read", EntryKind.FILE: "is too large"}
        message = f"the label file {path} {told.get(entry.kind, 'is not there')}"
        report.error("compose-label-file", message, mark, path=where, fix="put it beside the Compose file")
        return {}
    try:
        return parse_dotenv(files.read(path).decode("utf-8-sig", "replace"), env, file=path)
    except InvalidInputError as error:
        for finding in error.findings:
            report.add(finding)
        return {}
