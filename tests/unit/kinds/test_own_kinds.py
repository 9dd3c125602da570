"""Kinds of one's own: the format carries what later kinds need, from one file each."""

from __future__ import annotations

from typing import Any

import pytest

from flowcore.errors import ConflictError, InvalidInputError, NotFoundError
from flowcore.kinds import Catalogue, core_catalogue, parse_catalogue
from flowcore.lint import validate
from flowcore.model import Manifest
from flowcore.planning import plan, waves
from tests.drawings import drawing, edge, node
from tests.kind_files import CLUSTER_WIDE, FENCE, SCALER, TICKER
from tests.schemas import violations

TINY = "name: a\nlabel: A\nresource: {apiVersion: v1, kind: A}\ntemplate: {kind: A}\n"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    texts = {"ticker.yaml": TICKER, "scaler.yaml": SCALER, "fence.yaml": FENCE, "tenant.yaml": CLUSTER_WIDE}
    return core_catalogue().parsed(texts)


def manifests(catalogue: Catalogue, *parts: Any) -> dict[str, Manifest]:
    return {step.node_id: step.manifest for step in plan(drawing(*parts), catalogue, namespace="n").steps}


def test_a_cron_job_is_a_workload_like_any_other(catalogue: Catalogue) -> None:
    cron = node("tick", "ticker", image="busybox", schedule="0 * * * *", successfulJobsHistoryLimit=0, backoffLimit=0)
    made = manifests(catalogue, cron, node("cfg", "configmap"), edge("cfg", "tick", **{"as": "envFrom"}))["tick"]
    assert violations(made) == []
    assert made["spec"]["successfulJobsHistoryLimit"] == 0
    pod = made["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["envFrom"] == [{"configMapRef": {"name": "cfg"}}]


def test_what_is_scaled_leaves_its_number_of_pods_alone(catalogue: Catalogue) -> None:
    parts = [node("web", "deployment", replicas=3), node("auto", "scaler", maxReplicas=5), edge("auto", "web")]
    made = manifests(catalogue, *parts)
    assert violations(made["auto"]) == []
    assert made["auto"]["spec"]["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    assert "replicas" not in made["web"]["spec"]
    assert waves(drawing(*parts), catalogue) == [["web"], ["auto"]]


def test_the_handle_of_an_edge_chooses_between_meanings(catalogue: Catalogue) -> None:
    made = manifests(
        catalogue,
        node("policy", "fence", rules=[{"id": "r1"}, {"id": "r2"}]),
        *(node(name, "deployment") for name in ("a", "b", "c")),
        edge("policy", "a", handle="header"),
        edge("policy", "b", handle="r1"),
        edge("policy", "c", handle="r2"),
    )["policy"]
    assert violations(made) == []
    assert made["spec"]["podSelector"] == {"matchLabels": {"app": "a"}}
    assert [rule["from"][0]["podSelector"]["matchLabels"]["app"] for rule in made["spec"]["ingress"]] == ["b", "c"]


def test_cluster_wide_objects_have_no_namespace(catalogue: Catalogue) -> None:
    assert manifests(catalogue, node("t", "tenant", quota=0))["t"] == {
        "apiVersion": "example.com/v1",
        "kind": "Tenant",
        "metadata": {"name": "t"},
        "spec": {"quota": 0},
    }


def test_a_kind_that_needs_a_value_which_was_wrong_does_not_hide_what_is_wrong() -> None:
    needy = "parameters: [{name: size, type: integer}]\nexports: {twice: {a: '${size}'}}\nreceives: [got]\n"
    link = "links: [{to: b, meaning: x, gives: {target: {got: [{b: '${source.size}'}]}}}]\n"
    checks = "checks: [{rule: r, when: 'empty(self.twice) and empty(links.got)', message: m, severity: info}]\n"
    other = TINY.replace("name: a", "name: b") + "receives: [got]\n" + checks.replace("self.twice", "links.got")
    catalogue = parse_catalogue({"a.yaml": TINY + needy + link + checks, "b.yaml": other})
    parts = [node("x", "a", size="large"), node("y", "b"), edge("x", "y")]
    assert next(one.rule for one in validate(drawing(*parts), catalogue)) == "field-type"


def test_a_catalogue_is_a_value() -> None:
    (tiny,) = parse_catalogue({"a.yaml": TINY}).kinds
    extended = core_catalogue().extended(tiny)
    assert "a" in extended
    assert "a" not in core_catalogue()
    assert core_catalogue() is core_catalogue()
    with pytest.raises(ConflictError, match="a is declared twice"):
        extended.extended(tiny)
    with pytest.raises(NotFoundError, match="there is no kind 'nope'"):
        extended.kind("nope")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("nmae: a", 1, "no 'nmae'"),
        ("[]", 1, "one mapping"),
        (TINY.replace("{kind: A}", "{a: '${nope}'}"), 4, "unknown name 'nope'"),
        (TINY + "parameters:\n  - {name: x, type: strin}", 6, "unknown type 'strin'"),
        (TINY + "parameters:\n  - {name: x, format: dns}", 6, "unknown format 'dns'"),
        (TINY + "parameters: [{name: x}, {name: x}]", 5, "declared twice"),
        (TINY + "parameters: {name: x}", 5, "must be a list"),
        (TINY + "links:\n  - {meaning: x}", 6, "either to or from"),
        (TINY + "links:\n  - {to: a, meaning: x, first: both}", 6, "source, target or none"),
        (TINY + "links:\n  - {to: a, meaning: x, gives: {middle: {}}}", 6, "source and target"),
        (TINY + "checks:\n  - {rule: x, when: 'f(1)', message: m}", 6, "unknown function"),
        (TINY + "checks:\n  - {rule: x, when: 'id', message: m, severity: bad}", 6, "unknown severity"),
        (TINY + "apply_rank: first", 5, "whole number"),
        (TINY + "handles: [{side: source, colour: red}]", 5, "no 'colour'"),
        (TINY + "exports:\n  x: {$include: nowhere.yaml}", 6, "not there"),
        (TINY + "exports:\n  x: {$include: a.yaml#exports.y}", 6, "not there"),
        ("a: [", 1, "not valid YAML"),
    ],
)
def test_mistakes_in_kind_files_are_named_with_their_line(text: str, line: int, says: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_catalogue({"a.yaml": text})
    found = caught.value.findings[0]
    assert (found.place.file, found.place.line) == ("a.yaml", line)
    assert says in found.message


def test_mistakes_in_several_files_are_all_reported() -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_catalogue({"a.yaml": "nmae: a", "b.yaml": "a: [", "_c.yaml": "{x: {$include: _c.yaml#x}}"})
    assert {found.place.file for found in caught.value.findings} == {"a.yaml", "b.yaml"}


def test_includes_that_go_round_in_a_circle_are_refused() -> None:
    circle = {"_c.yaml": "x: {y: {$include: _c.yaml#x}}", "a.yaml": TINY + "exports: {$include: _c.yaml#x}"}
    with pytest.raises(InvalidInputError, match="includes itself"):
        parse_catalogue(circle)


def test_a_contribution_that_nobody_receives_is_refused() -> None:
    link = "links:\n  - {to: a, meaning: x, gives: {target: {slto: [1]}}}\nreceives: [slot]\n"
    with pytest.raises(InvalidInputError, match="receives none") as caught:
        parse_catalogue({"a.yaml": TINY + link})
    assert caught.value.findings[0].fix == "did you mean slot?"
