"""What somebody types to find entries is understood, or every problem with it is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flowcore.errors import InvalidInputError
from flowcore.model import AuditResult
from flowcore.ports.audit import AuditQuery
from flowcore.usecases.auditing.filters import query_from

ID = "0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({}, AuditQuery()),
        ({"actor": ID}, AuditQuery(actor_id=ID)),
        ({"actor": " Ann@Example.com "}, AuditQuery(actor_email="ann@example.com")),
        ({"target": ID, "targetType": "user"}, AuditQuery(target_id=ID, target_type="user")),
        ({"target": "prod"}, AuditQuery(target_name="prod")),
        ({"result": "denied", "action": "auth."}, AuditQuery(result=AuditResult.DENIED, action="auth.")),
        ({"since": "2026-01-02"}, AuditQuery(since=datetime(2026, 1, 2, tzinfo=UTC))),
        ({"until": "2026-01-02T03:00:00+02:00"}, AuditQuery(until=datetime(2026, 1, 2, 1, tzinfo=UTC))),
        ({"until": "2026-01-02T03:00:00Z"}, AuditQuery(until=datetime(2026, 1, 2, 3, tzinfo=UTC))),
    ],
)
def test_filters_are_read(given: dict[str, str], query: AuditQuery) -> None:
    assert query_from(given) == query


def test_every_filter_that_will_not_do_is_named() -> None:
    given = {"since": "yesterday", "until": "0001-01-01T00:00:00+14:00", "result": "maybe"}
    with pytest.raises(InvalidInputError) as refused:
        query_from(given, beyond="x")
    assert [finding.place.path for finding in refused.value.findings] == ["since", "until", "result", "cursor"]
