"""A floor that boxes stand on: finds the free place nearest to a wish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import evolve

from flowcore.layout._sizes import Box

_CELL = 400.0
#: How often a place above and below is tried before the search goes on one box further to the side.
_TRIES = 40


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

    def in_the_way(self, box: Box, room: float) -> Box | None:
        """Return a box that is nearer than *room* to this one, None when there is none."""
        for cell in self._touched(box, room):
            for other in self._cells.get(cell, ()):
                if box.overlaps(other, room):
                    return other
        return None

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
        down = up = wish
        for _ in range(_TRIES):
            below = self.in_the_way(down, room)
            if below is None:
                break
            down = evolve(down, y=below.bottom + room)
        for _ in range(_TRIES):
            above = self.in_the_way(up, room)
            if above is None:
                break
            up = evolve(up, y=above.y - room - up.height)
        free = [box for box in (down, up) if self.in_the_way(box, room) is None]
        return min(free, key=lambda box: abs(box.y - wish.y), default=None)

    @staticmethod
    def _touched(box: Box, room: float) -> Iterator[tuple[int, int]]:
        for column in range(int((box.x - room) // _CELL), int((box.right + room) // _CELL) + 1):
            for row in range(int((box.y - room) // _CELL), int((box.bottom + room) // _CELL) + 1):
                yield column, row
