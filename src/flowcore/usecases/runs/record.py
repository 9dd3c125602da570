"""The stored record of a run: moved on by events, written under the lease's token, told to whoever listens."""

from __future__ import annotations

from functools import partial

from attrs import define, evolve

from flowcore.errors import ConflictError
from flowcore.model import NodePhase, Run
from flowcore.ports.events import Event
from flowcore.runs import CancelRequested, RunEffect, RunEvent, advance
from flowcore.usecases._waiting import until_answered
from flowcore.usecases.runs.desk import RunDesk


class LostRunError(ConflictError):
    """Another process works on the run now."""

    code = "run.lost"


@define(eq=False)
class RunRecord:
    """A run as this process last stored it.

    Attributes:
        token: token of the lease that it is written under.
    """

    desk: RunDesk
    run: Run
    token: int

    async def tell(self, *events: RunEvent) -> tuple[RunEffect, ...]:
        """Move the run on, store it once, and return what has to be done now.

        Raises:
            LostRunError: another process has taken the run over; nothing was stored.
        """
        effects: list[RunEffect] = []
        run = self.run
        for event in events:
            run, more = advance(run, event, self.desk.clock.now())
            effects.extend(more)
        if run != self.run:
            before, self.run = self.run, await self._store(run)
            self._publish(before)
            if self.run.cancel_requested and not run.cancel_requested:
                return (*effects, *await self.tell(CancelRequested()))
        return tuple(effects)

    async def is_unwanted(self) -> bool:
        """Look whether somebody asked another process to cancel the run, or deleted its workflow.

        Raises:
            LostRunError: another process has taken the run over.
        """
        stored = await self.desk.runs.get(self.run.id)
        self._require_ours(stored)
        workflow = await self.desk.workflows.get(stored.workflow_id)
        return stored.cancel_requested or workflow.deleted_at is not None

    async def _store(self, run: Run) -> Run:
        """Store the run, however long the store does not answer: whoever has it by then is told by the token."""
        while True:
            ours = evolve(run, fencing=self.token)
            stored, is_ours = await until_answered(self.desk.clock, partial(self._try_to_store, ours))
            if is_ours:
                return stored
            # The only other writers are one who asks to cancel, and one who has taken the run over.
            self._require_ours(stored)
            run = evolve(
                run, revision=stored.revision, cancel_requested=run.cancel_requested or stored.cancel_requested
            )

    async def _try_to_store(self, run: Run) -> tuple[Run, bool]:
        """Return what is stored now, and whether that is the run; it is, too, when the answer to a try was lost."""
        try:
            return await self.desk.runs.replace(run), True
        except ConflictError as error:
            if not error.code.endswith(".stale"):
                raise
        stored = await self.desk.runs.get(run.id)
        return stored, evolve(stored, revision=run.revision) == run

    def _require_ours(self, stored: Run) -> None:
        if stored.fencing > self.token:
            raise LostRunError(f"run {stored.id} is worked on by another process")

    def _publish(self, before: Run) -> None:
        view = self.desk.watching.view(self.run.workflow_id)
        if view is not None:
            view.note(self.run)
        channel = f"workflow:{self.run.workflow_id}"
        for node_id, state in self.run.node_states.items():
            was = before.node_states.get(node_id)
            if state.phase is NodePhase.FAILED and (was is None or was.phase is not NodePhase.FAILED):
                told = {"run_id": self.run.id, "node_id": node_id, "message": state.message}
                self.desk.feed.publish(channel, Event(type="error", data=told, is_terminal=True))

    def announce_end(self) -> None:
        """Tell who listens that the run has ended, when everything about it is stored."""
        ended = {
            "run_id": self.run.id,
            "version": self.run.version,
            "status": str(self.run.status),
            "message": self.run.error,
        }
        channel = f"workflow:{self.run.workflow_id}"
        self.desk.feed.publish(channel, Event(type="complete", data=ended, is_terminal=True))
