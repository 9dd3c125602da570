"""The report of a Compose import: a table for people, plain lines for files, JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from entrypoints.cli._output import write, write_json
from flowcore.compose import Account, AccountEntry, Imported, account
from flowcore.errors import Finding, Place

_NO_ELEMENT = "the file"
_SUPPLY = "give it with --env {name}=VALUE, or in a file with --env-file FILE"
_SORTS = {"decided": "decided", "changed": "behaves otherwise", "left_out": "not carried over"}


def print_report(imported: Imported, form: str, *, console: Console | None = None) -> None:
    """Print what became of each element of the file: as ``json``, or as a table, which is plain where nobody looks.

    Args:
        imported: what is told about.
        form: ``json`` or ``table``.
        console: where a table goes; standard output if not given.
    """
    found = account(imported)
    if form == "json":
        write_json(report_data(imported.workflow.name, found))
        return
    console = console or Console(highlight=False)
    if console.is_terminal:
        _print_tables(console, found)
    else:
        write("\n".join(_lines(found)))


def report_data(name: str, found: Account) -> dict[str, Any]:
    """Return the report as plain JSON data."""
    return {
        "name": name,
        "elements": [_entry_data(entry) for entry in found.entries],
        "unsetVariables": [
            {"name": variable, "places": [_place_data(place) for place in places]}
            for variable, places in found.unset_variables.items()
        ],
        "kinds": dict(found.kinds),
        "totals": found.totals,
    }


def _entry_data(entry: AccountEntry) -> dict[str, Any]:
    return {
        "element": entry.element.path,
        **_place_data(entry.element, with_path=False),
        "nodes": [{"id": node.id, "kind": node.type} for node in entry.nodes],
        "decided": [_finding_data(finding) for finding in entry.decided],
        "changed": [_finding_data(finding) for finding in entry.changed],
        "leftOut": [_finding_data(finding) for finding in entry.left_out],
    }


def _finding_data(finding: Finding) -> dict[str, Any]:
    told = {"rule": finding.rule, "message": finding.message, "why": finding.why, "fix": finding.fix}
    return {**{key: text for key, text in told.items() if text}, **_place_data(finding.place)}


def _place_data(place: Place, *, with_path: bool = True) -> dict[str, Any]:
    data: dict[str, Any] = {"file": place.file, "line": place.line, "column": place.column}
    return {**data, "path": place.path} if with_path else data


def _lines(found: Account) -> Iterable[str]:
    for entry in found.entries:
        yield f"{entry.element.path or _NO_ELEMENT}  {_position(entry.element)}".rstrip()
        if entry.element.path:
            yield f"  became: {_nodes(entry) or 'nothing'}"
        for sort, word in _SORTS.items():
            for finding in getattr(entry, sort):
                yield f"  {word}: {_told(finding)} ({_position(finding.place)})"
        yield ""
    if found.unset_variables:
        yield "variables without a value"
        for name, places in found.unset_variables.items():
            yield f"  {name}: {', '.join(_use(place) for place in places)}; {_SUPPLY.format(name=name)}"
        yield ""
    yield _total(found)


def _print_tables(console: Console, found: Account) -> None:
    table = Table("element", "became", "decided, and why", "not as it was", box=box.SIMPLE_HEAD, header_style="bold")
    for entry in found.entries:
        name = Text.assemble((entry.element.path or _NO_ELEMENT, "bold"), (f"\n{_position(entry.element)}", "dim"))
        kinds = _by_kind(entry) if entry.nodes else Text("nothing" if entry.element.path else "", style="dim")
        lost = [*_paragraphs("not carried over: ", entry.left_out), *_paragraphs("", entry.changed)]
        table.add_row(name, kinds, _joined(_paragraphs("", entry.decided)), _joined(lost), end_section=True)
    console.print(table)
    if found.unset_variables:
        console.print(_variables(found.unset_variables))
    console.print(_total(found))


def _variables(unset: Mapping[str, tuple[Place, ...]]) -> Table:
    table = Table("variable without a value", "used at", "how to give it", box=box.SIMPLE_HEAD, header_style="bold")
    for name, places in unset.items():
        table.add_row(Text(name, style="yellow"), "\n".join(_use(place) for place in places), _SUPPLY.format(name=name))
    return table


def _by_kind(entry: AccountEntry) -> Text:
    return Text("\n").join(Text.assemble((f"{node.type} ", "cyan"), node.id) for node in entry.nodes)


def _paragraphs(before: str, findings: Iterable[Finding]) -> list[Text]:
    return [
        Text.assemble((before, "yellow"), _told(finding), (f" ({_position(finding.place)})", "dim"))
        for finding in findings
    ]


def _joined(paragraphs: list[Text]) -> Text:
    return Text("\n").join(paragraphs)


def _nodes(entry: AccountEntry) -> str:
    return ", ".join(f"{node.type} {node.id}" for node in entry.nodes)


def _told(finding: Finding) -> str:
    why = f"; {finding.why}" if finding.why else ""
    fix = f" [{finding.fix}]" if finding.fix else ""
    # The element stands beside it already.
    name = finding.place.path.removeprefix("services.").split(".")[0]
    return f"{finding.message.removeprefix(f'{name}: ')}{why}{fix}"


def _position(place: Place) -> str:
    return ":".join(str(part) for part in (place.file, place.line) if part)


def _use(place: Place) -> str:
    return f"{_position(place)} {place.path}".strip()


def _total(found: Account) -> str:
    counts = found.totals
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds.items())
    return (
        f"{counts['elements']} elements became {counts['nodes']} nodes ({kinds}) and {counts['edges']} edges; "
        f"{counts['decided']} decisions, {counts['changed']} that behave otherwise, "
        f"{counts['left_out']} not carried over, {counts['unset_variables']} variables without a value"
    )
