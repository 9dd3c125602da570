"""What somebody types to find entries of the audit log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.model import AuditResult
from flowcore.ports.audit import AuditQuery

#: Every filter, by its name.
FILTERS = ("actor", "action", "target", "targetType", "result", "since", "until")

_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)


def query_from(given: Mapping[str, str], *, beyond: str = "") -> AuditQuery:
    """Read filters.

    Args:
        given: text by the name of the filter: ``actor`` is an id or an e-mail address, ``action`` the beginning of a
            word, ``target`` an id or a name, ``since`` and ``until`` moments in ISO 8601, in UTC unless they say more.
        beyond: id of the entry behind which to go on.

    Raises:
        InvalidInputError: with every one that will not do.
    """
    texts = {name: given.get(name, "").strip() for name in FILTERS}
    findings: list[Finding] = []
    since, until = (_moment(name, texts[name], findings) for name in ("since", "until"))
    if texts["result"] and texts["result"] not in list(AuditResult):
        findings.append(_problem("result", f"must be one of {', '.join(AuditResult)}"))
    if beyond and not _ID.fullmatch(beyond):
        findings.append(_problem("cursor", "must be one that an answer had"))
    if findings:
        raise InvalidInputError(findings)
    who, what = texts["actor"], texts["target"]
    return AuditQuery(
        actor_id="" if "@" in who else who,
        actor_email=who.lower() if "@" in who else "",
        action=texts["action"],
        target_type=texts["targetType"],
        target_id=what if _ID.fullmatch(what) else "",
        target_name="" if _ID.fullmatch(what) else what,
        result=AuditResult(texts["result"]) if texts["result"] else None,
        since=since,
        until=until,
        beyond=beyond,
    )


def _moment(name: str, text: str, findings: list[Finding]) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        findings.append(_problem(name, "must be a moment like 2026-11-27T16:00:00Z"))
        return None


def _problem(path: str, message: str) -> Finding:
    return Finding(rule="audit-filter", message=f"{path} {message}", place=Place(path=path))
