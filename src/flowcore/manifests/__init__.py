"""Kubernetes objects as plain values: structural templates and YAML."""
