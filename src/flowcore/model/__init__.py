"""The values everything else is about: frozen, compared by content, without behaviour beyond their invariants."""

from flowcore.model._accounts import Role, User
from flowcore.model._audit import ActorKind, AuditEntry, AuditResult
from flowcore.model._clusters import Cluster, ClusterStatus
from flowcore.model._codec import from_document, to_document
from flowcore.model._drawings import drawing_from_json, edge_to_json, edges_from_json, node_to_json, nodes_from_json
from flowcore.model._identity import LinkedIdentity, OAuthCode, OAuthState
from flowcore.model._imports import GitAccess, ImportSession, ImportStatus
from flowcore.model._leases import Lease
from flowcore.model._objects import Manifest, ObjectRef
from flowcore.model._plugins import PluginChoice
from flowcore.model._runs import FailurePolicy, NodePhase, NodeState, Run, RunOptions, RunStatus
from flowcore.model._sessions import Session
from flowcore.model._sharing import AccessRole, Grant, Membership, Shareable, Team
from flowcore.model._sign_up import Attempts, HouseCode, Invite
from flowcore.model._tokens import ApiToken
from flowcore.model._versions import Version
from flowcore.model._workflows import Edge, Node, Position, Workflow, WorkflowStatus

__all__ = [
    "AccessRole",
    "ActorKind",
    "ApiToken",
    "Attempts",
    "AuditEntry",
    "AuditResult",
    "Cluster",
    "ClusterStatus",
    "Edge",
    "FailurePolicy",
    "GitAccess",
    "Grant",
    "HouseCode",
    "ImportSession",
    "ImportStatus",
    "Invite",
    "Lease",
    "LinkedIdentity",
    "Manifest",
    "Membership",
    "Node",
    "NodePhase",
    "NodeState",
    "OAuthCode",
    "OAuthState",
    "ObjectRef",
    "PluginChoice",
    "Position",
    "Role",
    "Run",
    "RunOptions",
    "RunStatus",
    "Session",
    "Shareable",
    "Team",
    "User",
    "Version",
    "Workflow",
    "WorkflowStatus",
    "drawing_from_json",
    "edge_to_json",
    "edges_from_json",
    "from_document",
    "node_to_json",
    "nodes_from_json",
    "to_document",
]
