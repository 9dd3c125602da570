"""Automatic positions for drawings, and drawings as pictures in plain text."""

from flowcore.layout._arrange import arrange
from flowcore.layout._picture import Look
from flowcore.layout._sizes import Size, Sizer, card_size
from flowcore.layout._svg import to_svg
from flowcore.layout._texts import to_dot, to_json_graph, to_mermaid

__all__ = ["Look", "Size", "Sizer", "arrange", "card_size", "to_dot", "to_json_graph", "to_mermaid", "to_svg"]
