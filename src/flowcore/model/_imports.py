"""Imports from Git repositories, and the credentials for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import field, frozen


class ImportStatus(StrEnum):
    """Where an import stands; the last two are final."""

    PENDING = "pending"
    CLONING = "cloning"
    ANALYZING = "analyzing"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen."""
        return self in (ImportStatus.COMPLETED, ImportStatus.FAILED)


@frozen(kw_only=True)
class ImportSession:
    """One look at a repository, for its owner. Values of secrets are not in it; what variables put
    into plain fields of the drawing is.

    Attributes:
        source: the word of the request: ``github``, ``gitlab`` or ``git_url``.
        url: what is cloned, without credentials.
        order: the rest of what was asked for, without values of variables.
        stage: what is done, for people.
        progress: percent.
        candidates: the Compose files of the repository; where there are several, somebody must choose.
        analysis: what the application would become, as a document; None until it is completed or when the choice
            is open.
        error_stage: ``clone``, ``analyze`` or ``convert``.
        deadline: moment after which it has failed, whoever worked on it.
        expires_at: moment after which it may be forgotten.
    """

    id: str
    owner_id: str
    source: str
    url: str
    ref: str = ""
    commit: str = ""
    order: Mapping[str, Any] = field(factory=dict)
    status: ImportStatus = ImportStatus.PENDING
    stage: str = ""
    progress: int = 0
    candidates: tuple[Mapping[str, Any], ...] = ()
    analysis: Mapping[str, Any] | None = field(default=None, repr=False)
    error_code: str = ""
    error_message: str = ""
    error_stage: str = ""
    created_at: datetime
    completed_at: datetime | None = None
    deadline: datetime
    expires_at: datetime
    revision: int = 0


@frozen(kw_only=True)
class GitAccess:
    """What a user's imports show to one Git host, and to no other.

    Attributes:
        host: exact, in lower case, with the port where it is not the scheme's own.
        secret: password or token, encrypted and bound to this record.
    """

    id: str
    owner_id: str
    host: str
    username: str
    secret: str = field(repr=False)
    created_at: datetime
    updated_at: datetime | None = None
    revision: int = 0
