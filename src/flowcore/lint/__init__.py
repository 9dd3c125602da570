"""Findings about a drawing, each with its place, a reason and a fix."""

from flowcore.lint._inspection import Inspection, inspect, validate

__all__ = ["Inspection", "inspect", "validate"]
