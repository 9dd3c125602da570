"""Clusters through the official Kubernetes client."""
