"""Kinds discovered from a connected cluster, by the command and through our own Kubernetes adapter."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowcore.manifests import from_yaml

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
CRDS = Path(__file__).resolve().parents[1] / "crds"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A sandbox cluster that knows two definitions; yields the environment that leads to it."""
    kubeconfig = tmp_path / "kubeconfig"
    process = subprocess.Popen(
        [str(BIN / "flowcore"), "sandbox", "--kubeconfig-out", str(kubeconfig)], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        assert "sandbox cluster at" in process.stderr.readline()
        process.stderr.readline()
        for name in ("rollout", "certificate"):
            define(kubeconfig, name)
        yield {**os.environ, "KUBECONFIG": str(kubeconfig), "XDG_DATA_HOME": str(tmp_path / "data")}
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=15)


def define(kubeconfig: Path, name: str) -> None:
    """Create a definition in the cluster of a kubeconfig."""
    (config,) = from_yaml(kubeconfig.read_text(encoding="utf-8"))
    (definition,) = from_yaml((CRDS / f"{name}.yaml").read_text(encoding="utf-8"))
    server, token = config["clusters"][0]["cluster"]["server"], config["users"][0]["user"]["token"]
    request = urllib.request.Request(
        f"{server}/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        json.dumps(definition).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as reply:
        assert reply.status == 201


def test_kinds_are_added_from_a_cluster_by_the_name_of_their_definition_or_kind(
    cluster: dict[str, str], tmp_path: Path
) -> None:
    def flowcore(*words: str) -> subprocess.CompletedProcess[str]:
        call = [str(BIN / "flowcore"), *words]
        return subprocess.run(call, env=cluster, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)

    added = flowcore("kinds", "add", "--from-cluster", "Rollout", "certificates.cert-manager.io")
    assert added.returncode == 0, added.stderr
    assert sorted(path.name for path in (tmp_path / "data/flowcore/kinds").iterdir()) == [
        "certificate.cert-manager.io.yaml",
        "rollout.argoproj.io.yaml",
    ]
    assert "spec.strategy.canary" in flowcore("kinds", "rollout.argoproj.io").stdout
    unknown = flowcore("kinds", "add", "--from-cluster", "Nope")
    assert unknown.returncode == 2
    assert "certificates.cert-manager.io, rollouts.argoproj.io" in unknown.stderr.replace("\n", " ")


def test_a_definition_and_its_resource_are_deployed_in_one_go(tmp_path: Path) -> None:
    definition = (CRDS / "servicemonitor.yaml").read_text(encoding="utf-8")
    spec = {"selector": {"matchLabels": {"app": "web"}}, "endpoints": [{"port": "metrics"}]}
    nodes = [
        {"id": "m", "type": "servicemonitor.monitoring.coreos.com", "data": {"namespace": "shop", "spec": spec}},
        {"id": "web", "type": "deployment", "data": {"namespace": "shop", "image": "nginx:1.27"}},
        {
            "id": "ns",
            "type": "manifest",
            "data": {"manifest": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}"},
        },
        {"id": "crd", "type": "manifest", "data": {"manifest": definition}},
    ]
    edges = [{"id": "e", "source": "web", "target": "m", "data": {"condition": "healthy"}}]
    (tmp_path / "w.json").write_text(json.dumps({"name": "w", "nodes": nodes, "edges": edges}), encoding="utf-8")
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}

    def flowcore(*words: str) -> subprocess.CompletedProcess[str]:
        call = [str(BIN / "flowcore"), *words]
        return subprocess.run(call, env=env, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=90)

    added = flowcore("kinds", "add", str(CRDS / "servicemonitor.yaml"), "--into", "kinds")
    assert added.returncode == 0, added.stderr
    done = flowcore("--kinds-dir", "kinds", "deploy", "w.json", "--sandbox", "--timeout", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout
    order = [
        told.index(words) for words in ("Namespace shop: Healthy", "ServiceMonitor m: Healthy", "Deployment web: ")
    ]
    assert order == sorted(order)
    assert "CustomResourceDefinition servicemonitors.monitoring.coreos.com: Healthy" in told
