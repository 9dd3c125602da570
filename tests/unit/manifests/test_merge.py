"""Overrides laid over manifests, and amounts."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from flowcore.manifests import merge, quantity


def test_mappings_merge_deeply_and_null_deletes() -> None:
    assert merge({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 9}, "d": None, "e": {"f": None, "g": 1}}) == {
        "a": {"b": 9, "c": 2},
        "e": {"g": 1},
    }


TWO_CONTAINERS = [{"name": "a", "x": 1}, {"name": "b"}]
DNS = [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}]
CLAIM = {"metadata": {"name": "d"}, "spec": {"a": 1}}


@pytest.mark.parametrize(
    ("field", "base", "overrides", "expected"),
    [
        ("containers", TWO_CONTAINERS, [{"name": "a", "y": 2}], [{"name": "a", "x": 1, "y": 2}, {"name": "b"}]),
        ("env", [{"name": "A"}], [{"name": "B", "value": "2"}], [{"name": "A"}, {"name": "B", "value": "2"}]),
        ("ports", DNS, [{"containerPort": 53, "name": "x"}], [DNS[0], {"containerPort": 53, "name": "x"}]),
        ("ports", [{"port": 80}], [{"port": 80, "name": "http"}], [{"port": 80, "name": "http"}]),
        ("volumeMounts", [{"mountPath": "/a"}], [{"mountPath": "/a", "name": "y"}], [{"mountPath": "/a", "name": "y"}]),
        ("volumes", [{"name": "a"}, {"name": "b"}], [{"name": "a", "$patch": "delete"}], [{"name": "b"}]),
        ("volumes", [{"name": "a"}], [{"name": "b", "$patch": "delete"}], [{"name": "a"}]),
        (
            "env",
            [{"name": "A", "value": "1"}, {"name": "A"}],
            [{"name": "B"}],
            [{"name": "A", "value": "1"}, {"name": "A"}, {"name": "B"}],
        ),
        ("args", ["a", "b"], ["c"], ["c"]),
        ("tolerations", [{"key": "a"}], [{"key": "b"}], [{"key": "b"}]),
        ("containers", [{"name": "a"}], [{"image": "x"}], [{"image": "x"}]),
        (
            "volumeClaimTemplates",
            [CLAIM],
            [{"metadata": {"name": "d"}, "spec": {"b": 2}}],
            [{"metadata": {"name": "d"}, "spec": {"a": 1, "b": 2}}],
        ),
    ],
)
def test_lists_merge_by_their_kubernetes_keys(field: str, base: Any, overrides: Any, expected: Any) -> None:
    assert merge({field: base}, {field: overrides}) == {field: expected}


def test_nothing_is_shared_or_changed() -> None:
    base: dict[str, Any] = {"a": {"b": [1]}}
    overrides: dict[str, Any] = {"c": {"d": [2]}}
    merged = merge(base, overrides)
    merged["a"]["b"].append(9)
    merged["c"]["d"].append(9)
    assert (base, overrides) == ({"a": {"b": [1]}}, {"c": {"d": [2]}})


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("500m", Fraction(1, 2)),
        ("0.5", Fraction(1, 2)),
        (".5", Fraction(1, 2)),
        ("1", 1),
        (2, 2),
        (0.1, Fraction(1, 10)),
        ("1Ki", 1024),
        ("1k", 1000),
        ("1.5Gi", 3 * 2**29),
        ("2e3", 2000),
        ("2E3", 2000),
        ("1E", 10**18),
        ("100n", Fraction(1, 10**7)),
        ("-1", -1),
    ],
)
def test_amounts_have_their_exact_value(text: Any, amount: Any) -> None:
    assert quantity(text) == amount


@pytest.mark.parametrize("text", ["", "1MB", "512mb", "1 Gi", "abc", "1e", None, True, "1ki", "٣"])
def test_what_is_no_amount_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="quantity"):
        quantity(text)


def test_an_order_sorts_a_keyed_list_and_leaves_other_items_behind_those_they_followed() -> None:
    base = {"env": [{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "d"}]}
    order = {"$setElementOrder/env": [{"name": "c"}, {"name": "a"}, {"name": "gone"}], "env": [{"name": "e"}]}
    assert [one["name"] for one in merge(base, order)["env"]] == ["c", "d", "e", "a", "b"]


def test_an_order_of_what_is_not_there_leaves_no_trace() -> None:
    order = {"$setElementOrder/env": [{"name": "a"}]}
    assert merge({}, order) == {}
    assert merge({"x": 1}, {"pod": order, "list": [order]}) == {"x": 1, "pod": {}, "list": [{}]}
