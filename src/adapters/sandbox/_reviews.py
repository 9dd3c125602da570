"""Reviews of access and identity: the sandbox knows one user, who may do everything."""

from __future__ import annotations

from typing import Any

from adapters.sandbox._status import Object

_NAME = "sandbox-admin"
USER: Object = {"username": _NAME, "uid": _NAME, "groups": ["system:masters", "system:authenticated"]}
_EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}


def reviewed(body: Object, kind: str) -> Object:
    """A review with the server's verdict as its status."""
    return {**body, "metadata": {**(body.get("metadata") or {}), "creationTimestamp": None}, "status": _verdict(kind)}


def _verdict(kind: str) -> dict[str, Any]:
    if kind == "SelfSubjectReview":
        return {"userInfo": USER}
    if kind == "TokenReview":
        return {"authenticated": True, "user": USER}
    if kind == "SelfSubjectRulesReview":
        resources = [_EVERYTHING]
        return {
            "resourceRules": resources,
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": False,
        }
    return {"allowed": True, "reason": "the sandbox has one user, who may do everything"}
