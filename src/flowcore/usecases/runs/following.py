"""Follow a workflow live: first the whole truth, then every change, and the truth again where changes were lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias

from attrs import frozen

from flowcore.errors import FlowcoreError
from flowcore.kinds import Catalogue
from flowcore.model import NodeState, Run, User, Workflow
from flowcore.policy import Permission
from flowcore.ports.events import Event, EventFeed, Heard, Lagged
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock
from flowcore.usecases._waiting import first_of
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.drawings.versions import History
from flowcore.usecases.runs.preparing import GivenValues, Prepared, prepare
from flowcore.usecases.runs.statuses import NodeStatus, status_of
from flowcore.usecases.runs.watching import Watching
from flowcore.versioning import with_drawing

#: Seconds that the first state waits for the cluster to be seen; later news come as changes.
_FIRST_LOOK = 2.0
#: How many runs may wait for their turn before the one at work is not found any more.
_RECENT = 30


@frozen
class Picture:
    """How a workflow and its nodes stand at one moment.

    Attributes:
        is_first: whether it opens the stream; a later one stands for changes that were lost.
        run: the newest run, None before the first.
    """

    workflow: Workflow
    statuses: Mapping[str, NodeStatus]
    run: Run | None = None
    is_first: bool = True


Told: TypeAlias = Picture | Event


@frozen(kw_only=True)
class StatusQueries:
    """Find out how the nodes of a workflow stand."""

    authorizer: Authorizer
    runs: Repository[Run]
    watching: Watching

    async def picture(self, user: User, workflow_id: str, *, is_first: bool = True) -> Picture:
        """Return the present state: what the watches see, else what the newest run knew last.

        Raises:
            NotFoundError: the user has no such workflow.
        """
        workflow = await self.authorizer.workflow(user, workflow_id, Permission.VIEW)
        run = await self.newest_run(workflow_id)
        view = self.watching.view(workflow_id)
        if view is not None:
            if run is not None:
                view.note(run)  # another process may have worked on it
            return Picture(workflow, dict(view.statuses), run, is_first)
        types = {node.id: node.type for node in workflow.nodes}
        states: Mapping[str, NodeState] = run.node_states if run is not None else {}
        statuses = {node_id: status_of(node_id, types.get(node_id, ""), None, s) for node_id, s in states.items()}
        return Picture(workflow, statuses, run, is_first)

    async def newest_run(self, workflow_id: str) -> Run | None:
        """Return the newest run that was begun, else the newest; None before the first."""
        found = await self.runs.find({"workflow_id": workflow_id}, order_by=("-version",), limit=_RECENT)
        begun = (run for run in found if run.deadline is not None)
        return next(begun, found[0] if found else None)


@frozen(kw_only=True)
class FollowWorkflow:
    """Open a live stream of a workflow's status; its objects are watched while anybody listens."""

    queries: StatusQueries
    clusters: ClusterQueries
    history: History
    watching: Watching
    feed: EventFeed
    catalogue: Catalogue
    clock: Clock

    @asynccontextmanager
    async def __call__(
        self, user: User, workflow_id: str, *, last_event_id: str = ""
    ) -> AsyncIterator[AsyncIterator[Told]]:
        """Yield the stream: a picture, then events, with a new picture wherever events were lost.

        With *last_event_id* it goes on behind that event without a picture, if that is still possible.

        Raises:
            NotFoundError: the user has no such workflow.
        """
        workflow = await self.queries.authorizer.workflow(user, workflow_id, Permission.VIEW)
        async with AsyncExitStack() as stack:
            await self._watch(stack, workflow)
            # Listening begins before the state is read, so nothing falls between the two.
            channel = f"workflow:{workflow_id}"
            heard = await stack.enter_async_context(self.feed.subscribe(channel, last_event_id=last_event_id))
            yield self._told(user, workflow_id, heard, resumes=bool(last_event_id))

    async def _told(
        self, user: User, workflow_id: str, heard: AsyncIterator[Heard], *, resumes: bool
    ) -> AsyncIterator[Told]:
        if not resumes:
            yield await self.queries.picture(user, workflow_id)
        async for news in heard:
            if isinstance(news, Lagged):
                yield await self.queries.picture(user, workflow_id, is_first=False)
            else:
                yield news

    async def _watch(self, stack: AsyncExitStack, workflow: Workflow) -> None:
        run = await self.queries.newest_run(workflow.id)
        if run is None:
            return
        try:
            cluster = await self.clusters.target(workflow.owner_id, workflow.cluster_id)
            prepared = await self._prepare(workflow, run)
        except FlowcoreError:
            return  # nothing to watch: the cluster is gone, or the old version no longer compiles
        if cluster.id != run.cluster_id:
            return
        known = self.watching.view(workflow.id)
        targets = tuple(known.targets.values()) if known is not None else prepared.targets
        view = await stack.enter_async_context(self.watching.follow(workflow.id, cluster, targets))
        view.note(run)
        await first_of(view.ready(), self.clock.sleep(_FIRST_LOOK))

    async def _prepare(self, workflow: Workflow, run: Run) -> Prepared:
        version = await self.history.get(workflow.id, run.version)
        return prepare(with_drawing(workflow, version), self.catalogue, GivenValues())
