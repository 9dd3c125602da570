"""Which passwords will do."""

from __future__ import annotations

from flowcore.errors import Finding, Place

_SHORTEST = 6
#: Most characters of a password; more would only cost time.
LONGEST = 1024


def password_findings(password: str, path: str) -> list[Finding]:
    """Return what is wrong with a new password; *path* names the field it came in."""
    if not _SHORTEST <= len(password) <= LONGEST:
        return [account_finding(path, f"must have {_SHORTEST} to {LONGEST} characters")]
    return []


def account_finding(path: str, problem: str) -> Finding:
    return Finding(rule="account", message=f"{path} {problem}", place=Place(path=path))
