"""Clusters through the official Kubernetes client."""

from adapters.kubernetes._clusters import AUTH_TYPES, KubernetesClusters, connect_kubeconfig
from adapters.kubernetes._connection import KubernetesConnection
from adapters.kubernetes._local import LocalClusters, chosen_context, local_server

__all__ = [
    "AUTH_TYPES",
    "KubernetesClusters",
    "KubernetesConnection",
    "LocalClusters",
    "chosen_context",
    "connect_kubeconfig",
    "local_server",
]
