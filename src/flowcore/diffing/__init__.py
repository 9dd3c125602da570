"""What differs between plain values and between drawings, and the changes applied again."""

from flowcore.diffing._drawings import Diff, DiffStatus, Drawing, EdgeDiff, NodeDiff, diff
from flowcore.diffing._patch import patched
from flowcore.diffing._texts import to_json, to_text
from flowcore.diffing._values import ABSENT, Change, changes, same

__all__ = [
    "ABSENT",
    "Change",
    "Diff",
    "DiffStatus",
    "Drawing",
    "EdgeDiff",
    "NodeDiff",
    "changes",
    "diff",
    "patched",
    "same",
    "to_json",
    "to_text",
]
