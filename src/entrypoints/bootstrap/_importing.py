"""Imports: everything that brings applications in, and the way to Git repositories."""

from __future__ import annotations

import os

from attrs import frozen

from adapters.git import GitProcesses
from entrypoints.bootstrap._drawings import Workflows
from entrypoints.bootstrap._ports import Ports
from entrypoints.settings import Settings
from flowcore.ports.git import GitSource
from flowcore.ports.network import AddressGuard
from flowcore.ports.storage import GIT_ACCESSES, IMPORT_SESSIONS
from flowcore.usecases.access import Authorizer
from flowcore.usecases.imports.analyzing import AnalyzeCompose
from flowcore.usecases.imports.git_credentials import GitCredentials
from flowcore.usecases.imports.importing import ImportExecutor
from flowcore.usecases.imports.merging import ApplyImport, CreateFromImport, PreviewImport
from flowcore.usecases.imports.repositories import AnalyzeRepository
from flowcore.usecases.imports.sessions import EndImport, ImportQueries, StartImport


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


def wire_imports(ports: Ports, settings: Settings, authorizer: Authorizer, workflows: Workflows) -> Imports:
    """Put the use cases of imports together; nothing starts."""
    store, clock, ids, catalogue = ports.store, ports.clock, ports.ids, ports.catalogue
    create, save = workflows.create, workflows.save
    sessions = store.repository(IMPORT_SESSIONS)
    credentials = GitCredentials(kept=store.repository(GIT_ACCESSES), cipher=ports.cipher, clock=clock, ids=ids)
    executor = ImportExecutor(analyze=AnalyzeRepository(git=ports.git), sessions=sessions, feed=ports.feed, clock=clock)
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
