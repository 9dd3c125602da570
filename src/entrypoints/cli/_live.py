"""The live view of a deployment: a table that redraws in a terminal, lines of text elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from attrs import define, field, frozen
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from flowcore.model import NodePhase, NodeState

LOOKS = {
    NodePhase.WAITING: ("·", "dim", "waiting"),
    NodePhase.APPLYING: ("↻", "cyan", "applying"),
    NodePhase.APPLIED: ("◐", "yellow", ""),
    NodePhase.HEALTHY: ("●", "green", ""),
    NodePhase.FAILED: ("✗", "bold red", ""),
    NodePhase.SKIPPED: ("–", "dim", "skipped"),
}
#: Lines around the rows: title, heading, progress, and the blank lines between them.
_AROUND = 6


@frozen
class Row:
    """A node in the view: its id, its kind's label and its name in the cluster."""

    node_id: str
    kind: str
    name: str


@define
class DeploymentView:
    """Shows how far every node has come; use it as a context manager.

    Attributes:
        title: what is deployed, and where.
        waves: the rows in the order they are applied.
        console: where to draw; on anything but a terminal each change becomes one line.
    """

    title: str
    waves: Sequence[Sequence[Row]]
    console: Console
    _states: dict[str, NodeState] = field(factory=dict, init=False)
    _progress: Progress = field(init=False)
    _live: Live | None = field(default=None, init=False)
    _is_over: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=self.console)
        self._progress.add_task("healthy", total=sum(map(len, self.waves)))

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live = Live(get_renderable=self.render, console=self.console, refresh_per_second=10)
            self._live.__enter__()
        else:
            self.console.print(self.title)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        self._is_over = True
        if self._live:
            self._live.__exit__(kind, error, trace)

    def show(self, states: Mapping[str, NodeState]) -> None:
        """Take over the newest states; nodes that are not among them keep theirs."""
        changed = {node_id: state for node_id, state in states.items() if self._states.get(node_id) != state}
        self._states.update(changed)
        done = sum(state.phase is NodePhase.HEALTHY for state in self._states.values())
        self._progress.update(self._progress.task_ids[0], completed=done)
        if not self._live:
            self._print_changes(changed)

    def render(self) -> RenderableType:
        """Return the view as it is now; what does not fit into the terminal is left out until the end."""
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0), expand=True)
        rows = [row for wave in self.waves for row in wave]
        widths = {
            "wave": 4,
            "kind": max((len(row.kind) for row in rows), default=0),
            "name": min(max((len(row.name) for row in rows), default=0), 40),
            "state": 13,
        }
        for column, width in widths.items():
            table.add_column(column, no_wrap=True, width=width)
        table.add_column("", overflow="ellipsis", no_wrap=True, ratio=1)
        shown = self._shown()
        before = 0
        for number, row in shown:
            table.add_row(str(number) if number != before else "", row.kind, row.name, *self._cells(row))
            before = number
        rest = f"and {len(rows) - len(shown)} more" if len(shown) < len(rows) else ""
        return Group(Text(self.title, style="bold"), Text(), table, Text(rest, style="dim"), self._progress)

    def _shown(self) -> list[tuple[int, Row]]:
        """Return the rows to draw with the numbers of their waves: those that are not healthy yet come first."""
        rows = [(number, row) for number, wave in enumerate(self.waves, start=1) for row in wave]
        room = max(self.console.height - _AROUND, 1)
        if self._is_over or len(rows) <= room:
            return rows
        healthy = {row.node_id for _, row in rows if self._state(row).phase is NodePhase.HEALTHY}
        chosen = [row.node_id for _, row in rows if row.node_id not in healthy][:room]
        chosen += [row.node_id for _, row in reversed(rows) if row.node_id in healthy][: room - len(chosen)]
        return [(number, row) for number, row in rows if row.node_id in chosen]

    def _state(self, row: Row) -> NodeState:
        return self._states.get(row.node_id, NodeState())

    def _cells(self, row: Row) -> tuple[Text, Text]:
        state = self._state(row)
        sign, style, word = LOOKS[state.phase]
        return Text(f"{sign} {word or state.health}", style=style), Text("" if word else state.message, style="dim")

    def _print_changes(self, changed: Mapping[str, NodeState]) -> None:
        rows = {row.node_id: row for wave in self.waves for row in wave}
        for node_id, state in changed.items():
            row = rows.get(node_id)
            if row and state.phase not in (NodePhase.WAITING, NodePhase.APPLYING):
                message = f": {state.message}" if state.message else ""
                text = f"{row.kind} {row.name}: {LOOKS[state.phase][2] or state.health}{message}"
                self.console.print(text, markup=False, soft_wrap=True)
