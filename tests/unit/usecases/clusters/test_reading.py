"""Reading what lives in a namespace."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from attrs import evolve

from flowcore.errors import ForbiddenError, UnavailableError
from flowcore.kinds import core_catalogue
from flowcore.model import Cluster, Manifest
from flowcore.ports.cluster import RejectedError, Selection
from flowcore.usecases.clusters.reading import ReadNamespace
from tests.doubles import START
from tests.doubles_cluster import PlayedCluster, PlayedClusters

pytestmark = pytest.mark.anyio

CLUSTER = Cluster(id="c" * 24, name="prod", owner_id="a" * 24, server="https://k8s", created_at=START)


class GuardedCluster(PlayedCluster):
    """A cluster that does not show, or does not know, some kinds; its lists name no types, like the API's."""

    def __init__(self, errors: Mapping[str, Exception]) -> None:
        super().__init__()
        self.errors = errors

    async def list(self, selection: Selection) -> list[Manifest]:
        """Return objects without their types."""
        if selection.kind in self.errors:
            raise self.errors[selection.kind]
        found = await super().list(selection)
        return [{key: value for key, value in one.items() if key not in ("apiVersion", "kind")} for one in found]


def config(name: str, namespace: str = "shop", **labels: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
    }


async def test_objects_of_the_namespace_come_with_their_types() -> None:
    cluster = GuardedCluster({})
    for one in (config("a", team="web"), config("b"), config("c", namespace="other")):
        await cluster.apply(one)
    read = ReadNamespace(access=PlayedClusters(cluster), catalogue=core_catalogue())
    live = await read(CLUSTER, "shop")
    assert [(one["apiVersion"], one["kind"], one["metadata"]["name"]) for one in live.objects] == [
        ("v1", "ConfigMap", "a"),
        ("v1", "ConfigMap", "b"),
    ]
    labelled = await read(CLUSTER, "shop", {"team": "web"})
    assert [one["metadata"]["name"] for one in labelled.objects] == ["a"]


async def test_kinds_that_may_not_be_listed_are_named_and_unknown_ones_are_nothing() -> None:
    cluster = GuardedCluster({"Secret": ForbiddenError("no"), "HorizontalPodAutoscaler": RejectedError("unknown kind")})
    await cluster.apply(config("a"))
    live = await ReadNamespace(access=PlayedClusters(cluster), catalogue=core_catalogue())(CLUSTER, "shop")
    assert [one["metadata"]["name"] for one in live.objects] == ["a"]
    assert live.unread == ("Secret",)


async def test_a_cluster_that_does_not_answer_says_so() -> None:
    cluster = PlayedCluster()
    cluster.is_down = True
    read = ReadNamespace(access=PlayedClusters(cluster), catalogue=core_catalogue())
    with pytest.raises(UnavailableError):
        await read(evolve(CLUSTER, name="down"), "shop")
