"""Clusters: from the store to what can be asked for."""

from __future__ import annotations

from attrs import frozen

from entrypoints.bootstrap._ports import Ports
from flowcore.ports.storage import CLUSTERS
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.discovering import ListDefinitions
from flowcore.usecases.clusters.keeping import (
    AddCluster,
    DeleteCluster,
    ProvideCluster,
    SetDefaultCluster,
    TestCluster,
    UpdateCluster,
)
from flowcore.usecases.clusters.reading import ReadNamespace
from flowcore.usecases.clusters.targets import ClusterQueries


@frozen(kw_only=True)
class Clusters:
    """The use cases of clusters.

    Attributes:
        provide: gives users and teams the cluster that everybody is given; None where there is none.
    """

    provide: ProvideCluster | None
    add: AddCluster
    update: UpdateCluster
    queries: ClusterQueries
    set_default: SetDefaultCluster
    test: TestCluster
    delete: DeleteCluster
    list_definitions: ListDefinitions
    read_namespace: ReadNamespace


def wire_clusters(ports: Ports, authorizer: Authorizer) -> Clusters:
    """Put the use cases together."""
    kept, access, clock = ports.store.repository(CLUSTERS), ports.access, ports.clock
    add = AddCluster(authorizer=authorizer, clusters=kept, access=access, clock=clock, ids=ports.ids)
    queries = ClusterQueries(authorizer=authorizer)
    return Clusters(
        provide=ProvideCluster(clusters=kept, add=add, draft=ports.gift) if ports.gift is not None else None,
        add=add,
        update=UpdateCluster(authorizer=authorizer, clusters=kept, access=access, clock=clock),
        queries=queries,
        set_default=SetDefaultCluster(authorizer=authorizer, clusters=kept, clock=clock),
        test=TestCluster(authorizer=authorizer, clusters=kept, access=access, clock=clock),
        delete=DeleteCluster(authorizer=authorizer, clusters=kept),
        list_definitions=ListDefinitions(clusters=queries, access=access),
        read_namespace=ReadNamespace(access=access, catalogue=ports.catalogue),
    )
