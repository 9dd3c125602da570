"""Where secrets are kept sealed: one declaration per field, for who seals, who opens, and who seals anew."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from attrs import frozen

from flowcore.ports.storage import CLUSTERS, GIT_ACCESSES, HOUSE_CODES, Entity

E = TypeVar("E")


@frozen(kw_only=True)
class SealedField(Generic[E]):
    """A field of an entity that holds a text of ``SecretCipher``, or nothing.

    Attributes:
        entity: whose field it is.
        name: of the field.
        owner: first part of the context that the text is bound to.
    """

    entity: Entity[E]
    name: str
    owner: str

    def context(self, entity_id: str) -> str:
        """Return what the text is bound to, like ``cluster:<id>``: moved to another record it cannot be opened."""
        return f"{self.owner}:{entity_id}"


CLUSTER_CREDENTIALS = SealedField(entity=CLUSTERS, name="credentials", owner="cluster")
GIT_SECRETS = SealedField(entity=GIT_ACCESSES, name="secret", owner="git")
HOUSE_CODE = SealedField(entity=HOUSE_CODES, name="code", owner="invite")

#: Every field that holds sealed texts; one that is missing here is lost with the key that it was sealed with.
SEALED_FIELDS: tuple[SealedField[Any], ...] = (CLUSTER_CREDENTIALS, GIT_SECRETS, HOUSE_CODE)
