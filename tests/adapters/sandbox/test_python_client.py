"""The official Python client against a served sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox import open_sandbox

pytestmark = pytest.mark.anyio


@pytest.fixture
async def kubernetes_api(tmp_path: Path) -> AsyncIterator[Any]:
    aio = pytest.importorskip("kubernetes.aio")
    async with open_sandbox(speed=20) as sandbox:
        path = tmp_path / "config"
        path.write_text(sandbox.kubeconfig())
        await aio.config.load_kube_config(str(path))
        async with aio.client.ApiClient() as api:
            yield api


async def test_typed_calls_read_and_write(kubernetes_api: Any, config_map: Any) -> None:
    from kubernetes.aio import client

    core = client.CoreV1Api(kubernetes_api)
    created = await core.create_namespaced_config_map("default", config_map(a="1"))
    assert created.data == {"a": "1"}
    patched = await core.patch_namespaced_config_map("cfg", "default", {"data": {"b": "2"}})
    assert patched.data == {"a": "1", "b": "2"}
    with pytest.raises(client.ApiException) as caught:
        await core.read_namespaced_config_map("absent", "default")
    assert caught.value.status == 404
    await core.delete_namespaced_config_map("cfg", "default")
    assert [one.metadata.name for one in (await core.list_namespaced_config_map("default")).items] == [
        "kube-root-ca.crt"
    ]
    assert (await client.VersionApi(kubernetes_api).get_code()).git_version.endswith("+flowcore-sandbox")


async def test_the_dynamic_client_discovers_applies_and_watches(kubernetes_api: Any, deployment: Any) -> None:
    from kubernetes.aio import dynamic

    client = await dynamic.DynamicClient(kubernetes_api)
    deployments = await client.resources.get(api_version="apps/v1", kind="Deployment")
    applied = await deployments.server_side_apply(
        body=deployment(replicas=1), name="web", namespace="default", field_manager="flowcore", force_conflicts=True
    )
    assert applied.spec.replicas == 1
    patched = await deployments.patch(
        body={"spec": {"replicas": 2}},
        name="web",
        namespace="default",
        content_type="application/merge-patch+json",
    )
    assert patched.spec.replicas == 2
    async with asyncio.timeout(10):
        async for event in deployments.watch(namespace="default"):
            if event["raw_object"]["status"].get("readyReplicas") == 2:
                break


async def test_a_forgotten_version_is_told_to_the_watcher(kubernetes_api: Any) -> None:
    from kubernetes.aio import client

    core = client.CoreV1Api(kubernetes_api)
    with pytest.raises(client.ApiException) as caught:
        await core.list_namespaced_pod("default", resource_version="999999")
    assert caught.value.status == 504
