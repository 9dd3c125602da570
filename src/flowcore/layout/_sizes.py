"""How much room a card takes, and rectangles."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias
from unicodedata import east_asian_width

from attrs import frozen

from flowcore.model import Node

#: Width and height of a node's card in pixels.
Size: TypeAlias = tuple[float, float]
#: What tells the size of a node's card.
Sizer: TypeAlias = Callable[[Node], Size]

_NARROWEST, _WIDEST, _HEIGHT = 200, 300, 64
#: Room beside the name: stripe and both margins.
_BESIDE_NAME = 52
#: Width of a character of the name, in half-bold 14 pixels of a system font, on the safe side.
_CHARACTER = 8.2


def text_width(text: str, character: float = _CHARACTER) -> float:
    """Return about how wide a text is in pixels, when a usual character is *character* wide; some are twice as wide."""
    return sum(character * (2 if east_asian_width(char) in "WF" else 1) for char in text)


def card_size(node: Node) -> Size:
    """Return width and height of the card that pictures draw for a node, in pixels."""
    wanted = _BESIDE_NAME + text_width(node.name)
    return (min(max(_NARROWEST, 10 * -(-wanted // 10)), _WIDEST), _HEIGHT)


@frozen
class Box:
    """A rectangle in pixels, y down."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """The y of its middle."""
        return self.y + self.height / 2

    def overlaps(self, other: Box, room: float = 0.0) -> bool:
        """Whether the two share a point or are nearer to each other than *room*."""
        return (
            self.x < other.right + room
            and other.x < self.right + room
            and self.y < other.bottom + room
            and other.y < self.bottom + room
        )


def box_of(node: Node, size: Sizer = card_size) -> Box:
    """Return the rectangle of a node's card where it stands."""
    width, height = size(node)
    return Box(node.position.x, node.position.y, width, height)
