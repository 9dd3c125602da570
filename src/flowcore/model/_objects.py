"""Kubernetes objects as plain values."""

from __future__ import annotations

from typing import Any, TypeAlias

from attrs import frozen

#: A Kubernetes object as its JSON: nested dicts, lists and scalars.
Manifest: TypeAlias = dict[str, Any]


@frozen
class ObjectRef:
    """Which object is meant; ``namespace`` is empty for cluster-scoped kinds."""

    api_version: str
    kind: str
    name: str
    namespace: str = ""

    @classmethod
    def of(cls, manifest: Manifest) -> ObjectRef:
        """Return the reference to the object that *manifest* describes."""
        metadata = manifest.get("metadata") or {}
        return cls(
            manifest["apiVersion"], manifest["kind"], metadata.get("name", ""), metadata.get("namespace", "") or ""
        )

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}" + (f" in {self.namespace}" if self.namespace else "")
