"""A small world in which workflows run: memory for a store, a played cluster, a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from attrs import evolve

from adapters.memory import MemoryStore
from adapters.sse import InProcessEventFeed
from flowcore.kinds import core_catalogue
from flowcore.model import Cluster, Edge, Node, Run, User, Workflow, WorkflowStatus
from flowcore.ports.storage import CLUSTERS, LEASES, RUNS, VERSIONS, WORKFLOWS
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.drawings.versions import History
from flowcore.usecases.leasing import Leases
from flowcore.usecases.runs.desk import RunDesk
from flowcore.usecases.runs.executing import RunExecutor
from flowcore.usecases.runs.following import FollowWorkflow, StatusQueries
from flowcore.usecases.runs.running import CancelRun, RunQueries, RunRequest, StartRun
from flowcore.usecases.runs.watching import Watching
from tests.doubles import PATIENCE, START, FrozenClock, SequentialIds
from tests.doubles_cluster import PlayedCluster, PlayedClusters

ANN = User(id="a" * 24, email="ann@x.y", email_key="ann@x.y", name="Ann", created_at=START)


def configmap(name: str, **data: str) -> Node:
    return Node(id=name, type="configmap", data={"name": name, "data": data or {"KEY": "value"}})


def deployment(name: str, image: str = "nginx:1.25") -> Node:
    return Node(id=name, type="deployment", data={"name": name, "image": image, "port": 80})


def depends(source: str, target: str, condition: str = "healthy") -> Edge:
    return Edge(id=f"{source}-{target}", source=source, target=target, data={"condition": condition})


class World:
    """Everything that outlives a process: the store and the cluster."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.clock = FrozenClock()
        self.ids = SequentialIds()
        self.cluster = PlayedCluster()
        self.workflows = self.store.repository(WORKFLOWS)
        self.runs = self.store.repository(RUNS)

    async def shop(self, *nodes: Node, edges: tuple[Edge, ...] = ()) -> Workflow:
        """Store a published workflow, and the cluster it is deployed to."""
        clusters = self.store.repository(CLUSTERS)
        if not await clusters.count({}):
            await clusters.add(Cluster(id="c" * 24, owner_id=ANN.id, name="dev", created_at=START))
        workflow = Workflow(
            id=self.ids.new_id(),
            name="shop",
            nodes=nodes,
            edges=edges,
            cluster_id="dev",
            status=WorkflowStatus.PUBLISHED,
            owner_id=ANN.id,
            created_at=START,
        )
        return await self.workflows.add(workflow)

    async def redraw(self, workflow: Workflow, *nodes: Node) -> None:
        """Store another drawing of a workflow."""
        stored = await self.workflows.get(workflow.id)
        await self.workflows.replace(evolve(stored, nodes=nodes, edges=()))

    @asynccontextmanager
    async def process(self, name: str = "p1") -> AsyncIterator[Process]:
        """Start a process; leaving the context shuts it down in order."""
        process = Process(self, name)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(process.watching)
            await stack.enter_async_context(process.executor)
            yield process


class Process:
    """One process of the service."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.feed = InProcessEventFeed()
        access = PlayedClusters(world.cluster)
        self.watching = Watching(access, self.feed, world.clock)
        clusters = world.store.repository(CLUSTERS)
        self.history = History(versions=world.store.repository(VERSIONS))
        self.authorizer = Authorizer.over(world.store, world.clock)
        self.desk = RunDesk(
            authorizer=self.authorizer,
            workflows=world.workflows,
            runs=world.runs,
            clusters=clusters,
            history=self.history,
            leases=Leases(store=world.store.repository(LEASES), clock=world.clock, holder=name),
            access=access,
            watching=self.watching,
            feed=self.feed,
            catalogue=core_catalogue(),
            clock=world.clock,
            ids=world.ids,
        )
        self.broken: list[BaseException] = []
        #: Status of every run that nobody asked for, and whether it is a rollback.
        self.unasked: list[tuple[str, bool]] = []
        self.executor = RunExecutor(
            self.desk,
            on_end=self._ended,
            on_unasked=lambda run, is_rollback: self.unasked.append((str(run.status), is_rollback)),
        )
        cluster_queries = ClusterQueries(authorizer=self.authorizer)
        self.start = StartRun(desk=self.desk, executor=self.executor, clusters=cluster_queries)
        self.queries = RunQueries(authorizer=self.authorizer, runs=world.runs)
        self.cancel = CancelRun(queries=self.queries, executor=self.executor)
        statuses = StatusQueries(authorizer=self.authorizer, runs=world.runs, watching=self.watching)
        self.follow = FollowWorkflow(
            queries=statuses,
            clusters=cluster_queries,
            history=self.history,
            watching=self.watching,
            feed=self.feed,
            catalogue=self.desk.catalogue,
            clock=world.clock,
        )

    def _ended(self, run: Run, error: BaseException | None) -> None:
        if error is not None:
            self.broken.append(error)

    async def run(self, workflow: Workflow, request: RunRequest | None = None) -> Run:
        """Run a workflow to its end and return the run."""
        run = await self.start(ANN, workflow.id, request or RunRequest())
        return await self.ended(run)

    async def ended(self, run: Run) -> Run:
        """Return a run when this process has done its work on it."""
        async with asyncio.timeout(PATIENCE):
            await self.executor.finished(run.id)
        return await self.world.runs.get(run.id)

    async def until(self, run: Run, holds: Callable[[Run], bool]) -> Run:
        """Return the stored run as soon as something holds for it."""
        async with asyncio.timeout(PATIENCE):
            while not holds(stored := await self.world.runs.get(run.id)):  # noqa: ASYNC110
                await asyncio.sleep(0)
        return stored
