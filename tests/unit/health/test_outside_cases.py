"""The cases of Argo CD and kstatus, which were written by others and stand beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flowcore.health import HealthStatus, assess

#: kstatus' words in ours.
_KSTATUS = {
    "Current": HealthStatus.HEALTHY,
    "InProgress": HealthStatus.PROGRESSING,
    "Failed": HealthStatus.DEGRADED,
    "Terminating": HealthStatus.PROGRESSING,
    "NotFound": HealthStatus.MISSING,
    "Unknown": HealthStatus.UNKNOWN,
}
#: Where Argo CD judges otherwise than kstatus, and we follow Argo CD; docs/reference/health.md says why.
_ARGO_DIFFERS = {
    "jobInProgress": HealthStatus.PROGRESSING,
    "serviceLBok": HealthStatus.PROGRESSING,
    "stsExtraPods": HealthStatus.HEALTHY,
}


def _cases(testdata: Path, name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((testdata / f"{name}.json").read_text())["cases"]
    return cases


def test_built_in_kinds_are_judged_as_argo_cd_judges_them(testdata: Path) -> None:
    # A case without a verdict is of a kind that Argo CD does not judge; such an object counts as healthy.
    wrong = [
        (case["file"], case["status"], found)
        for case in _cases(testdata, "health_argo_builtin")
        if (found := assess(case["obj"])).status != (case["status"] or "Healthy")
    ]
    assert not wrong


def test_kstatus_agrees_but_where_argo_cd_judges_otherwise(testdata: Path) -> None:
    wrong = [
        (case["name"], case["status"], found)
        for case in _cases(testdata, "health_kstatus")
        if (found := assess(case["obj"])).status != _ARGO_DIFFERS.get(case["name"], _KSTATUS[case["status"]])
    ]
    assert not wrong


def test_nine_of_ten_custom_resources_are_judged_as_argo_cds_scripts_judge_them(testdata: Path) -> None:
    cases = _cases(testdata, "health_argo_custom")
    right = sum(assess(case["obj"]).status == case["status"] for case in cases)
    assert right / len(cases) >= 0.9, f"{right} of {len(cases)}"


def test_what_is_not_well_is_explained(testdata: Path) -> None:
    names = ("health_argo_builtin", "health_kstatus", "health_argo_custom")
    verdicts = [(case, assess(case["obj"])) for name in names for case in _cases(testdata, name)]
    silent = [case for case, verdict in verdicts if verdict.status is not HealthStatus.HEALTHY and not verdict.message]
    assert not silent
