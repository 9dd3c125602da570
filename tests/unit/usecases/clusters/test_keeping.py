"""Clusters."""

from __future__ import annotations

import pytest
from attrs import evolve, frozen

from adapters.memory import MemoryStore
from flowcore.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from flowcore.model import ClusterStatus, User
from flowcore.ports.storage import CLUSTERS
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.keeping import (
    AddCluster,
    ClusterDraft,
    DeleteCluster,
    ProvideCluster,
    SetDefaultCluster,
    TestCluster,
)
from flowcore.usecases.clusters.targets import ClusterQueries
from tests.doubles import START, FrozenClock, SequentialIds
from tests.doubles_cluster import PlayedClusters

pytestmark = pytest.mark.anyio

ANN = User(id="a" * 24, email="ann@x.y", email_key="ann@x.y", name="Ann", created_at=START)
BOB = User(id="b" * 24, email="bob@x.y", email_key="bob@x.y", name="Bob", created_at=START)
PROD = ClusterDraft(name="prod", server="https://k8s", credentials={"token": "hunter22"})


@frozen
class Desk:
    """The use cases of clusters."""

    access: PlayedClusters
    add: AddCluster
    queries: ClusterQueries
    choose: SetDefaultCluster
    test: TestCluster
    delete: DeleteCluster


@pytest.fixture
def desk() -> Desk:
    store, access, clock = MemoryStore(), PlayedClusters(), FrozenClock()
    clusters, authorizer = store.repository(CLUSTERS), Authorizer.over(store, clock)
    return Desk(
        access,
        AddCluster(authorizer=authorizer, clusters=clusters, access=access, clock=clock, ids=SequentialIds()),
        ClusterQueries(authorizer=authorizer),
        SetDefaultCluster(authorizer=authorizer, clusters=clusters, clock=clock),
        TestCluster(authorizer=authorizer, clusters=clusters, access=access, clock=clock),
        DeleteCluster(authorizer=authorizer, clusters=clusters),
    )


async def test_credentials_are_sealed_and_never_shown(desk: Desk) -> None:
    cluster = await desk.add(ANN, PROD)
    assert cluster.credentials == f"sealed for {cluster.id}"
    assert "hunter22" not in f"{cluster!r}{PROD!r}"


async def test_there_is_always_exactly_one_default(desk: Desk) -> None:
    await desk.add(ANN, PROD)
    await desk.add(ANN, evolve(PROD, name="dev"))
    assert (await desk.queries.default(ANN.id)).name == "prod"
    await desk.choose(ANN, "dev")
    assert [c.name for c in await desk.queries.list(ANN) if c.is_default] == ["dev"]
    await desk.delete(ANN, "dev")
    assert [c.name for c in await desk.queries.list(ANN) if c.is_default] == ["prod"]


async def test_a_workflow_is_never_deployed_to_another_cluster_than_the_one_it_names(desk: Desk) -> None:
    await desk.add(ANN, PROD)
    await desk.add(BOB, evolve(PROD, name="bobs"))
    assert (await desk.queries.target(ANN.id, "")).name == "prod"
    for name in ("bobs", "gone"):
        with pytest.raises(NotFoundError, match=f"{name} is not registered"):
            await desk.queries.target(ANN.id, name)
    with pytest.raises(NotFoundError):
        await desk.queries.get(BOB, "prod")


async def test_names_are_unique_for_one_user_and_every_problem_is_told(desk: Desk) -> None:
    await desk.add(ANN, PROD)
    await desk.add(BOB, PROD)
    with pytest.raises(ConflictError, match="named prod already"):
        await desk.add(ANN, PROD)
    with pytest.raises(InvalidInputError) as caught:
        await desk.add(ANN, ClusterDraft(name="default", auth_type="magic"))
    assert [finding.place.path for finding in caught.value.findings] == ["name", "authType", "server"]


async def test_a_test_is_remembered_whatever_it_says(desk: Desk) -> None:
    await desk.add(ANN, PROD)
    tested = await desk.test(ANN, "prod")
    assert (tested.status, tested.version) == (ClusterStatus.CONNECTED, "v1.37.0-played")
    desk.access.cluster.is_down = True
    with pytest.raises(UnavailableError):
        await desk.test(ANN, "prod")
    assert (await desk.queries.get(ANN, "prod")).status is ClusterStatus.ERROR


async def test_a_provided_cluster_is_given_once_and_moves_with_its_address(desk: Desk) -> None:
    draft = ClusterDraft(name="sandbox", server="http://one", labels={"flowcore.dev/sandbox": "true"})
    give = ProvideCluster(clusters=desk.add.clusters, add=desk.add, draft=draft)
    for user in (ANN, ANN, BOB):
        await give(user)
    await desk.add(ANN, PROD)
    moved = evolve(give, draft=evolve(draft, server="http://two"))
    await moved.refresh()
    assert {c.server for c in await desk.queries.list(ANN)} == {"https://k8s", "http://two"}
    assert (await desk.queries.get(BOB, "sandbox")).server == "http://two"
