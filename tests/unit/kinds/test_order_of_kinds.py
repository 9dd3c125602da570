"""Apply ranks agree with Helm's and Argo CD's install order."""

from __future__ import annotations

import json
import re
from pathlib import Path

from flowcore.graph import waves
from flowcore.kinds import core_catalogue


def test_ranks_follow_the_install_order_of_helm_and_argo(testdata: Path) -> None:
    orders = json.loads((testdata / "apply_order.json").read_text(encoding="utf-8"))["kind_orders"]
    ours = [kind.object_kind for kind in sorted(core_catalogue().kinds, key=lambda kind: kind.apply_rank)]
    ours.remove("*")  # a raw manifest has the rank of what it holds
    for name in ("InstallOrder", "argocd_kindOrder"):
        assert ours == [kind for kind in orders[name] if kind in ours]


def test_sorts_the_cases_of_helm_where_they_are_about_our_kinds(testdata: Path) -> None:
    cases = json.loads((testdata / "apply_order.json").read_text(encoding="utf-8"))["kind_sort"]
    rank = {kind.object_kind: kind.apply_rank for kind in core_catalogue().kinds}
    judged = 0
    for case in cases:
        if case["order"] != "InstallOrder":
            continue
        kind_of = {found["name"]: found["kind"] for found in case["manifests"]}
        longest_first = sorted(kind_of, key=len, reverse=True)
        expected = re.findall("|".join(map(re.escape, longest_first)), case["expected"])
        assert sorted(expected) == sorted(kind_of)
        ours = [name for name in kind_of if kind_of[name] in rank]
        found = waves(ours, [], rank=lambda name, kind_of=kind_of: rank[kind_of[name]])
        assert found[0] == [name for name in expected if name in ours]
        judged += len(ours)
    assert judged >= 8
