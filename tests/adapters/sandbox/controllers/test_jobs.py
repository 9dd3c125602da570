"""Jobs and CronJobs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.sandbox._controllers._job_status import ranges
from adapters.sandbox._cron import Schedule
from tests.adapters.sandbox.controllers.lab import Lab, template


def job(lab: Lab, annotation: str = "", name: str = "task", restart: str = "Never", **spec: Any) -> None:
    body = {"template": template("task", annotation, image="busybox", restartPolicy=restart), **spec}
    lab.make("batch/v1", "Job", name, body)


def cron(lab: Lab, schedule: str = "*/5 * * * *", annotation: str = "", **spec: Any) -> None:
    inner = {"template": template("task", annotation, image="busybox", restartPolicy="Never")}
    body = {"schedule": schedule, "jobTemplate": {"spec": inner}, **spec}
    lab.make("batch/v1", "CronJob", "tick", body)


def ended(lab: Lab, name: str = "task") -> dict[str, tuple[str, str]]:
    return lab.conditions("Job", name)


def test_a_job_completes_by_itself(lab: Lab) -> None:
    job(lab)
    lab.wait(5)
    status = lab.status("Job", "task")
    assert ended(lab) == {
        "SuccessCriteriaMet": ("True", "CompletionsReached"),
        "Complete": ("True", "CompletionsReached"),
    }
    assert (status["succeeded"], status["ready"], status["startTime"]) == (1, 0, "2026-01-01T00:00:00Z")
    assert status["completionTime"] > status["startTime"]
    assert "active" not in status
    assert lab.reasons("Job") == ["SuccessfulCreate", "Completed"]


def test_the_pods_of_a_job_can_be_found_by_its_selector(lab: Lab) -> None:
    job(lab)
    lab.wait(1)
    labels = lab.all("Pod")[0]["metadata"]["labels"]
    assert lab.get("Job", "task")["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert labels["job-name"] == "task"


def test_completions_run_as_many_at_once_as_parallelism_allows(lab: Lab) -> None:
    job(lab, completions=5, parallelism=2)
    active = []
    for _ in range(120):
        lab.wait(0.1)
        active.append(lab.status("Job", "task").get("active", 0))
    assert max(active) == 2
    assert lab.status("Job", "task")["succeeded"] == 5
    assert ended(lab)["Complete"][0] == "True"


def test_a_work_queue_is_done_when_one_succeeded_and_the_others_ended(lab: Lab) -> None:
    job(lab, parallelism=3)
    lab.wait(6)
    assert lab.status("Job", "task")["succeeded"] == 3
    assert ended(lab)["Complete"][0] == "True"


def test_an_indexed_job_numbers_its_pods(lab: Lab) -> None:
    job(lab, completions=3, parallelism=3, completionMode="Indexed")
    lab.wait(6)
    assert lab.status("Job", "task")["completedIndexes"] == "0-2"
    numbers = [pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"] for pod in lab.all("Pod")]
    assert numbers == ["0", "1", "2"]
    assert lab.all("Pod")[1]["spec"]["containers"][0]["env"] == [{"name": "JOB_COMPLETION_INDEX", "value": "1"}]


def test_numbers_are_written_as_ranges() -> None:
    assert ranges([7, 1, 3, 4, 5]) == "1,3-5,7"


def test_a_failing_job_gives_up_at_its_limit_with_growing_waits(lab: Lab) -> None:
    job(lab, annotation="exit=1", backoffLimit=2)
    lab.wait(30)
    assert lab.status("Job", "task")["failed"] == 3
    assert ended(lab) == {
        "FailureTarget": ("True", "BackoffLimitExceeded"),
        "Failed": ("True", "BackoffLimitExceeded"),
    }
    assert "completionTime" not in lab.status("Job", "task")
    assert "BackoffLimitExceeded" in lab.reasons("Job")


def test_another_pod_is_tried_only_after_a_wait(lab: Lab) -> None:
    job(lab, annotation="exit=1", backoffLimit=4)
    failures: list[float] = []
    starts: list[float] = []
    for step in range(600):
        lab.wait(0.1)
        pods = lab.all("Pod")
        starts += [step / 10] * (len(pods) - len(starts))
        failures += [step / 10] * (lab.status("Job", "task").get("failed", 0) - len(failures))
    waits = [start - failure for start, failure in zip(starts[1:], failures, strict=False)]
    assert len(waits) == 4
    assert all(abs(wait - expected) < 0.3 for wait, expected in zip(waits, (1, 2, 4, 8), strict=True))


def test_restarts_in_place_count_towards_the_limit(lab: Lab) -> None:
    job(lab, annotation="exit=1", backoffLimit=1, restart="OnFailure")
    lab.wait(30)
    assert ended(lab)["Failed"] == ("True", "BackoffLimitExceeded")
    assert not lab.all("Pod")


def test_a_job_past_its_deadline_fails_and_its_pods_go(lab: Lab) -> None:
    job(lab, annotation="run=1h", activeDeadlineSeconds=10)
    lab.wait(9)
    assert lab.status("Job", "task")["active"] == 1
    lab.wait(3)
    assert ended(lab)["Failed"] == ("True", "DeadlineExceeded")
    lab.wait(2)
    assert not lab.all("Pod")


def test_a_finished_job_is_deleted_after_its_time_to_live(lab: Lab) -> None:
    job(lab, ttlSecondsAfterFinished=20)
    lab.wait(15)
    assert not lab.gone("Job", "task")
    lab.wait(15)
    assert lab.gone("Job", "task")
    assert not lab.all("Pod")


def test_a_suspended_job_has_no_pods_and_can_be_resumed(lab: Lab) -> None:
    job(lab, suspend=True)
    lab.wait()
    assert not lab.all("Pod")
    assert ended(lab) == {"Suspended": ("True", "JobSuspended")}
    lab.change("Job", "task", suspend=False)
    lab.wait(5)
    assert ended(lab)["Suspended"] == ("False", "JobResumed")
    assert ended(lab)["Complete"][0] == "True"


def test_success_is_remembered_when_the_pod_is_deleted(lab: Lab) -> None:
    job(lab, completions=2)
    while lab.status("Job", "task").get("succeeded") != 1:
        lab.wait(0.1)
    done = next(pod for pod in lab.all("Pod") if pod["status"]["phase"] == "Succeeded")
    lab.delete("Pod", done["metadata"]["name"])
    lab.wait(5)
    assert lab.status("Job", "task")["succeeded"] == 2


# ---------------------------------------------------------------- by schedule


def test_a_cron_job_starts_a_job_at_each_time_of_its_schedule(lab: Lab) -> None:
    cron(lab)
    lab.wait(299)
    assert not lab.all("Job")
    lab.wait(602)
    assert len(lab.all("Job")) == 3
    status = lab.status("CronJob", "tick")
    assert status["lastScheduleTime"] == "2026-01-01T00:15:00Z"
    assert [entry["name"] for entry in status["active"]] == [lab.names("Job")[-1]]
    lab.wait(20)
    status = lab.status("CronJob", "tick")
    assert status["lastSuccessfulTime"] > status["lastScheduleTime"]
    assert "active" not in status


def test_the_name_of_a_job_tells_its_scheduled_minute(lab: Lab) -> None:
    cron(lab)
    lab.wait(301)
    minutes = int(datetime(2026, 1, 1, 0, 5, tzinfo=UTC).timestamp()) // 60
    assert lab.names("Job") == [f"tick-{minutes}"]


def test_only_as_many_finished_jobs_are_kept_as_are_wanted(lab: Lab) -> None:
    cron(lab, "* * * * *", successfulJobsHistoryLimit=2)
    lab.wait(600)
    assert 2 <= len(lab.all("Job")) <= 3


def test_failed_jobs_have_a_limit_of_their_own(lab: Lab) -> None:
    cron(lab, "* * * * *", annotation="exit=1")
    lab.store.update({**lab.get("CronJob", "tick"), "spec": _with_limit(lab, 0)})
    lab.wait(600)
    failed = [name for name in lab.names("Job") if lab.conditions("Job", name).get("Failed")]
    assert len(failed) == 1


def _with_limit(lab: Lab, limit: int) -> dict[str, Any]:
    spec: dict[str, Any] = lab.get("CronJob", "tick")["spec"]
    inner = {**spec["jobTemplate"]["spec"], "backoffLimit": limit}
    return {**spec, "jobTemplate": {"spec": inner}}


@pytest.mark.parametrize(("policy", "running"), [("Allow", 3), ("Forbid", 1), ("Replace", 1)])
def test_the_concurrency_policy_decides_about_a_running_job(lab: Lab, policy: str, running: int) -> None:
    cron(lab, annotation="run=1h", concurrencyPolicy=policy)
    lab.wait(905)
    assert len(lab.all("Job")) == running
    start = lab.get("Job", lab.names("Job")[-1])["metadata"]["creationTimestamp"]
    assert start == ("2026-01-01T00:05:00Z" if policy == "Forbid" else "2026-01-01T00:15:00Z")


def test_a_suspended_cron_job_starts_nothing(lab: Lab) -> None:
    cron(lab, suspend=True)
    lab.wait(3600)
    assert not lab.all("Job")


def test_a_schedule_that_cannot_be_read_is_reported(lab: Lab) -> None:
    cron(lab, "every day")
    lab.wait()
    assert lab.reasons("CronJob") == ["UnparseableSchedule"]


def test_an_unknown_time_zone_is_reported(lab: Lab) -> None:
    cron(lab, timeZone="Mars/Olympus")
    lab.wait()
    assert "unknown time zone Mars/Olympus" in lab.events("CronJob")[0]["message"]


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("*/15 * * * *", "2026-01-01T00:00", "2026-01-01T00:15"),
        ("0 0 * * *", "2026-01-01T00:00", "2026-01-02T00:00"),
        ("@hourly", "2026-01-01T00:59", "2026-01-01T01:00"),
        ("30 4 1,15 * 5", "2026-01-02T05:00", "2026-01-09T04:30"),
        ("0 12 * * mon-fri", "2026-01-02T13:00", "2026-01-05T12:00"),
        ("0 0 29 2 *", "2026-01-01T00:00", "2028-02-29T00:00"),
        ("5-10/2 3 * JAN *", "2026-01-31T03:09", "2027-01-01T03:05"),
        ("0 0 * * 7", "2026-01-01T00:00", "2026-01-04T00:00"),
        ("10/20 * * * *", "2026-01-01T00:11", "2026-01-01T00:30"),
    ],
)
def test_a_schedule_finds_its_next_time(schedule: str, after: str, expected: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert Schedule.parse(schedule).next_after(moment) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_schedule_follows_the_clocks_of_its_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    schedule = Schedule.parse("30 2 * * *")
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert schedule.next_after(before, berlin) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "* * * *", "60 * * * *", "* * 0 * *", "*/0 * * * *", "a * * * *", "5-1 * * * *"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Schedule.parse(text)


def test_a_date_that_never_comes_has_no_next_time() -> None:
    assert Schedule.parse("0 0 31 2 *").next_after(datetime(2026, 1, 1, tzinfo=UTC)) is None
