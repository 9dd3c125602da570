"""Runs: start, list, show, cancel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.access import needs
from entrypoints.http.auditing import audited, tell_details
from entrypoints.http.ids import checked_id, clamped
from entrypoints.http.workflow_shapes import RunOut
from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.model import FailurePolicy, RunOptions, User
from flowcore.policy import Scope
from flowcore.usecases.runs.preparing import GivenValues
from flowcore.usecases.runs.running import RunRequest

_Values = dict[str, dict[str, Any]]


class TriggerIn(msgspec.Struct, rename="camel"):
    """Values for this run only, by node id; they are stored nowhere."""

    secrets: _Values = {}
    env_vars: _Values = {}


class RunIn(msgspec.Struct):
    """How to run; every part has a default.

    ``timeout`` is in seconds; ``on_failure`` is ``stop`` or ``rollback``; ``missing_secrets`` is ``refuse`` or
    ``generate``.
    """

    trigger_data: TriggerIn | None = None
    timeout: float | None = None
    on_failure: str = "stop"
    missing_secrets: str = "refuse"
    prune: bool = True
    prune_claims: bool = False
    force: bool = False


class RunStartedOut(msgspec.Struct):
    """The answer to a run that has begun; it goes on in the background."""

    message: str
    run_id: str
    status: str
    version: int
    logs: list[str]


class RunsOut(msgspec.Struct):
    """Runs, newest first."""

    runs: list[RunOut]


class RunSaid(msgspec.Struct):
    """The answer to what was asked of a run."""

    message: str
    run: RunOut


@post("/workflows/{workflow_id:str}/run", status_code=200, opt=needs(Scope.DEPLOY) | audited("workflow.run"))
async def start(
    workflow_id: FromPath[str],
    user: NamedDependency[User],
    app: NamedDependency[App],
    data: JSONBody[RunIn | None] = None,
) -> RunStartedOut:
    """Deploy a published workflow; the body may be missing."""
    request = _request(data or RunIn(), app.settings.run_timeout)
    run = await app.runs.start(user, checked_id(workflow_id, "workflow"), request)
    tell_details(run=run.id, version=run.version)
    return RunStartedOut("Workflow execution started", run.id, str(run.status), run.version, list(run.logs))


@get("/workflows/{workflow_id:str}/runs")
async def list_all(
    workflow_id: FromPath[str],
    user: NamedDependency[User],
    app: NamedDependency[App],
    limit: FromQuery[int | None] = None,
) -> RunsOut:
    """List the newest runs of a workflow."""
    size = clamped(limit, low=1, high=100, default=10)
    found = await app.runs.queries.list(user, checked_id(workflow_id, "workflow"), limit=size)
    return RunsOut([RunOut.of(run) for run in found])


@get("/workflows/{workflow_id:str}/runs/{run_id:str}")
async def show(
    workflow_id: FromPath[str], run_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]
) -> RunOut:
    """Show a run."""
    found = await app.runs.queries.get(user, checked_id(workflow_id, "workflow"), checked_id(run_id, "run"))
    return RunOut.of(found)


@post(
    "/workflows/{workflow_id:str}/runs/{run_id:str}/cancel",
    status_code=200,
    opt=needs(Scope.DEPLOY) | audited("run.cancel"),
)
async def cancel(
    workflow_id: FromPath[str], run_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]
) -> RunSaid:
    """Ask a run to stop; what is applied stays."""
    run = await app.runs.cancel(user, checked_id(workflow_id, "workflow"), checked_id(run_id, "run"))
    return RunSaid("Run is being cancelled", RunOut.of(run))


def _request(asked: RunIn, timeout: float) -> RunRequest:
    findings: list[Finding] = []
    trigger = asked.trigger_data or TriggerIn()
    given = GivenValues(
        secrets=_texts(trigger.secrets, "secrets", findings), env=_texts(trigger.env_vars, "envVars", findings)
    )
    if asked.on_failure not in tuple(FailurePolicy):
        findings.append(_wrong("on_failure", "must be stop or rollback"))
    if asked.missing_secrets not in ("refuse", "generate"):
        findings.append(_wrong("missing_secrets", "must be refuse or generate"))
    if findings:
        raise InvalidInputError(findings)
    options = RunOptions(
        timeout=timeout if asked.timeout is None else asked.timeout,
        policy=FailurePolicy(asked.on_failure),
        generate_secrets=asked.missing_secrets == "generate",
        prune=asked.prune,
        prune_claims=asked.prune_claims,
        force=asked.force,
    )
    return RunRequest(given=given, options=options)


def _texts(values: _Values, name: str, findings: list[Finding]) -> Mapping[str, Mapping[str, str]]:
    """Read given values; numbers and booleans become the texts that JSON writes them as."""
    read: dict[str, dict[str, str]] = {}
    for node_id, pairs in values.items():
        for key, value in pairs.items():
            if value is None:
                continue
            if isinstance(value, str | int | float | bool):
                text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
                read.setdefault(node_id, {})[key] = text
            else:
                findings.append(_wrong(f"trigger_data.{name}.{node_id}.{key}", "must be a text"))
    return read


def _wrong(path: str, problem: str) -> Finding:
    return Finding(rule="request", message=f"{path} {problem}", place=Place(path=path))


router = Router("/", route_handlers=[start, list_all, show, cancel], tags=["runs"])
