"""Ways into clusters: registered ones with sealed credentials, and the user's own kubeconfig."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from attrs import define, field
from kubernetes.aio.client import ApiClient
from kubernetes.aio.config import ConfigException, load_kube_config

from adapters.kubernetes._access import Access, client_of, new_configuration, started
from adapters.kubernetes._backoff import Jitter, system_jitter
from adapters.kubernetes._connection import KubernetesConnection
from adapters.kubernetes._credentials import KNOWN, Problems, simple_access
from adapters.kubernetes._kubeconfig import kubeconfig_access
from adapters.kubernetes._sockets import open_route
from adapters.kubernetes._transport import Transport
from flowcore.errors import ForbiddenError, InvalidInputError, UnavailableError
from flowcore.model import Cluster
from flowcore.ports.cluster import ClusterConnection, RejectedError
from flowcore.ports.network import AddressGuard
from flowcore.ports.sealed import CLUSTER_CREDENTIALS
from flowcore.ports.security import SecretCipher
from flowcore.ports.system import Clock

AUTH_TYPES = ("token", "serviceaccount", "certificate", "kubeconfig")


@define
class KubernetesClusters:
    """``Clusters`` through the official Kubernetes client.

    Attributes:
        cipher: seals credentials, bound to ``cluster:<id>``.
        clock: waits between tries.
        jitter: spreads those waits.
        guard: says where registered clusters may be; None for anywhere.
        verifies_tls: refuse clusters whose certificate would not be verified.
    """

    cipher: SecretCipher
    clock: Clock
    jitter: Jitter = field(default=system_jitter, kw_only=True)
    guard: AddressGuard | None = field(default=None, kw_only=True)
    verifies_tls: bool = field(default=False, kw_only=True)

    @asynccontextmanager
    async def connect(self, cluster: Cluster) -> AsyncIterator[ClusterConnection]:
        """Open a connection and ask the server once, to know that it answers; see the port."""
        access = self._checked(cluster, self._unsealed(cluster))
        route = None if self.guard is None else await open_route(self.guard, self.clock, access.server)
        async with _connected(client_of(access, route), access.namespace, self.clock, self.jitter) as connection:
            yield connection

    async def vet(self, cluster: Cluster) -> None:
        """Refuse a cluster that is where users' clusters may not be; see the port."""
        if self.guard is None:
            return
        path, server = "server", cluster.server
        if cluster.auth_type == "kubeconfig":
            path, server = "kubeconfig.cluster.server", _access(cluster, self._unsealed(cluster)).server
        try:
            await open_route(self.guard, self.clock, server)
        except UnavailableError:
            return
        except (ForbiddenError, InvalidInputError) as error:
            raise InvalidInputError.of(error.message, rule="cluster-address", path=path, code=error.code) from None

    def seal(self, cluster: Cluster, credentials: Mapping[str, str]) -> str:
        """Return credentials encrypted, after checking that they can be used; see the port.

        Args:
            cluster: whose they are; its ``auth_type`` and ``server`` say what is needed.
            credentials: by the names of the wire: ``token``, ``caData``, ``clientCertData``, ``clientKeyData``,
                ``kubeconfig``, ``context``, ``namespace``, ``insecure``. Certificates and keys are PEM or its base64.
        """
        given = {name: value for name, value in credentials.items() if value}
        problems = Problems()
        for name in sorted(given.keys() - set(KNOWN)):
            problems.add(f"credentials.{name}", "it is not understood", fix=f"use {', '.join(KNOWN)}")
        problems.stop()
        self._checked(cluster, given)
        return self.cipher.encrypt(json.dumps(given), context=CLUSTER_CREDENTIALS.context(cluster.id))

    def _checked(self, cluster: Cluster, credentials: Mapping[str, str]) -> Access:
        access = _access(cluster, credentials)
        if access.is_insecure and self.verifies_tls:
            in_kubeconfig = cluster.auth_type == "kubeconfig"
            raise InvalidInputError.of(
                "this service connects to no cluster whose certificate it does not verify",
                rule="cluster-unverified-tls",
                path="kubeconfig.cluster.insecure-skip-tls-verify" if in_kubeconfig else "credentials.insecure",
                code="cluster.unverified_tls",
                fix="give the certificate of the cluster's authority instead",
            )
        return access

    def _unsealed(self, cluster: Cluster) -> Mapping[str, str]:
        context = CLUSTER_CREDENTIALS.context(cluster.id)
        credentials: dict[str, str] = json.loads(self.cipher.decrypt(cluster.credentials, context=context))
        return credentials


@asynccontextmanager
async def connect_kubeconfig(
    path: str | None = None, context: str | None = None, *, clock: Clock, jitter: Jitter = system_jitter
) -> AsyncIterator[ClusterConnection]:
    """Open a connection with a kubeconfig of the person at this machine; what it says is trusted and may run commands.

    Args:
        path: the file; None for ``$KUBECONFIG`` or ``~/.kube/config``.
        context: one of its contexts; None for the current one.
        clock: waits between tries.
        jitter: spreads those waits.

    Raises:
        InvalidInputError: the file or the context cannot be used.
        UnavailableError: the cluster does not answer.
    """
    configuration = new_configuration()
    try:
        # The client's own default is fixed when it is imported.
        path = path or os.environ.get("KUBECONFIG") or "~/.kube/config"
        loader = await load_kube_config(path, context, client_configuration=configuration, persist_config=False)
        chosen = loader.current_context["context"]
        client = started(configuration)
    except Exception as error:  # noqa: BLE001 - the loader lets through whatever goes wrong with a broken file
        # Its own texts name fields and files; those of other errors may quote what is in them.
        why = str(error) if isinstance(error, ConfigException) else "it cannot be read"
        raise InvalidInputError.of(
            f"the kubeconfig cannot be used: {why}",
            rule="kubeconfig-unusable",
            path="kubeconfig",
            code="cluster.kubeconfig",
            fix="try: kubectl config view",
        ) from None
    async with _connected(client, str(chosen.get("namespace") or "default"), clock, jitter) as connection:
        yield connection


@asynccontextmanager
async def _connected(
    client: ApiClient, namespace: str, clock: Clock, jitter: Jitter
) -> AsyncIterator[KubernetesConnection]:
    transport = Transport(client, clock, jitter=jitter)
    connection = KubernetesConnection(transport, namespace)
    try:
        # A refusal is an answer too: some clusters tell their version to nobody.
        with suppress(ForbiddenError, RejectedError):
            await connection.version()
        yield connection
    finally:
        await transport.close()


def _access(cluster: Cluster, credentials: Mapping[str, str]) -> Access:
    if cluster.auth_type == "kubeconfig":
        return kubeconfig_access(credentials.get("kubeconfig", ""), credentials.get("context", ""))
    if cluster.auth_type in AUTH_TYPES:
        return simple_access(cluster.auth_type, cluster.server, credentials)
    raise InvalidInputError.of(
        f'the sign-in "{cluster.auth_type}" is not supported',
        rule="auth-type-unknown",
        path="authType",
        code="cluster.auth_type",
        fix=f"use one of {', '.join(AUTH_TYPES)}",
    )
