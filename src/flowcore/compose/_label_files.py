"""``label_file``: labels of a service that stand in files beside the Compose file."""

from __future__ import annotations

from collections.abc import Mapping

from flowcore.compose._dotenv import parse_dotenv
from flowcore.compose._marks import Block, mark_of
from flowcore.compose._reading import read_text
from flowcore.compose._report import Report
from flowcore.errors import InvalidInputError, Place
from flowcore.files import Files

#: Largest label file that is read, in bytes.
_MAX_LABELS = 1_000_000


def read_label_files(tree: Block, files: Files, env: Mapping[str, str], report: Report) -> None:
    """Put the labels of every service's files beside its ``labels``, which win; later files win over earlier ones."""
    known: dict[str, Mapping[str, str]] = {}
    for name, service in (tree.get("services") or {}).items():
        wanted = service.pop("label_file", None) if isinstance(service, Block) else None
        if not isinstance(wanted, list):
            continue
        own = service.get("labels") or Block()
        found = Block(mark=mark_of(service, "labels"))
        for position, path in enumerate(map(str, wanted)):
            mark, where = mark_of(wanted, position), f"services.{name}.label_file"
            labels = known[path] if path in known else _labels(path, files, env, report, mark.value_place(where))
            if labels is None:
                continue
            known[path] = labels
            if not report.write_out(len(labels), mark, where):
                return
            for label, value in labels.items():
                found.put(label, value, mark)
        for label, value in own.items():
            found.put(label, value, mark_of(own, label))
        service["labels"] = found


def _labels(path: str, files: Files, env: Mapping[str, str], report: Report, place: Place) -> Mapping[str, str] | None:
    """Return the labels of a file; None, with a finding, when it cannot be read."""

    def tell(problem: str, fix: str) -> None:
        report.error("compose-label-file", f"the label file {path} {problem}", place, fix=fix)

    text = read_text(files, path, most=_MAX_LABELS, tell=tell)
    try:
        return None if text is None else parse_dotenv(text, env, file=path)
    except InvalidInputError as error:
        for finding in error.findings:
            report.add(finding)
        return {}
