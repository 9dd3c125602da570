"""Imports on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from entrypoints.http.analysis_shapes import AnalysisOut
from entrypoints.http.errors import problems_of
from entrypoints.http.workflow_shapes import WorkflowOut
from flowcore.model import ImportSession, ImportStatus
from flowcore.usecases.imports.analyzing import Analysis, Wishes
from flowcore.usecases.imports.merging import Applied


class OptionsIn(msgspec.Struct, rename="camel"):
    """How an application is to be read."""

    namespace: str = ""
    name: str = ""
    variables: dict[str, str] = {}
    profiles: list[str] = []
    expose: str = "loadbalancer"
    binds: str = "emptydir"
    networks: str = "ignore"

    def wishes(self, *, name: str = "") -> Wishes:
        """Translate the options; *name* is for projects that get none."""
        return Wishes(
            name=self.name or name,
            namespace=self.namespace,
            variables=self.variables,
            profiles=tuple(self.profiles),
            expose=self.expose,
            binds=self.binds,
            networks=self.networks,
        )


class CredentialIn(msgspec.Struct):
    """What the caller typed for the repository's host; used once and stored nowhere."""

    secret: str
    username: str = ""


class AnalyzeIn(OptionsIn, rename="camel"):
    """What an analysis takes: a file in base64 with ``source`` ``file``, else the URL of a repository."""

    source: str = "file"
    file_content: str = ""
    file_name: str = ""
    url: str = ""
    branch: str = ""
    ref: str = ""
    path: str = ""
    compose_file: str = ""
    credential: CredentialIn | None = None


class AgainIn(OptionsIn, rename="camel"):
    """What looking again at a session's commit takes."""

    compose_file: str = ""
    credential: CredentialIn | None = None


class AnalyzedOut(msgspec.Struct, rename={"is_async": "async"}):
    """The answer to an analysis that is done at once."""

    is_async: bool
    analysis: AnalysisOut


class StartedOut(msgspec.Struct, rename={"is_async": "async", "session_id": "sessionId"}):
    """The answer to an analysis that goes on in the background, as a session."""

    is_async: bool
    session_id: str
    message: str


class SessionOut(msgspec.Struct, rename="camel"):
    """An import session."""

    id: str
    user_id: str
    source: str
    url: str
    branch: str
    commit: str
    namespace: str
    status: str
    current_stage: str
    progress: int
    candidates: list[dict[str, Any]]
    needs_choice: bool
    analysis: AnalysisOut | None
    error_code: str
    error_message: str
    error_stage: str
    created_at: datetime
    completed_at: datetime | None
    expires_at: datetime

    @classmethod
    def of(cls, session: ImportSession, analysis: Analysis | None) -> SessionOut:
        """Translate a session with its analysis."""
        wishes: Mapping[str, Any] = session.order.get("wishes") or {}
        is_open = session.status is ImportStatus.COMPLETED and session.analysis is None
        return cls(
            id=session.id,
            user_id=session.owner_id,
            source=session.source,
            url=session.url,
            branch=session.ref,
            commit=session.commit,
            namespace=str(wishes.get("namespace") or "default"),
            status=str(session.status),
            current_stage=session.stage,
            progress=session.progress,
            candidates=[_candidate(candidate) for candidate in session.candidates],
            needs_choice=is_open,
            analysis=AnalysisOut.of(analysis, url=session.url, ref=session.ref) if analysis is not None else None,
            error_code=_code(session.error_code),
            error_message=session.error_message,
            error_stage=session.error_stage,
            created_at=session.created_at,
            completed_at=session.completed_at,
            expires_at=session.expires_at,
        )


class SessionAnswer(msgspec.Struct):
    """The answer to a look at a session."""

    session: SessionOut


class SessionsAnswer(msgspec.Struct):
    """The answer to a look at all of one's sessions."""

    sessions: list[SessionOut]


class UploadedOut(msgspec.Struct, rename="camel"):
    """The answer to an uploaded file."""

    analysis: AnalysisOut
    file_name: str
    file_size: int
    file_content: str


class ImportedOut(msgspec.Struct):
    """The answer to a workflow made of an import."""

    workflow: WorkflowOut
    message: str


class AppliedOut(msgspec.Struct, rename="camel"):
    """What became, or would become, of each node; ids are those of the workflow.

    ``kept`` names the fields in which a node differs from the import; ``renamed`` gives names in the cluster.
    """

    workflow: WorkflowOut
    message: str
    added: Sequence[str]
    unchanged: Sequence[str]
    replaced: Sequence[str]
    kept: dict[str, list[str]]
    renamed: dict[str, str]
    gone: Sequence[str]
    node_ids: dict[str, str]
    findings: list[dict[str, Any]]

    @classmethod
    def of(cls, applied: Applied, message: str) -> AppliedOut:
        """Translate the outcome."""
        merged = applied.merged
        return cls(
            workflow=WorkflowOut.of(applied.workflow),
            message=message,
            added=merged.added,
            unchanged=merged.unchanged,
            replaced=merged.replaced,
            kept={node_id: list(fields) for node_id, fields in merged.kept.items()},
            renamed=dict(merged.renamed),
            gone=merged.gone,
            node_ids=dict(merged.ids),
            findings=problems_of(merged.findings),
        )


def _code(code: str) -> str:
    """Return the contract's word for an error's code; our own where it has none."""
    exact = {
        "git.url_invalid": "INVALID_URL",
        "import.nothing_found": "NIXPACKS_DETECTION_FAILED",
        "import.file_not_found": "FILE_NOT_FOUND",
        "files.not_found": "FILE_NOT_FOUND",
        "compose.invalid": "INVALID_COMPOSE_SYNTAX",
    }
    return exact.get(code) or ("GIT_CLONE_FAILED" if code.startswith(("git.", "network.")) else code)


def _candidate(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "path": document.get("path"),
        "overrides": list(document.get("overrides") or ()),
        "variants": list(document.get("variants") or ()),
        "isDefault": bool(document.get("is_default")),
    }
