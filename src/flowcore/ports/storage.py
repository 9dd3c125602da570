"""Kept entities: one declaration per entity, one generic port for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from attrs import frozen

from flowcore.model import (
    ApiToken,
    Attempts,
    AuditEntry,
    Cluster,
    GitAccess,
    Grant,
    HouseCode,
    ImportSession,
    Invite,
    Lease,
    LinkedIdentity,
    Membership,
    OAuthCode,
    OAuthState,
    PluginChoice,
    Run,
    Session,
    Team,
    User,
    Version,
    Workflow,
)

E = TypeVar("E")


@frozen(kw_only=True)
class Entity(Generic[E]):
    """How an entity is kept; a backend makes a table or a collection from it.

    Every entity type has a ``str`` field ``id`` and an ``int`` field ``revision``.

    Attributes:
        name: name of the table or collection.
        type: the attrs class.
        unique: groups of fields whose values together occur once.
        indexes: groups of fields that ``find`` filters or sorts by.
        expires: field with the moment after which the backend may forget the entity; empty for never.
        append_only: what was added is never changed nor removed; it ends by expiring, or not at all.
    """

    name: str
    type: type[E]
    unique: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    expires: str = ""
    append_only: bool = False


@frozen(kw_only=True)
class Between:
    """A condition on a field: its value is not absent, and lies in a range. Text is compared by code points.

    Attributes:
        low: the value is this one or above; None for no such limit.
        high: the value is below this one; None for no such limit.
    """

    low: Any = None
    high: Any = None


def beginning_with(text: str) -> Between:
    """Return the condition that a text begins with *text*."""
    stem = text.rstrip(chr(0x10FFFF))
    if not stem:
        return Between(low=text)
    following = ord(stem[-1]) + 1
    # Between these two lie the halves of surrogate pairs, which are no characters.
    after = chr(0xE000 if following == 0xD800 else following)
    return Between(low=text, high=stem[:-1] + after)


WORKFLOWS = Entity(name="workflows", type=Workflow, indexes=(("owner_id", "updated_at"),))
VERSIONS = Entity(
    name="workflow_versions", type=Version, unique=(("workflow_id", "number"),), indexes=(("run_status",),)
)
RUNS = Entity(name="workflow_runs", type=Run, indexes=(("workflow_id", "started_at"), ("status",)))
USERS = Entity(name="users", type=User, unique=(("email_key",),))
CLUSTERS = Entity(name="clusters", type=Cluster, unique=(("owner_id", "name"),))
LEASES = Entity(name="leases", type=Lease)
PLUGIN_CHOICES = Entity(name="user_plugins", type=PluginChoice, unique=(("user_id", "plugin_id"),))
IDENTITIES = Entity(name="identities", type=LinkedIdentity, unique=(("provider", "subject"),), indexes=(("user_id",),))
OAUTH_STATES = Entity(name="oauth_states", type=OAuthState, expires="expires_at")
OAUTH_CODES = Entity(name="oauth_codes", type=OAuthCode, expires="expires_at")
IMPORT_SESSIONS = Entity(
    name="import_sessions",
    type=ImportSession,
    indexes=(("owner_id", "created_at"), ("status",)),
    expires="expires_at",
)
GIT_ACCESSES = Entity(name="git_accesses", type=GitAccess, unique=(("owner_id", "host"),))
API_TOKENS = Entity(name="api_tokens", type=ApiToken, unique=(("digest",),), indexes=(("user_id", "created_at"),))

SESSIONS = Entity(name="sessions", type=Session, indexes=(("user_id", "last_used_at"),), expires="expires_at")
TEAMS = Entity(name="teams", type=Team)
MEMBERSHIPS = Entity(name="memberships", type=Membership, unique=(("team_id", "user_id"),), indexes=(("user_id",),))
GRANTS = Entity(
    name="grants", type=Grant, unique=(("resource_id", "grantee_id"),), indexes=(("grantee_id",),), expires="expires_at"
)
AUDIT_LOG = Entity(
    name="audit_log",
    type=AuditEntry,
    indexes=(
        ("actor_id", "id"),
        ("actor_email", "id"),
        ("action", "id"),
        ("target_id", "id"),
        ("target_name", "id"),
        ("result", "id"),
        ("at",),
    ),
    expires="expires_at",
    append_only=True,
)
INVITES = Entity(name="invites", type=Invite, unique=(("digest",),), expires="expires_at")
HOUSE_CODES = Entity(name="house_codes", type=HouseCode)
ATTEMPTS = Entity(name="attempts", type=Attempts, indexes=(("subject",),), expires="expires_at")

#: Every entity of the system; a backend opens one repository for each.
ENTITIES: tuple[Entity[Any], ...] = (
    WORKFLOWS,
    VERSIONS,
    RUNS,
    USERS,
    CLUSTERS,
    LEASES,
    PLUGIN_CHOICES,
    IDENTITIES,
    OAUTH_STATES,
    OAUTH_CODES,
    IMPORT_SESSIONS,
    GIT_ACCESSES,
    API_TOKENS,
    SESSIONS,
    TEAMS,
    MEMBERSHIPS,
    GRANTS,
    AUDIT_LOG,
    INVITES,
    HOUSE_CODES,
    ATTEMPTS,
)


class Repository(Protocol[E]):
    """A set of entities of one kind. What was stored is what is read back, equal by value.

    Every method raises UnavailableError when the store does not answer. ``replace`` and ``remove`` raise ForbiddenError
    (code ``<name>.append_only``) where the entity is declared so.
    """

    async def add(self, entity: E) -> E:
        """Store a new entity and return it with revision 1.

        Raises:
            ConflictError: its id or a unique group is taken (code ``<name>.exists``); nothing was stored.
        """
        ...

    async def get(self, entity_id: str) -> E:
        """Return the entity.

        Raises:
            NotFoundError: there is none (code ``<name>.not_found``).
        """
        ...

    async def replace(self, entity: E) -> E:
        """Store a changed entity in one atomic step and return it with the next revision.

        Raises:
            NotFoundError: there is none.
            ConflictError: the stored revision is another than the entity's (code ``<name>.stale``), or a unique group
                is taken by another entity (code ``<name>.exists``); nothing was changed.
        """
        ...

    async def remove(self, entity_id: str) -> bool:
        """Forget the entity; say whether there was one."""
        ...

    async def find(
        self,
        where: Mapping[str, Any],
        *,
        order_by: Sequence[str] = (),
        limit: int = 0,
        offset: int = 0,
    ) -> list[E]:
        """Return the entities whose fields equal *where*.

        Args:
            where: value by top-level field; a tuple means any of its values; None means absent; ``Between`` means any
                value of that range.
            order_by: fields to sort by, a leading ``-`` means descending; then by id, ascending.
            limit: at most this many; 0 means all.
            offset: leave out this many from the front.
        """
        ...

    async def count(self, where: Mapping[str, Any]) -> int:
        """Return how many entities match, with the meaning of ``find``."""
        ...


class Store(Protocol):
    """One open backend."""

    def repository(self, entity: Entity[E]) -> Repository[E]:
        """Return the repository of an entity; the same backend gives the same data however often it is asked."""
        ...

    async def ping(self) -> None:
        """Say that the backend answers.

        Raises:
            UnavailableError: it does not.
        """
        ...
