"""Kubernetes objects to a drawing, and a drawing to what other tools take: YAML, kustomize, Helm."""
