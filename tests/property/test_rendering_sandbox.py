"""What random drawings render is what a Kubernetes API takes: the sandbox's dry run has nothing against it."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from attrs import evolve
from hypothesis import HealthCheck, Phase, assume, given, settings

from adapters.sandbox import create_sandbox
from flowcore.errors import InvalidInputError
from flowcore.manifests import to_yaml
from flowcore.model import Manifest, Workflow
from flowcore.planning import plan
from tests.random_drawings import CORE, drawings

#: Making a failing drawing smaller would take minutes.
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
PLURALS = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses"}


def address_of(manifest: Manifest) -> str:
    version = manifest["apiVersion"]
    kind = manifest["kind"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{root}/namespaces/default/{PLURALS.get(kind, kind.lower() + 's')}/{manifest['metadata']['name']}"


async def refusals(manifests: list[Manifest]) -> list[str]:
    sandbox = create_sandbox()
    transport = httpx.ASGITransport(app=sandbox.app)  # type: ignore[arg-type]  # httpx wants looser mappings
    headers = {"Authorization": f"Bearer {sandbox.token}", "Content-Type": "application/apply-patch+yaml"}
    query = {"fieldManager": "flowcore", "dryRun": "All"}
    found = []
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as client:
        for manifest in manifests:
            answer = await client.patch(address_of(manifest), params=query, content=to_yaml([manifest]))
            if answer.status_code not in (200, 201):
                found.append(f"{manifest['kind']}: {answer.json()['message']}")
    return found


@pytest.mark.slow
@given(drawings())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
def test_the_sandbox_takes_what_random_drawings_render(workflow: Workflow) -> None:
    here = [
        evolve(node, data={key: value for key, value in node.data.items() if key != "namespace"})
        for node in workflow.nodes
    ]
    try:
        planned = plan(evolve(workflow, nodes=tuple(here)), CORE, namespace="default")
    except InvalidInputError:
        assume(False)
        return
    assert asyncio.run(refusals([step.manifest for step in planned.steps])) == []
