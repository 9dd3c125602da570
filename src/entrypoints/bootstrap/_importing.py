"""Imports: everything that brings applications in, and the way to Git repositories."""

from __future__ import annotations

import os

from attrs import frozen

from adapters.git import GitProcesses
from entrypoints.settings import Settings
from flowcore.kinds import Catalogue
from flowcore.ports.events import EventFeed
from flowcore.ports.git import GitSource
from flowcore.ports.network import AddressGuard
from flowcore.ports.security import SecretCipher
from flowcore.ports.storage import GIT_ACCESSES, IMPORT_SESSIONS, Store
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases.access import Authorizer
from flowcore.usecases.git_credentials import GitCredentials
from flowcore.usecases.import_merging import ApplyImport, CreateFromImport, PreviewImport
from flowcore.usecases.import_sessions import EndImport, ImportQueries, StartImport
from flowcore.usecases.importing import ImportExecutor
from flowcore.usecases.imports import AnalyzeCompose
from flowcore.usecases.repositories import AnalyzeRepository
from flowcore.usecases.workflows import CreateWorkflow, SaveWorkflow


@frozen(kw_only=True)
class Imports:
    """The use cases of imports."""

    analyze: AnalyzeCompose
    executor: ImportExecutor
    start: StartImport
    queries: ImportQueries
    end: EndImport
    create: CreateFromImport
    preview: PreviewImport
    apply: ApplyImport
    credentials: GitCredentials


def open_git(settings: Settings, guard: AddressGuard) -> GitSource:
    """Return the way to Git repositories; nothing is started yet."""
    ca_file = str(settings.git_ca_file) if settings.git_ca_file is not None else ""
    known_hosts = str(settings.git_known_hosts) if settings.git_known_hosts is not None else os.devnull
    return GitProcesses(guard=guard, schemes=settings.git_schemes, ca_file=ca_file, known_hosts=known_hosts)


def wire_imports(
    store: Store,
    settings: Settings,
    *,
    authorizer: Authorizer,
    git: GitSource,
    cipher: SecretCipher,
    feed: EventFeed,
    clock: Clock,
    ids: IdSource,
    catalogue: Catalogue,
    create: CreateWorkflow,
    save: SaveWorkflow,
) -> Imports:
    """Put the use cases of imports together; nothing starts."""
    sessions = store.repository(IMPORT_SESSIONS)
    credentials = GitCredentials(kept=store.repository(GIT_ACCESSES), cipher=cipher, clock=clock, ids=ids)
    executor = ImportExecutor(analyze=AnalyzeRepository(git=git), sessions=sessions, feed=feed, clock=clock)
    queries = ImportQueries(sessions=sessions, executor=executor)
    return Imports(
        analyze=AnalyzeCompose(),
        executor=executor,
        start=StartImport(
            sessions=sessions,
            credentials=credentials,
            executor=executor,
            clock=clock,
            ids=ids,
            timeout=settings.import_timeout,
            keep=settings.import_keep,
        ),
        queries=queries,
        end=EndImport(queries=queries, executor=executor),
        create=CreateFromImport(create=create, targets=save.targets),
        preview=PreviewImport(authorizer=authorizer, catalogue=catalogue),
        apply=ApplyImport(authorizer=authorizer, catalogue=catalogue, save=save),
        credentials=credentials,
    )
