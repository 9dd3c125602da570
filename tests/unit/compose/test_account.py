"""What an import says about itself: origins, variables without a value, and the account of every element."""

from __future__ import annotations

from flowcore.compose import account
from tests.unit.compose.looking import imported

_TEXT = """
services:
  web:
    image: "nginx:${TAG}"
    environment: [FOO, "URL=http://x/${TAG}", "DB_PASSWORD=hunter2"]
    volumes: ["data:/d"]
    ports: ["80:80"]
    ulimits: {nofile: 1024}
    secrets: [key]
  off: {image: x, profiles: [debug]}
volumes: {data: , spare: }
networks: {front: }
secrets: {key: {environment: KEY_VALUE}}
"""


def test_variables_without_a_value_come_with_every_place_that_uses_them() -> None:
    unset = imported(_TEXT).unset_variables
    assert set(unset) == {"TAG", "FOO", "KEY_VALUE"}
    assert [(place.line, place.path) for place in unset["TAG"]] == [
        (4, "services.web.image"),
        (5, "services.web.environment[1]"),
    ]
    assert unset["KEY_VALUE"][0].path == "secrets.key.environment"


def test_a_variable_that_is_given_or_has_a_default_is_not_among_them() -> None:
    assert "TAG" not in imported(_TEXT, env={"TAG": "1"}).unset_variables
    assert not imported("services: {web: {image: 'nginx:${TAG:-1}'}}\n").unset_variables


def test_every_element_has_an_origin_and_every_node_one() -> None:
    result = imported(_TEXT)
    nodes = {origin.element.path: set(origin.nodes) for origin in result.origins}
    assert nodes["services.web"] == {"web", "web-service", "web-config", "web-secret"}
    assert nodes["volumes.data"] == {"data"}
    assert nodes["secrets.key"] == {"key-secret"}
    assert nodes["volumes.spare"] == nodes["networks.front"] == nodes["services.off"] == set()
    assert {node.id for node in result.workflow.nodes} == set().union(*nodes.values())
    assert all(origin.element.file for origin in result.origins)


def test_the_account_sorts_what_was_found_under_its_element() -> None:
    found = account(imported(_TEXT))
    entries = {entry.element.path: entry for entry in found.entries}
    web = entries["services.web"]
    assert {node.type for node in web.nodes} == {"deployment", "service", "configmap", "secret"}
    assert any("DB_PASSWORD" in finding.message for finding in web.decided)
    assert [finding.place.path for finding in web.left_out if "ulimits" in finding.message] == ["services.web.ulimits"]
    assert entries["volumes.spare"].left_out
    assert entries["networks.front"].left_out


def test_the_totals_are_those_of_the_drawing_and_of_the_findings() -> None:
    result = imported(_TEXT)
    found = account(result)
    totals = found.totals
    assert totals["nodes"] == len(result.workflow.nodes) == sum(found.kinds.values())
    assert totals["edges"] == len(result.workflow.edges)
    told = [finding for finding in result.findings if finding.rule != "compose-variable-unset"]
    assert totals["decided"] + totals["changed"] + totals["left_out"] == len(told)
    assert totals["unset_variables"] == 3


def test_no_secret_value_is_in_the_account() -> None:
    result = imported(_TEXT)
    assert "hunter2" not in repr(account(result))
    assert "hunter2" not in repr(result)


def test_a_name_with_dots_is_one_element() -> None:
    text = "services: {a: {image: x}, a.b: {image: x, ulimits: {nofile: 1}}}\n"
    entries = {entry.element.path: entry for entry in account(imported(text)).entries}
    assert not entries["services.a"].left_out
    assert [finding.place.path for finding in entries["services.a.b"].left_out] == ["services.a.b.ulimits"]
