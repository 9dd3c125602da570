"""Whatever is sent to the routes that the service describes, it is never the service's mistake."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings

from entrypoints.http import create_app
from tests.doubles_cluster import PlayedCluster
from tests.http.conftest import configmap, open_played, with_settings

pytestmark = pytest.mark.slow

#: Requests per operation.
EXAMPLES = 8
PASSWORD = "correct horse 7"
#: What ends the token that asks.
ENDING = ("POST /v1/api/auth/logout-all", "DELETE /v1/api/profile/tokens/current")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The address of a service over a file, in a thread of its own, because the fuzzer is not async."""
    chosen = with_settings(store_url=f"sqlite:///{tmp_path}/flowcore.db", data_dir=tmp_path)
    app = create_app(open_played(PlayedCluster(), chosen), chosen)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=lambda: asyncio.run(server._serve(sockets=[listener])))
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


def test_no_request_is_answered_with_a_mistake_of_the_service(url: str) -> None:
    with httpx.Client(base_url=f"{url}/v1/api", timeout=10) as client:
        body = {"email": "ann@example.com", "password": PASSWORD, "name": "Ann"}
        client.headers["Authorization"] = f"Bearer {client.post('/auth/register', json=body).json()['token']}"
        made = {"name": "shop", "cluster_id": "sandbox", "nodes": [configmap("a", K="v")]}
        workflow_id = client.post("/workflows", json=made).json()["id"]
        client.put(f"/workflows/{workflow_id}/status", json={"status": "published"})
        # Some operations end the session or the token that asks: they come last, in an order in which each still may.
        asked = {"name": "fuzz", "scopes": ["read", "deploy", "write", "account", "admin"]}
        headers = {"Authorization": f"Bearer {client.post('/profile/tokens', json=asked).json()['token']}"}
        described = client.get(f"{url}/v1/api-docs/json").json()
    mistakes: list[str] = []
    strangers: set[str] = set()
    operations = [found.ok() for found in schemathesis.openapi.from_dict(described).get_all_operations()]
    for operation in sorted(operations, key=lambda each: each.label in ENDING):
        if operation.path.endswith("/stream"):
            continue
        for case, answer in sent(operation, url, headers, workflow_id):
            if answer.status_code >= 500:
                mistakes.append(f"{case.as_curl_command()} -> {answer.status_code} {answer.text}")
            if answer.status_code == 401 and answer.json()["code"].startswith("token."):
                strangers.add(operation.label)
    assert mistakes == []
    assert strangers <= {*ENDING, "POST /v1/api/auth/refresh"}


def sent(operation: Any, url: str, headers: dict[str, str], workflow_id: str) -> list[tuple[Any, Any]]:
    """Send an operation's requests and return them with their answers."""
    answers = []

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        if "workflow_id" in (case.path_parameters or {}):
            case.path_parameters["workflow_id"] = workflow_id
        answers.append((case, case.call(base_url=url, headers=headers, timeout=10)))

    send()
    return answers
