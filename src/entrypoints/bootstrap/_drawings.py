"""Workflows and their versions: from the store to what can be asked for."""

from __future__ import annotations

from attrs import frozen

from entrypoints.bootstrap._ports import Ports
from flowcore.ports.storage import PLUGIN_CHOICES, WORKFLOWS
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.drawings.plugins import Plugins
from flowcore.usecases.drawings.versions import CreateVersion, DescribeVersion, History, RestoreVersion, VersionQueries
from flowcore.usecases.drawings.workflows import (
    CloneWorkflow,
    CreateWorkflow,
    DeleteWorkflow,
    SaveWorkflow,
    WorkflowQueries,
)
from flowcore.usecases.runs.previewing import ValidateWorkflow


@frozen(kw_only=True)
class Workflows:
    """The use cases of workflows."""

    create: CreateWorkflow
    queries: WorkflowQueries
    save: SaveWorkflow
    clone: CloneWorkflow
    delete: DeleteWorkflow
    validate: ValidateWorkflow


@frozen(kw_only=True)
class Versions:
    """The use cases of versions."""

    queries: VersionQueries
    create: CreateVersion
    describe: DescribeVersion
    restore: RestoreVersion


def wire_workflows(ports: Ports, authorizer: Authorizer, targets: ClusterQueries) -> Workflows:
    """Put the use cases of workflows together."""
    drawn, clock = ports.store.repository(WORKFLOWS), ports.clock
    create = CreateWorkflow(authorizer=authorizer, workflows=drawn, clock=clock, ids=ports.ids)
    return Workflows(
        create=create,
        queries=WorkflowQueries(authorizer=authorizer),
        save=SaveWorkflow(authorizer=authorizer, targets=targets, workflows=drawn, clock=clock),
        clone=CloneWorkflow(authorizer=authorizer, create=create),
        delete=DeleteWorkflow(authorizer=authorizer, workflows=drawn, clock=clock),
        validate=ValidateWorkflow(authorizer=authorizer, catalogue=ports.catalogue),
    )


def wire_versions(ports: Ports, authorizer: Authorizer, history: History) -> Versions:
    """Put the use cases of versions together."""
    drawn, clock, ids = ports.store.repository(WORKFLOWS), ports.clock, ports.ids
    return Versions(
        queries=VersionQueries(authorizer=authorizer, history=history),
        create=CreateVersion(authorizer=authorizer, workflows=drawn, history=history, clock=clock, ids=ids),
        describe=DescribeVersion(authorizer=authorizer, history=history),
        restore=RestoreVersion(authorizer=authorizer, workflows=drawn, history=history, clock=clock, ids=ids),
    )


def wire_plugins(ports: Ports) -> Plugins:
    """Put the choice of plugins together."""
    choices = ports.store.repository(PLUGIN_CHOICES)
    return Plugins(choices=choices, catalogue=ports.catalogue, clock=ports.clock, ids=ports.ids)
