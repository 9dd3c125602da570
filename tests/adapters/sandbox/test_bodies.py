"""Bodies of every sort: protobuf as kubectl sends it, and nonsense that must never bring the server down."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sandbox import create_sandbox
from adapters.sandbox._protobuf import read_protobuf
from adapters.sandbox._status import StatusError


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def enveloped(api_version: str, kind: str, message: bytes) -> bytes:
    meta = field(1, api_version) + field(2, kind)
    return b"k8s\x00" + field(1, meta) + field(2, message)


def test_a_protobuf_deployment_is_read_with_its_maps_lists_and_inlined_parts() -> None:
    label = field(11, field(1, "app") + field(2, "web"))
    probe = field(1, field(2, field(1, "/") + field(2, field(1, 0) + field(2, 80)))) + field(2, 0)
    container = (
        field(1, "web") + field(2, "nginx") + field(6, field(1, "") + field(2, 0) + field(3, 80)) + field(10, probe)
    )
    template = field(1, label) + field(2, field(2, container))
    spec = field(1, 0) + field(3, template) + field(5, 0) + field(9, 600)
    read = read_protobuf(enveloped("apps/v1", "Deployment", field(1, field(1, "web") + label) + field(2, spec)))
    assert read == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {
            "replicas": 0,
            "progressDeadlineSeconds": 600,
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [
                        {
                            "name": "web",
                            "image": "nginx",
                            "ports": [{"containerPort": 80}],
                            "livenessProbe": {"httpGet": {"path": "/", "port": 80}},
                        }
                    ]
                },
            },
        },
    }


def test_bytes_times_and_quantities_are_written_as_json_writes_them() -> None:
    secret = read_protobuf(enveloped("v1", "Secret", field(2, field(1, "a") + field(2, b"\x00b")) + field(3, "Opaque")))
    assert (secret["data"], secret["type"]) == ({"a": "AGI="}, "Opaque")
    times = field(1, field(1, "x") + field(8, field(1, 86400)))
    assert read_protobuf(enveloped("v1", "ConfigMap", times))["metadata"]["creationTimestamp"] == "1970-01-02T00:00:00Z"
    hard = field(2, field(1, field(1, "cpu") + field(2, field(1, "500m"))))
    assert read_protobuf(enveloped("v1", "ResourceQuota", hard))["spec"] == {"hard": {"cpu": "500m"}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no magic",
        b"k8s\x00\xff",
        enveloped("v9", "Nothing", b""),
        enveloped("apps/v1", "Deployment", b"\x0a\x7f"),
        enveloped("apps/v1", "Deployment", field(2, 7)),
        enveloped("apps/v1", "Deployment", b"\x0f"),
    ],
)
def test_broken_protobuf_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(StatusError) as caught:
        read_protobuf(body)
    assert caught.value.code == 400


@given(st.binary(max_size=60))
def test_no_bytes_break_the_protobuf_reader(body: bytes) -> None:
    try:
        read_protobuf(enveloped("apps/v1", "Deployment", body))
    except StatusError as error:
        assert error.code == 400  # noqa: PT017 - either outcome is right, this is the only allowed failure


# -- nonsense

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "nginx",
                        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
                        "ports": [{"containerPort": 80}],
                        "resources": {"limits": {"cpu": "1"}},
                        "livenessProbe": {"httpGet": {"port": 80}},
                        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
                    }
                ],
                "volumes": [{"name": "v", "configMap": {"name": "c"}}],
                "tolerations": [{"key": "a", "operator": "Exists"}],
            },
        },
    },
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "name": "http", "targetPort": "http"}]},
}
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.sampled_from(["", "x", "1Gi", "-"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "a", "port"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, part in items for found in [(*path, key), *places(part, (*path, key))]]


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A manifest with one part replaced by something else."""
    whole = copy.deepcopy(draw(st.sampled_from([DEPLOYMENT, SERVICE])))
    path = draw(st.sampled_from(places(whole)))
    owner: Any = whole
    for key in path[:-1]:
        owner = owner[key]
    owner[path[-1]] = draw(JUNK)
    return whole


DEPLOYMENTS, SERVICES = "/apis/apps/v1/namespaces/default/deployments", "/api/v1/namespaces/default/services"


@settings(max_examples=100)
@given(body=damaged())
def test_a_damaged_manifest_is_answered_with_a_status(client_type: Any, body: dict[str, Any]) -> None:
    for reply in asyncio.run(answers(client_type, body)):
        assert reply.status in (200, 201, 400, 404, 409, 422, 500)
        assert reply.status < 300 or json.loads(reply.body)["kind"] == "Status"


async def answers(client_type: Any, body: dict[str, Any]) -> list[Any]:
    """What a sandbox that has both objects answers to the body, sent in every way."""
    client = client_type(create_sandbox(token="t"), token="t")
    await client.post(DEPLOYMENTS, DEPLOYMENT)
    await client.post(SERVICES, SERVICE)
    path = SERVICES if "ports" in str(body.get("spec")) and body.get("apiVersion") == "v1" else DEPLOYMENTS
    return [
        await client.post(path, body),
        await client.put(f"{path}/web", body),
        await client.apply(f"{path}/web", body, force="true"),
        await client.patch(f"{path}/web", body, kind="merge-patch"),
        await client.patch(f"{path}/web", body, kind="strategic-merge-patch"),
    ]
