"""A run at work in its cluster: performs what the state machine asks for, and tells it what happened."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine, Iterable

from attrs import define, field

from flowcore.errors import FlowcoreError
from flowcore.planning import Step
from flowcore.ports.cluster import ClusterConnection
from flowcore.runs import (
    Apply,
    DeadlinePassed,
    ExecutorLost,
    NodeApplied,
    NodeHealthChanged,
    NodeRejected,
    Prune,
    Pruned,
    RollBack,
    RunEffect,
    RunEvent,
)
from flowcore.usecases.runs.applying import Applier, MissingSecrets, reason_of
from flowcore.usecases.runs.preparing import GivenValues, Prepared, label_of, refs_of, stamped
from flowcore.usecases.runs.pruning import Pruner
from flowcore.usecases.runs.record import RunRecord
from flowcore.usecases.runs.statuses import NodeStatus
from flowcore.usecases.runs.watching import WorkflowView

#: How many objects of a wave are applied at the same time.
_AT_ONCE = 16
#: Shorter values are not masked: they would blot out ordinary words.
_SHORTEST_MASKED = 4


@define(eq=False)
class Site:
    """The work on one run in one cluster.

    Attributes:
        given: values that came with the run; None when they were lost with another process.
        events: what has happened and the state machine does not know yet.
        rolls_back: whether the run asked for the last good version.
    """

    record: RunRecord
    connection: ClusterConnection
    view: WorkflowView
    prepared: Prepared
    given: GivenValues | None
    events: asyncio.Queue[RunEvent]
    rolls_back: bool = False
    _jobs: set[asyncio.Task[None]] = field(factory=set)
    _slots: asyncio.Semaphore = field(factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def work(self, first: RunEvent) -> None:
        """Begin with *first* and go on until the run has ended.

        Raises:
            LostRunError: another process has taken the run over.
        """
        self._perform(await self.record.tell(first))
        self.view.note(self.record.run)
        self.view.listeners.add(self._hear)
        for status in tuple(self.view.statuses.values()):
            self._hear(status)
        self._spawn(self._wait_for_deadline())
        try:
            while not self.record.run.status.is_final:
                self._perform(await self.record.tell(*await self._news()))
        finally:
            self.view.listeners.discard(self._hear)
            await self._stop()

    async def _news(self) -> list[RunEvent]:
        """Return everything that has happened since the last look, so that one write stores it all."""
        news = [await self.events.get()]
        while not self.events.empty():
            news.append(self.events.get_nowait())
        return news

    def _perform(self, effects: Iterable[RunEffect]) -> None:
        for effect in effects:
            match effect:
                case Apply(node_ids):
                    for node_id in node_ids:
                        self._spawn(self._apply(node_id))
                case Prune():
                    self._spawn(self._prune())
                case RollBack():
                    self.rolls_back = True

    async def _apply(self, node_id: str) -> None:
        async with self._slots:
            happened = await self._applied(self._step(node_id))
        self.events.put_nowait(happened)

    async def _applied(self, step: Step) -> RunEvent:
        run = self.record.run
        lost = run.options.given_env.get(step.node_id, ()) if self.given is None else ()
        if lost:
            names = ", ".join(lost)
            text = f"the values given for {names} were lost with the process that had them; run again"
            return NodeRejected(step.node_id, text)
        manifest = stamped(
            step.manifest,
            workflow_id=run.workflow_id,
            node_label=label_of(step),
            version=run.version,
            run_id=run.id,
        )
        try:
            outcome = await self._applier()(manifest, step.missing_secrets)
        except FlowcoreError as error:
            return NodeRejected(step.node_id, self._masked(reason_of(error)))
        if isinstance(outcome, MissingSecrets):
            return NodeRejected(step.node_id, str(outcome))
        status = self.view.observe(step.node_id, outcome.live)
        return NodeApplied(step.node_id, str(outcome.operation), status.health, status.message)

    async def _prune(self) -> None:
        run = self.record.run
        if not run.options.prune:
            self.events.put_nowait(Pruned())
            return
        desired = refs_of(self.prepared.steps)
        pruner = Pruner(
            connection=self.connection,
            catalogue=self.record.desk.catalogue,
            history=self.record.desk.history,
            claims=run.options.prune_claims,
            namespaces=tuple(sorted({ref.namespace for ref in desired if ref.namespace})),
        )
        self.events.put_nowait(await pruner(run.workflow_id, desired))

    async def _wait_for_deadline(self) -> None:
        desk, deadline = self.record.desk, self.record.run.deadline
        if deadline is not None:
            await desk.clock.sleep(max((deadline - desk.clock.now()).total_seconds(), 0))
            self.events.put_nowait(DeadlinePassed())

    def _applier(self) -> Applier:
        desk, options = self.record.desk, self.record.run.options
        return Applier(
            connection=self.connection,
            clock=desk.clock,
            ids=desk.ids,
            generate_secrets=options.generate_secrets,
            force=options.force,
        )

    def _step(self, node_id: str) -> Step:
        return next(step for step in self.prepared.steps if step.node_id == node_id)

    def _hear(self, status: NodeStatus) -> None:
        if status.node_id in self.record.run.node_states:
            event = NodeHealthChanged(status.node_id, status.health, status.message, status.is_hopeless)
            self.events.put_nowait(event)

    def _masked(self, text: str) -> str:
        given = self.given or GivenValues()
        values = {value for each in (*given.secrets.values(), *given.env.values()) for value in each.values()}
        # The longest first: what is left of a value after another inside it was masked would still tell of it.
        for value in sorted(values, key=len, reverse=True):
            if len(value) >= _SHORTEST_MASKED:
                encoded = base64.b64encode(value.encode()).decode()
                text = text.replace(value, "***").replace(encoded, "***")
        return text

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._jobs.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.events.put_nowait(ExecutorLost(f"internal error: {type(error).__name__}"))

    async def _stop(self) -> None:
        jobs = tuple(self._jobs)
        for task in jobs:
            task.cancel()
        if jobs:
            await asyncio.wait(jobs)
