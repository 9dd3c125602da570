"""Clusters that applications are deployed to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from attrs import field, frozen


class ClusterStatus(StrEnum):
    """What the last connection test said."""

    UNKNOWN = "unknown"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    ERROR = "error"


@frozen(kw_only=True)
class Cluster:
    """A cluster that a user has registered.

    Attributes:
        name: unique among the owner's clusters; workflows refer to it.
        server: address of the API server.
        auth_type: kubeconfig, serviceaccount, token, certificate or oidc.
        credentials: encrypted credentials, opaque to the core; never shown.
        is_default: used by workflows that name no cluster.
        version: what the API server says of itself, like ``v1.37.0``; empty when unknown.
    """

    id: str
    owner_id: str
    name: str
    display_name: str = ""
    description: str = ""
    server: str = ""
    auth_type: str = "token"
    credentials: str = field(default="", repr=False)
    status: ClusterStatus = ClusterStatus.UNKNOWN
    is_default: bool = False
    single_node: bool = False
    labels: Mapping[str, str] = field(factory=dict)
    version: str = ""
    last_check: datetime | None = None
    created_at: datetime
    updated_at: datetime | None = None
    revision: int = 0
