"""Our own Compose applications, imported, checked and planned."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcore.compose import import_compose
from flowcore.errors import InvalidInputError
from flowcore.kinds import core_catalogue
from flowcore.lint import validate
from flowcore.planning import plan
from tests.schemas import violations
from tests.unit.compose.looking import data, edges, found, kinds, only

_GOOD = [
    "aliases", "anchors", "binds", "everything", "extends", "include", "jobs", "overrides", "ports", "profiles", "shop",
    "underscores",
]  # fmt: skip


@pytest.mark.parametrize("name", _GOOD)
def test_an_application_is_planned_without_errors(compose_files: Path, name: str) -> None:
    imported = import_compose(compose_files / name)
    catalogue = core_catalogue()
    assert not [finding for finding in validate(imported.workflow, catalogue) if finding.is_error]
    steps = plan(imported.workflow, catalogue, secret_values=imported.secret_values).steps
    assert len(list(steps)) == len(imported.workflow.nodes)
    assert not [violation for step in steps for violation in violations(step.manifest)]


def test_the_shop_is_whole(compose_files: Path) -> None:
    result = import_compose(compose_files / "shop")
    assert result.workflow.name == "shop"
    assert kinds(result) == {
        "db-data": "persistentvolumeclaim",
        "db-password-secret": "secret",
        "web-nginx-conf": "configmap",
        "web-service": "service",
        "web-published": "service",
        "web": "deployment",
        "api-config": "configmap",
        "api-secret": "secret",
        "api-service": "service",
        "api": "deployment",
        "db-config": "configmap",
        "db-service": "service",
        "db": "statefulset",
    }
    assert data(result, "api")["image"] == "registry.example.org/shop-api:2"
    assert set(result.secret_values["api-secret"]) == {"STRIPE_API_KEY", "DATABASE_URL"}
    assert "s3cret" not in repr(result)
    assert edges(result, "api", "db") == [{"condition": "healthy"}]


def test_names_that_differ_only_after_the_cut_stay_apart(compose_files: Path) -> None:
    result = import_compose(compose_files / "underscores")
    names = [node.data["name"] for node in result.workflow.nodes if node.type in ("deployment", "statefulset")]
    assert names[:4] == ["my-app", "my-app-2", "my-cache", "x-2nd"]
    assert len(set(names)) == 6
    assert all(len(name) <= 48 for name in names)
    assert data(result, "my-app")["args"] == ["serve", "--cache", "my-cache:6379"]
    assert data(result, "my-app-config")["data"] == {
        "REDIS_URL": "redis://my-cache:6379/0",
        "CACHE_HOST": "my-cache",
        "APP_NAME": "my_app",
    }


def test_an_override_file_beside_the_first_is_merged(compose_files: Path) -> None:
    result = import_compose(compose_files / "overrides")
    web = data(result, "web")
    assert (web["image"], web["args"]) == ("nginx:1.27", ["nginx-debug"])
    assert data(result, "web-config")["data"] == {"A": "1", "B": "2", "C": "3"}
    assert [port["port"] for port in data(result, "web-published")["ports"]] == [8080]
    assert "persistentvolumeclaim" not in kinds(result).values()


def test_profiles_bring_their_services(compose_files: Path) -> None:
    assert set(kinds(import_compose(compose_files / "profiles"))) == {"web", "web-service"}
    assert "mail" in kinds(import_compose(compose_files / "profiles", profiles=["all"]))


def test_an_extended_service_is_complete(compose_files: Path) -> None:
    result = import_compose(compose_files / "extends")
    assert data(result, "web-config")["data"] == {"A": "1", "B": "2"}
    assert (data(result, "job")["image"], data(result, "job")["args"]) == ("task", ["run"])


def test_every_port_arrives(compose_files: Path) -> None:
    result = import_compose(compose_files / "ports")
    inside = [(port["port"], port["protocol"]) for port in data(result, "web-service")["ports"]]
    assert inside == [
        (80, "TCP"), (8081, "TCP"), (9000, "TCP"), (9001, "TCP"), (4000, "TCP"), (4001, "TCP"), (4002, "TCP"),
        (53, "UDP"), (443, "TCP"), (7000, "TCP"), (7001, "TCP"), (7002, "TCP"), (7003, "UDP"),
    ]  # fmt: skip
    outside = [(port["port"], port["targetPort"]) for port in data(result, "web-published")["ports"]]
    assert outside == [(80, 80), (8080, 8081), (3000, 4000), (3001, 4001), (3002, 4002), (53, 53), (8443, 443)]
    assert len(found(result, "port-local")) == 2


def test_files_come_along_and_the_machine_stays_behind(compose_files: Path) -> None:
    result = import_compose(compose_files / "binds")
    assert set(data(result, "web-site")["data"]) == {"index.html", "css.main.css"}
    assert set(data(result, "web-site")["binaryData"]) == {"logo.jpg"}
    assert kinds(result)["web-tls-key"] == "secret"
    assert len(found(result, "bind-system")) == 2
    assert len(found(result, "bind")) == 2
    assert only(result, "bind-file").place.line == 9


def test_all_missing_variables_are_listed(compose_files: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        import_compose(compose_files / "required")
    error = caught.value
    assert [f.place.line for f in found(error, "variable-required")] == [4, 6]
    assert only(error, "template").place.line == 8
    assert only(error, "variable-unset").place.line == 7


def test_a_circle_is_shown(compose_files: Path) -> None:
    with pytest.raises(InvalidInputError, match="hen -> egg -> nest -> hen"):
        import_compose(compose_files / "circle")
