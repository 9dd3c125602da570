"""Drawings and their versions."""
