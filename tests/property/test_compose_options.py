"""Whatever labels and shared pods a file asks for: it is imported into what the API takes, or refused with findings."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flowcore.compose import Imported, import_compose
from flowcore.compose._labels import HONOURED
from flowcore.errors import InvalidInputError
from flowcore.library import render, validate
from tests.schemas import violations

_NAMES = ("web", "my_db", "Api")
_VALUES = st.sampled_from(
    (
        "", "true", "false", "1", "80", "-1", "99999999999", "10s", "50%", "1Gi", "a b", "a.example.com/x,true",
        "emptyDir", "hostPath", "nodeport", "headless", "local", "Forbid", "0 3 * * *", "@daily", "job", "daemonset",
        "statefulset", '["CMD", "true"]', '["x', "'", "busybox:1", "UPPER", "\u00e9", "/inner", "../x", "pair",
    )
)  # fmt: skip
_LABELS = st.dictionaries(st.sampled_from(sorted(HONOURED)), _VALUES, max_size=5)
_SERVICES = st.fixed_dictionaries(
    {"image": st.sampled_from(["nginx:1", "postgres:16"]), "labels": _LABELS},
    optional={
        "network_mode": st.sampled_from(["none", "host", *(f"service:{name}" for name in _NAMES), "container:x"]),
        "networks": st.lists(st.sampled_from(["n", "m"]), unique=True, min_size=1),
        "ports": st.just(["80:80", "127.0.0.1:81:81"]),
        "volumes": st.just(["d:/d", "/srv:/s"]),
        "deploy": st.fixed_dictionaries(
            {"mode": st.sampled_from(["global", "replicated", "replicated-job", "global-job"])}
        ),
        "healthcheck": st.just({"test": "true"}),
    },
)


def accepted(text: str, **options: str) -> Imported | None:
    """Return the import of a text; None when it is refused, with findings that name their places."""
    try:
        return import_compose(text, **options)  # type: ignore[arg-type]
    except InvalidInputError as error:
        refusal = error
    assert all(finding.message and finding.place.file for finding in refusal.findings if finding.is_error)
    return None


@given(
    services=st.fixed_dictionaries(dict.fromkeys(_NAMES, _SERVICES)),
    networks=st.sampled_from(["policies", "ignore"]),
    expose=st.sampled_from(["loadbalancer", "nodeport", "ingress", "clusterip"]),
)
@settings(deadline=None)
def test_every_choice_gives_valid_manifests_or_findings(services: dict[str, Any], networks: str, expose: str) -> None:
    document = {"services": services, "volumes": {"d": {}}, "networks": {"n": {"internal": True}, "m": {}}}
    text = json.dumps(document) + "\n"
    imported = accepted(text, networks=networks, expose=expose)
    if imported is None:
        return
    assert not [str(finding) for finding in validate(imported.workflow) if finding.is_error]
    manifests = render(imported.workflow, secret_values=imported.secret_values)
    assert not [problem for manifest in manifests for problem in violations(manifest)]
    assert {node.id for node in imported.workflow.nodes} <= {n for origin in imported.origins for n in origin.nodes}
