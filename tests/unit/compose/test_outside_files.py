"""Compose applications of others: each is imported and planned, or refused so that its user understands why."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcore.compose import import_compose
from flowcore.errors import InvalidInputError
from flowcore.kinds import core_catalogue
from flowcore.lint import validate
from flowcore.planning import plan
from tests.schemas import violations


def _applications(testdata: Path) -> list[Path]:
    folders = sorted((testdata / "compose" / "awesome-compose").iterdir())
    return [next(path for path in folder.iterdir() if path.name.startswith("compose.")) for folder in folders]


def test_all_of_awesome_compose_is_imported_and_planned(testdata: Path) -> None:
    catalogue = core_catalogue()
    refused: dict[str, str] = {}
    paths = _applications(testdata)
    for path in paths:
        try:
            imported = import_compose(path)
        except InvalidInputError as error:
            refused[path.parent.name] = str(error)
            continue
        assert not [f for f in validate(imported.workflow, catalogue) if f.is_error], path
        steps = plan(imported.workflow, catalogue, secret_values=imported.secret_values).steps
        assert len(list(steps)) == len(imported.workflow.nodes)
        assert not [violation for step in steps for violation in violations(step.manifest)], path
    assert len(paths) == 39
    assert refused == {}


def test_every_service_of_awesome_compose_can_be_resolved_by_its_name(testdata: Path) -> None:
    for path in _applications(testdata):
        nodes = import_compose(path).workflow.nodes
        services = {node.name for node in nodes if node.type == "service"}
        workloads = {node.id for node in nodes if node.type in ("deployment", "statefulset")}
        assert workloads <= services, path


@pytest.mark.parametrize("name", ["postgresql-pgadmin", "nginx-aspnet-mysql"])
def test_no_secret_value_is_in_a_drawing_of_awesome_compose(testdata: Path, name: str) -> None:
    path = next(path for path in _applications(testdata) if path.parent.name == name)
    imported = import_compose(path)
    values = [value for keys in imported.secret_values.values() for value in keys.values() if len(value) > 5]
    text = repr(imported.workflow) + "".join(str(finding) for finding in imported.findings)
    assert not [value for value in values if value in text]
