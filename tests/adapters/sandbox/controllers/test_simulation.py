"""The controllers together: repeatable, quick, clean, hard to break."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.sandbox._controllers import Controllers, LoopClock, VirtualClock, seed_cluster
from adapters.sandbox._controllers._behaviour import behaviour, duration
from adapters.sandbox._controllers._chance import Chance
from adapters.sandbox._quantities import amount
from adapters.sandbox._store import Store
from tests.adapters.sandbox.controllers.lab import Lab, Watched, template, workload


def scene(seed: int) -> list[tuple[str, Any]]:
    """Everything that happens in a small cluster, from apply to update to delete."""
    lab = Lab(seed)
    lab.deployment(annotation="slow-start=1s")
    lab.make("apps/v1", "StatefulSet", "db", workload("db", replicas=2, serviceName="db"))
    lab.make("v1", "Service", "web", {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]})
    lab.make("batch/v1", "Job", "task", {"template": template("task", "exit=1", restartPolicy="Never")})
    lab.wait(10)
    lab.change("Deployment", "web", template=template("web", image="nginx:1.28"))
    lab.wait(10)
    lab.delete("StatefulSet", "db")
    lab.wait(10)
    return [(change, obj) for change, obj in lab.history]


def test_the_same_seed_gives_the_same_run_to_the_last_byte() -> None:
    assert scene(7) == scene(7)


def test_another_seed_gives_another_run() -> None:
    names = [{obj["metadata"]["name"] for _, obj in scene(seed) if obj["kind"] == "Pod"} for seed in (1, 2)]
    assert names[0] != names[1]


def test_an_idle_cluster_has_nothing_to_do(lab: Lab) -> None:
    lab.deployment()
    lab.wait(5)
    revision, pending = lab.store.revision, lab.clock.pending
    lab.wait(3600)
    assert lab.store.revision == revision
    assert lab.clock.pending <= pending <= 1  # the deadline of the rollout


def test_stopping_leaves_no_timer_and_no_listener() -> None:
    lab = Lab()
    lab.deployment()
    lab.make("batch/v1", "CronJob", "tick", {"schedule": "@hourly", "jobTemplate": {"spec": {}}})
    lab.wait(0.3)
    assert lab.clock.pending > 0
    lab.controllers.stop()
    assert lab.clock.pending == 0
    lab.pod("late")
    lab.clock.advance(60)
    assert lab.clock.pending == 0
    assert lab.status("Pod", "late") == {}


def test_stopping_ends_the_subscription() -> None:
    store = Watched(Store())
    controllers = Controllers(store, clock=VirtualClock())
    controllers.start()
    controllers.start()
    assert store.listeners == 1
    controllers.stop()
    controllers.stop()
    assert store.listeners == 0


def test_controllers_take_up_what_they_find() -> None:
    lab = Lab()
    lab.deployment()
    lab.wait(0.4)
    lab.controllers.stop()
    again = Controllers(lab.store, clock=lab.clock, seed=lab.seed)
    again.start()
    lab.clock.advance(5)
    assert lab.status("Deployment", "web")["readyReplicas"] == 3
    assert not again.failures


@pytest.mark.parametrize("obj", [{"spec": {"containers": "none"}}, {"spec": {"containers": [1]}}, {"spec": []}, {}])
def test_an_odd_object_does_not_stop_the_others(obj: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    lab = Lab()
    lab.store.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "odd"}, **obj})
    lab.pod("fine")
    lab.clock.advance(5)
    assert lab.conditions("Pod", "fine")["Ready"] == ("True", "")


def test_a_terminating_namespace_is_emptied_by_the_node(lab: Lab) -> None:
    lab.store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    lab.make("apps/v1", "Deployment", "web", workload("web", replicas=2), metadata={"namespace": "shop"})
    lab.wait()
    lab.store.delete("v1", "Namespace", "", "shop")
    lab.clock.advance(10)
    assert lab.store.get("v1", "Namespace", "", "shop") is None
    assert not lab.store.list("v1", "Pod", "shop")


def test_two_hundred_deployments_come_up_in_little_time() -> None:
    lab = Lab()
    began = time.process_time()
    for number in range(200):
        lab.deployment(f"web{number}", replicas=2)
        ports = [{"port": 80}]
        lab.make("v1", "Service", f"web{number}", {"selector": {"app": f"web{number}"}, "ports": ports})
    lab.history.clear()
    lab.wait(3)
    assert sum(lab.status("Deployment", name).get("readyReplicas", 0) for name in lab.names("Deployment")) == 400
    assert time.process_time() - began < 10


def test_pods_change_only_a_few_times_on_their_way(lab: Lab) -> None:
    lab.deployment(replicas=1)
    lab.wait()
    changes = [obj for change, obj in lab.history if obj["kind"] == "Pod"]
    assert len(changes) <= 6


def test_events_are_counted_and_forgotten_after_an_hour(lab: Lab) -> None:
    lab.pod(annotation="CrashLoopBackOff")
    lab.wait(300)
    started = [event for event in lab.events("Pod", "p") if event["reason"] == "Started"]
    assert len(started) == 1
    assert started[0]["count"] > 5
    assert started[0]["lastTimestamp"] > started[0]["firstTimestamp"]
    lab.delete("Pod", "p")
    lab.wait(3601)
    lab.pod("other")
    lab.wait()
    assert not lab.events("Pod", "p")


def test_seeding_twice_changes_nothing(lab: Lab) -> None:
    revision = lab.store.revision
    seed_cluster(lab.store)
    assert lab.store.revision == revision


def test_the_cluster_has_its_own_service(lab: Lab) -> None:
    assert lab.get("Service", "kubernetes")["spec"]["clusterIP"] == "10.96.0.1"
    assert lab.get("Endpoints", "kubernetes")["subsets"]


# ---------------------------------------------------------------- on the event loop


@pytest.mark.anyio
async def test_running_works_until_cancelled_and_leaves_no_task() -> None:
    store = Store()
    store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    seed_cluster(store)
    controllers = Controllers(store, speed=200)
    before = asyncio.all_tasks()
    running = asyncio.create_task(controllers.run())
    ready = asyncio.Event()

    def watch(change: str, obj: dict[str, Any]) -> None:
        if obj["kind"] == "Deployment" and obj.get("status", {}).get("readyReplicas") == 2:
            ready.set()

    store.subscribe(watch)
    await asyncio.sleep(0)
    body = workload("web", replicas=2)
    store.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": body})
    await asyncio.wait_for(ready.wait(), 10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert asyncio.all_tasks() == before


def test_a_loop_clock_stretches_time() -> None:
    clock = LoopClock(speed=1000)
    first = clock.now()
    while clock.now() - first < timedelta(seconds=1):
        pass
    assert clock.now() > datetime.now(UTC)


def test_a_clock_does_not_stand_still() -> None:
    with pytest.raises(ValueError, match="above 0"):
        LoopClock(speed=0)


def test_a_virtual_clock_runs_what_is_due_in_order() -> None:
    clock, ran = VirtualClock(), []
    clock.call_later(2, lambda: ran.append("b"))
    clock.call_later(1, lambda: clock.call_later(0.5, lambda: ran.append("a")) and None)
    gone = clock.call_later(1, lambda: ran.append("never"))
    gone.cancel()
    clock.advance(3)
    assert ran == ["a", "b"]
    assert clock.pending == 0


# ---------------------------------------------------------------- small parts


@pytest.mark.parametrize(
    ("text", "number"),
    [("250m", 0.25), ("1Gi", 2**30), ("1e3", 1000), ("1.5", 1.5), ("2k", 2000), ("nonsense", 0), ("", 0), ("1Xi", 0)],
)
def test_quantities_are_read(text: str, number: float) -> None:
    assert float(amount(text)) == number


@pytest.mark.parametrize(("text", "seconds"), [("5s", 5), ("500ms", 0.5), ("1m", 60), ("2h", 7200), ("7", 7)])
def test_durations_are_read(text: str, seconds: float) -> None:
    assert duration(text) == seconds


def test_a_draw_depends_on_what_it_is_for_and_on_nothing_else() -> None:
    chance = Chance(3)
    assert chance.between(1, 2, "a") == chance.between(1, 2, "a")
    assert chance.between(1, 2, "a") != chance.between(1, 2, "b")
    assert all(1 <= chance.between(1, 2, number) <= 2 for number in range(100))
    assert len(chance.word(5, "x")) == 5


def test_words_of_the_annotation_are_read() -> None:
    text = "slow-start=5s, web:exit=2 ,app:not-ready,oops,exit=999"
    pod = {"metadata": {"annotations": {"flowcore.dev/sandbox": text}}}
    web, app = behaviour(pod, "web"), behaviour(pod, "app")
    assert (web.slow_start, web.exit_code, web.is_ready) == (5, 2, True)
    assert (app.exit_code, app.is_ready) == (None, False)
    assert web.unknown == ("oops", "exit=999")
