"""Node data is read in its right types; nothing is lost on the way, nothing is shared."""

from __future__ import annotations

from typing import Any

import pytest

from flowcore.kinds import FORMATS, core_catalogue

CORE = core_catalogue()


def read(type_: str, **data: Any) -> dict[str, Any]:
    values, findings = CORE.kind(type_).read({"name": "x", **data}, "n")
    assert findings == []
    return values


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("replicas", 0, 0),
        ("replicas", 2.0, 2),
        ("replicas", "3", 3),
        ("port", 8080.0, 8080),
        ("port", " 8080 ", 8080),
        ("stdin", False, False),
        ("stdin", "true", True),
        ("args", [], []),
        ("args", (1, True, "08"), ["1", "true", "08"]),
        ("workingDir", "", ""),
        ("image", " nginx ", "nginx"),
        (
            "env",
            {"A": 0, "B": False, "C": "", "D": 1.0, "E": 0.1},
            {"A": "0", "B": "false", "C": "", "D": "1", "E": "0.1"},
        ),
        ("resources", {"limits": {"cpu": 0.5, "memory": 1024.0}}, {"limits": {"cpu": "0.5", "memory": "1024"}}),
        ("livenessProbe", {"periodSeconds": 10.0, "deep": [1.5, None]}, {"periodSeconds": 10, "deep": [1.5, None]}),
    ],
)
def test_values_are_coerced_only_without_loss(field: str, given: Any, kept: Any) -> None:
    found = read("deployment", **{"image": "x", field: given})[field]
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize("field", ["namespace", "imagePullPolicy", "port", "replicas", "priorityClassName"])
def test_empty_texts_of_a_form_are_no_value(field: str) -> None:
    assert field not in read("deployment", image="x", **{field: ""})


def test_null_is_no_value_but_for_variables_that_the_run_gives() -> None:
    values = read("deployment", image="x", replicas=None, labels={"a": None}, env={"A": None})
    assert "replicas" not in values
    assert (values["labels"], values["env"]) == ({}, {"A": None})


def test_what_canvases_keep_for_themselves_is_passed_over() -> None:
    marks = {"_status": {}, "_linkedSecrets": ["s"], "templateId": "core/x", "hasValidationError": True, "id": "1"}
    assert read("configmap", **marks) == {"name": "x", "mountPath": "/etc/config"}


def test_older_names_of_fields_are_understood_and_newer_ones_win() -> None:
    assert read("service", type="NodePort", port=1)["serviceType"] == "NodePort"
    assert read("service", serviceType="LoadBalancer", type="NodePort")["serviceType"] == "LoadBalancer"
    assert read("service", type="NodePort", serviceType="LoadBalancer")["serviceType"] == "LoadBalancer"


def test_nothing_is_shared_with_what_was_given() -> None:
    given = {"a": [1]}
    values = read("deployment", image="x", affinity=given)
    values["affinity"]["a"].append(2)
    assert given == {"a": [1]}


def test_values_that_are_nested_too_deeply_are_refused_at_their_place() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    values, findings = CORE.kind("deployment").read({"name": "x", "image": "x", "affinity": {"a": deep}}, "n")
    assert "affinity" not in values
    assert [(one.rule, one.place.path.startswith("data.affinity.a[0]")) for one in findings] == [("field-type", True)]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("dns-label", ["a", "a-1", "1a", "x" * 63], ["", "-a", "a-", "A", "a.b", "x" * 64, "a\n", "ä"]),
        ("dns-subdomain", ["a.b", "a"], ["a..b", ".a", "a_b", "x" * 254]),
        ("service-name", ["a", "a1"], ["1a", "a.b"]),
        ("host", ["a.example.com", "*.example.com"], ["*", "*.*.a", "a/b", "a:80"]),
        ("label-key", ["app", "example.com/App_1"], ["", "/a", "a/", "a/b/c", "-a", "Example.com/a"]),
        ("label-value", ["", "a", "A.b_c-1"], ["a b", "-a", "x" * 64]),
        (
            "image",
            ["nginx", "nginx:1.27-alpine", "a/b/c:1", "localhost:5000/a", "[::1]:5000/a", "a@sha256:" + "0" * 64],
            ["", "Nginx", "a:", "a b", "a@sha256:12", "a//b", "https://a/b", "a:tag:tag"],
        ),
        ("quantity", ["1", "0.5", "500m", "10Gi", "1e3"], ["", "1MB", "-1", "1 Gi", "a"]),
        ("port-name", ["http", "a-1"], ["", "1", "a--b", "-a", "A", "a" * 16]),
        ("env-name", ["A", "my.var-1", "a b"], ["", "A=B", "ä"]),
        ("config-key", ["a", ".env", "A_b-c.d"], ["", ".", "..", "..a", "a/b", "a b"]),
        ("absolute-path", ["/", "/a/b"], ["", "a", "/a:b"]),
        ("relative-path", ["a", "a/b", "a..b"], ["", "/a", "../a", "a/../b", ".."]),
        ("url-path", ["/", "/a"], ["", "a", "/a b"]),
        ("cidr", ["10.0.0.0/8", "fd00::/8", "10.1.2.3/8"], ["10.0.0.1", "10.0.0.0/33", "a", "10.0.0.0/255.0.0.0"]),
        ("ip", ["10.0.0.1", "fd00::1"], ["", "10.0.0", "10.0.0.01", "fe80::1%eth0", "10.0.0.0/8"]),
        ("cluster-ip", ["None", "10.96.0.1"], ["", "none", "0"]),
        ("percentage", ["0%", "25%", "100%"], ["", "25", "%", "2.5%", "-1%", "05%"]),
        (
            "cron",
            ["0 3 * * *", "*/15 6-18 1,15 jan-mar MON-fri", "5/10 * ? * ?", "@daily", "@every 1h30m", "0 0 31 2 1"],
            [
                "",
                "* * * *",
                "0 0 3 * * *",
                "60 * * * *",
                "* 24 * * *",
                "* * 0 * *",
                "* * * 13 *",
                "* * * * 7",
                "*/0 * * * *",
                "5-1 * * * *",
                "1,,2 * * * *",
                "@reboot",
                "@every soon",
                "TZ=UTC 0 3 * * *",
                "CRON_TZ=UTC 0 3 * * *",
                "0 0 30 2 *",
                "0 0 31 4,6 *",
                "\u0663 * * * *",
            ],
        ),
        (
            "time-zone",
            ["Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+12"],
            ["", "Local", "../etc/passwd", "Europe/", "Europe Berlin", "/UTC", "+01:00"],
        ),
        ("base64", ["", "aGk="], ["aGk", "a b", "ä"]),
    ],
)
def test_formats(name: str, good: list[str], bad: list[str]) -> None:
    fits = FORMATS[name].fits
    assert [text for text in good if not fits(text)] == []
    assert [text for text in bad if fits(text)] == []
