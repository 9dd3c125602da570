"""Version policy: full snapshots, numbers from 1 without gaps, restore is a new version, the named are kept."""

from flowcore.versioning._policy import (
    droppable,
    is_drawn_like,
    next_number,
    restored,
    snapshot,
    with_drawing,
    without_runtime_fields,
)

__all__ = [
    "droppable",
    "is_drawn_like",
    "next_number",
    "restored",
    "snapshot",
    "with_drawing",
    "without_runtime_fields",
]
