"""A floor that boxes stand on: finds the free place nearest to a wish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import evolve

from flowcore.layout._sizes import Box

_CELL = 400.0
#: How far above and below a wish a place is looked for before the search goes on one box further to the side.
_REACH = 4000.0


class Floor:
    """Boxes by the cells they touch, so that only near ones are looked at."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        self._cells: dict[tuple[int, int], list[Box]] = {}
        for box in boxes:
            self.put(box)

    def put(self, box: Box) -> None:
        """Stand a box on the floor."""
        for cell in self._touched(box, 0.0):
            self._cells.setdefault(cell, []).append(box)

    def place(self, wish: Box, room: float) -> Box:
        """Stand a box as near to the wish as nothing is in the way, first looking up and down, and return it."""
        column = wish
        while True:
            found = self._in_column(column, room)
            if found:
                self.put(found)
                return found
            column = evolve(column, x=column.right + room)

    def _in_column(self, wish: Box, room: float) -> Box | None:
        """Return the free place straight above or below the wish that is nearest to it, None when all are far."""
        whole = Box(wish.x, wish.y - _REACH, wish.width, wish.height + 2 * _REACH)
        # A box is in every cell it touches; by its identity it is looked at once.
        near = {id(box): box for cell in self._touched(whole, room) for box in self._cells.get(cell, ())}.values()
        blocked = [(box.y - room - wish.height, box.bottom + room) for box in near if box.overlaps(whole, room)]
        down = up = wish.y
        for top, bottom in sorted(blocked):
            if top < down < bottom:
                down = bottom
        for top, bottom in sorted(blocked, key=lambda block: -block[1]):
            if top < up < bottom:
                up = top
        nearest = down if down - wish.y <= wish.y - up else up
        return evolve(wish, y=nearest) if abs(nearest - wish.y) <= _REACH else None

    @staticmethod
    def _touched(box: Box, room: float) -> Iterator[tuple[int, int]]:
        for column in range(int((box.x - room) // _CELL), int((box.right + room) // _CELL) + 1):
            for row in range(int((box.y - room) // _CELL), int((box.bottom + room) // _CELL) + 1):
                yield column, row
