"""Runs: deploy a drawing, watch what becomes of it, take it back."""
