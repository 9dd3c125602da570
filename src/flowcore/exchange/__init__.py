"""Kubernetes objects to a drawing, and a drawing to what other tools take: YAML, kustomize, Helm."""

from flowcore.exchange._exporting import to_manifests
from flowcore.exchange._helm import to_helm
from flowcore.exchange._importing import import_manifests
from flowcore.exchange._kustomize import to_kustomize

__all__ = ["import_manifests", "to_helm", "to_kustomize", "to_manifests"]
