"""Many at once, over every store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from litestar.testing import AsyncTestClient

from entrypoints.settings import Settings
from tests.backends import NAMES, new_mongo_database
from tests.doubles import PATIENCE
from tests.http.conftest import Caller, configmap, register, with_settings
from tests.http.test_workflows import ended

pytestmark = pytest.mark.anyio


@pytest.fixture(params=NAMES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    if request.param == "memory":
        yield with_settings()
    elif request.param == "sqlite":
        yield with_settings(store_url=f"sqlite:///{tmp_path}/flowcore.db", data_dir=tmp_path)
    else:
        url = urlsplit(request.getfixturevalue("mongo_url"))
        with new_mongo_database(url.geturl()) as database:
            yield with_settings(store_url=url._replace(path=f"/{database}").geturl(), data_dir=tmp_path)


async def test_twenty_runs_at_once_have_gapless_versions_and_all_end_well(ann: Caller) -> None:
    workflow = await ann.workflow(configmap("a", K="v"))
    path = f"/workflows/{workflow['id']}"
    started = await asyncio.gather(*(ann.ask("POST", f"{path}/run", json={"timeout": 60}) for _ in range(20)))
    assert sorted(run["version"] for run in started) == list(range(1, 21))
    await ann.ask("GET", f"{path}/runs/{started[0]['run_id']}")


async def test_a_few_runs_at_once_are_carried_out_one_after_the_other(ann: Caller) -> None:
    workflow = await ann.workflow(configmap("a", K="v"))
    path = f"/workflows/{workflow['id']}"
    started = await asyncio.gather(*(ann.ask("POST", f"{path}/run", json={"timeout": 60}) for _ in range(3)))
    runs = [await ended(ann, workflow["id"], run["run_id"]) for run in started]
    assert {run["status"] for run in runs} == {"completed"}
    in_order = sorted(runs, key=lambda run: run["version"])
    assert [run["completed_at"] for run in in_order] == sorted(run["completed_at"] for run in in_order)
    async with asyncio.timeout(PATIENCE):  # the counters follow the record of the run
        while (await ann.ask("GET", path))["success_count"] < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert (await ann.ask("GET", path))["success_count"] == 3


async def test_of_ten_saves_on_one_revision_exactly_one_wins(ann: Caller) -> None:
    workflow = await ann.workflow()

    async def save(name: str) -> int:
        body = {"nodes": [configmap(name)], "revision": workflow["revision"]}
        headers = {"Authorization": f"Bearer {ann.token}"}
        answer = await ann.client.post(f"/v1/api/workflows/{workflow['id']}/save", json=body, headers=headers)
        return answer.status_code

    statuses = await asyncio.gather(*(save(f"n{number}") for number in range(10)))
    assert sorted(statuses) == [200] + [409] * 9


async def test_of_many_who_register_at_once_one_is_the_administrator(client: AsyncTestClient[Any]) -> None:
    callers = await asyncio.gather(*(register(client, f"u{number}@example.com") for number in range(6)))
    assert sorted(caller.user["role"] for caller in callers) == ["admin", *["user"] * 5]
