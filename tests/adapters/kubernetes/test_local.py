"""Clusters that are contexts of the user's own kubeconfig."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.kubernetes import LocalClusters, chosen_context, local_server
from flowcore.errors import InvalidInputError
from flowcore.model import Cluster
from tests.adapters.kubernetes.scripted import ScriptedServer, TestClock

pytestmark = pytest.mark.anyio


def a_kubeconfig(server: str = "https://203.0.113.7:6443", **changes: Any) -> dict[str, Any]:
    return {
        "clusters": [
            {"name": "prod", "cluster": {"server": server}},
            {"name": "other", "cluster": {"server": "https://203.0.113.8"}},
        ],
        "users": [{"name": "ann", "user": {"token": "very-secret"}}],
        "contexts": [
            {"name": "main", "context": {"cluster": "other", "user": "ann"}},
            {"name": "arn:aws:eks:x/y", "context": {"cluster": "prod", "user": "ann"}},
        ],
        "current-context": "main",
        **changes,
    }


def test_the_current_context_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(json.dumps(a_kubeconfig()))
    assert chosen_context(path=str(tmp_path / "config")) == "main"


@pytest.mark.parametrize(
    "content", ["", "{", "nonsense", "token: very-secret: x", json.dumps(a_kubeconfig(**{"current-context": "gone"}))]
)
def test_a_kubeconfig_without_a_usable_context_is_said_and_not_quoted(tmp_path: Path, content: str) -> None:
    (tmp_path / "config").write_text(content)
    with pytest.raises(InvalidInputError, match="no kubeconfig to deploy with") as refused:
        chosen_context(path=str(tmp_path / "config"))
    assert "very-secret" not in str(refused.value)


def test_a_context_is_chosen_by_name_and_one_that_is_not_there_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(json.dumps(a_kubeconfig()))
    assert chosen_context("arn:aws:eks:x/y", str(tmp_path / "config")) == "arn:aws:eks:x/y"
    with pytest.raises(InvalidInputError, match="no context 'nope'; it has arn:aws:eks:x/y, main"):
        chosen_context("nope", str(tmp_path / "config"))


def test_a_kubeconfig_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no kubeconfig to deploy with"):
        chosen_context(path=str(tmp_path / "nowhere"))


async def test_a_cluster_is_the_context_that_its_server_names(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(json.dumps(a_kubeconfig(server.url)))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    cluster = Cluster(
        id="c1",
        owner_id="u1",
        name="prod",
        server=local_server("arn:aws:eks:x/y"),
        created_at=datetime(2030, 1, 1, tzinfo=UTC),
    )
    clusters = LocalClusters(TestClock())
    assert clusters.seal(cluster, {}) == ""
    async with clusters.connect(cluster) as connection:
        assert await connection.version() == "v1.37.0"
    assert server.asked[0].headers["authorization"] == "Bearer very-secret"
