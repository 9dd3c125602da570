"""Clusters: kept, looked at, and found as the target of a workflow."""
