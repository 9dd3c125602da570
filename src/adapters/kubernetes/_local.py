"""The clusters of the person at this machine: the contexts of their own kubeconfig."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from attrs import define
from kubernetes.aio.config import ConfigException, list_kube_config_contexts

from adapters.kubernetes._clusters import connect_kubeconfig
from flowcore.errors import InvalidInputError
from flowcore.model import Cluster
from flowcore.ports.cluster import ClusterConnection
from flowcore.ports.system import Clock

_SCHEME = "context:"


def local_server(context: str) -> str:
    """Return what ``Cluster.server`` says of a cluster that is a context of the local kubeconfig."""
    return f"{_SCHEME}{context}"


def chosen_context(name: str = "", path: str | None = None) -> str:
    """Return the name of a context of the kubeconfig, after making sure that it is there.

    Args:
        name: of the context; empty for the current one.
        path: the file; None for ``$KUBECONFIG`` or ``~/.kube/config``.

    Raises:
        InvalidInputError: there is no usable kubeconfig, it has no such context, or no current one.
    """
    try:
        contexts, active = list_kube_config_contexts(path or os.environ.get("KUBECONFIG") or "~/.kube/config")
        known = [str(context["name"]) for context in contexts]
        chosen = name or str(active["name"])
    except Exception as error:  # noqa: BLE001 - the loader lets through whatever goes wrong with a broken file
        # Its own texts name fields and files; those of other errors may quote what is in them.
        why = str(error) if isinstance(error, ConfigException) else "it cannot be read"
        raise InvalidInputError.of(
            f"there is no kubeconfig to deploy with: {why}",
            rule="kubeconfig-unusable",
            fix="use --sandbox, or set KUBECONFIG",
        ) from None
    if chosen not in known:
        raise InvalidInputError.of(
            f"the kubeconfig has no context {chosen!r}; it has {', '.join(sorted(known))}", rule="context-unknown"
        )
    return chosen


@define
class LocalClusters:
    """``Clusters`` whose credentials are the user's own kubeconfig; flowcore keeps none of them.

    Attributes:
        clock: waits between tries.
    """

    clock: Clock

    @asynccontextmanager
    async def connect(self, cluster: Cluster) -> AsyncIterator[ClusterConnection]:
        """Open a connection to the context that the cluster's ``server`` names; see the port."""
        context = cluster.server.removeprefix(_SCHEME)
        async with connect_kubeconfig(context=context, clock=self.clock) as connection:
            yield connection

    async def vet(self, cluster: Cluster) -> None:
        """Allow every cluster: people may reach from their own machine what they like."""

    def seal(self, cluster: Cluster, credentials: Mapping[str, str]) -> str:
        """Return nothing: the credentials stay in the kubeconfig."""
        return ""
