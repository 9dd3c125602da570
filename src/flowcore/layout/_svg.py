"""Drawings as SVG: a picture that stands alone, light or dark as the reader likes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from attrs import evolve

from flowcore.layout._arrange import arrange
from flowcore.layout._picture import Card, Drawing, Look, Picture, Wire, picture
from flowcore.layout._routes import Route, routes
from flowcore.layout._sizes import Box, Sizer, box_of, card_size, text_width

_MARGIN = 32.0
#: Light and dark colour of every category's stripe.
_STRIPES = {
    "workloads": ("#2563eb", "#60a5fa"),
    "networking": ("#7c3aed", "#a78bfa"),
    "configuration": ("#d97706", "#fbbf24"),
    "storage": ("#0d9488", "#2dd4bf"),
    "scaling": ("#db2777", "#f472b6"),
    "other": ("#6e7781", "#8b949e"),
}
#: Colour of every health word, readable on both backgrounds.
_STATUSES = {
    "Healthy": "#1a9f4b",
    "Progressing": "#2f81f7",
    "Degraded": "#e5484d",
    "Suspended": "#986ee2",
    "Missing": "#d29922",
    "Unknown": "#8b949e",
}
_LIGHT = """
  .fc-back { fill: #f6f8fa }
  .fc-card { fill: #ffffff; stroke: #d0d7de }
  .fc-missing { fill: none; stroke: #e5484d; stroke-dasharray: 5 4 }
  .fc-kind { fill: #656d76; font-size: 11px; letter-spacing: .02em }
  .fc-name { fill: #1f2328; font-size: 14px; font-weight: 600 }
  .fc-wire { fill: none; stroke: #8c959f; stroke-width: 1.5 }
  .fc-head { fill: #8c959f }
  .fc-pill { fill: #f6f8fa; stroke: #d0d7de }
  .fc-label { fill: #424a53; font-size: 11px }
"""
_DARK = """
    .fc-back { fill: #0d1117 }
    .fc-card { fill: #161b22; stroke: #30363d }
    .fc-kind { fill: #8b949e }
    .fc-name { fill: #e6edf3 }
    .fc-wire { stroke: #6e7681 }
    .fc-head { fill: #6e7681 }
    .fc-pill { fill: #0d1117; stroke: #30363d }
    .fc-label { fill: #adbac7 }
"""
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def to_svg(
    drawing: Drawing,
    *,
    statuses: Mapping[str, str] | None = None,
    looks: Mapping[str, Look] | None = None,
    size: Sizer = card_size,
) -> str:
    """Return the drawing as an SVG picture; the same drawing always gives the same text.

    Nodes are shown where they stand. When cards would lie over each other, as in a drawing that was never laid out,
    they are arranged first.

    Args:
        drawing: a workflow or version.
        statuses: health words by node id, like ``Healthy``; nodes without one show none.
        looks: label and category by kind; kinds that are not named are shown as usual.
        size: tells width and height of a node's card.
    """
    shown = picture(_laid_out(drawing, size), looks, size)
    shown = _with_strangers_placed(shown)
    ways = routes(shown)
    body = [*_wires(shown.wires, ways), *(_card(card, (statuses or {}).get(card.id, "")) for card in shown.cards)]
    title = escape(_shown(getattr(drawing, "name", "") or "workflow"))
    return _document(_frame(shown, ways), title, [*body, *_labels(shown.wires, ways)])


class _Arranged:
    """A drawing with other positions."""

    def __init__(self, drawing: Drawing, size: Sizer) -> None:
        self.nodes = arrange(drawing.nodes, drawing.edges, size=size)
        self.edges = drawing.edges


def _laid_out(drawing: Drawing, size: Sizer) -> Drawing:
    boxes = sorted((box_of(node, size) for node in drawing.nodes), key=lambda box: box.x)
    for index, box in enumerate(boxes):
        for other in boxes[index + 1 :]:
            if other.x >= box.right:
                break
            if box.overlaps(other):
                return _Arranged(drawing, size)
    return drawing


def _with_strangers_placed(shown: Picture) -> Picture:
    """Put the cards of nodes that are not there in a row below the drawing."""
    real = [card.box for card in shown.cards if not card.is_missing]
    x, y = min((box.x for box in real), default=0.0), max((box.bottom for box in real), default=0.0) + 48
    moved: dict[str, Card] = {}
    for card in shown.cards:
        if card.is_missing:
            moved[card.key] = evolve(card, box=Box(x, y, 180, 64))
            x += 216
    wires = (
        evolve(wire, source=moved.get(wire.source.key, wire.source), target=moved.get(wire.target.key, wire.target))
        for wire in shown.wires
    )
    return Picture(tuple(moved.get(card.key, card) for card in shown.cards), tuple(wires))


def _frame(shown: Picture, ways: Sequence[Route]) -> Box:
    """Return the part of the plane that the picture shows."""
    boxes = [card.box for card in shown.cards]
    points = [point for way in ways for point in way.points]
    left = min([*(box.x for box in boxes), *(x for x, _ in points)], default=0.0) - _MARGIN
    top = min([*(box.y for box in boxes), *(y for _, y in points)], default=0.0) - _MARGIN
    right = max([*(box.right for box in boxes), *(x for x, _ in points)], default=160.0) + _MARGIN
    bottom = max([*(box.bottom for box in boxes), *(y for _, y in points)], default=60.0) + _MARGIN
    return Box(left, top, right - left, bottom - top)


def _document(frame: Box, title: str, body: Sequence[str]) -> str:
    light, dark = "".join(_category_styles(0)), "".join(_category_styles(1))
    view = " ".join(_number(value) for value in (frame.x, frame.y, frame.width, frame.height))
    back = _rectangle("fc-back", frame, 0)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" width="{_number(frame.width)}"'
            f' height="{_number(frame.height)}" role="img" font-family="{_FONT}">',
            f"<title>{title}</title>",
            f"<style>{_LIGHT}{light}  @media (prefers-color-scheme: dark) {{{_DARK}{dark}  }}\n</style>",
            '<defs><marker id="fc-arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8"'
            ' markerUnits="userSpaceOnUse" orient="auto"><path class="fc-head" d="M0,0.5 L8,4 L0,7.5 z"/>'
            "</marker></defs>",
            back,
            *body,
            "</svg>",
            "",
        ]
    )


def _category_styles(mode: int) -> list[str]:
    return [f"  .fc-{name} {{ fill: {colours[mode]} }}\n" for name, colours in _STRIPES.items()]


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _rectangle(style: str, box: Box, radius: float) -> str:
    rounded = f' rx="{_number(radius)}"' if radius else ""
    return (
        f'<rect class="{style}" x="{_number(box.x)}" y="{_number(box.y)}"'
        f' width="{_number(box.width)}" height="{_number(box.height)}"{rounded}/>'
    )


def _shown(text: str) -> str:
    """Return a text with every character that is not for showing (and not allowed in XML) as a space."""
    return "".join(char if char.isprintable() else " " for char in text)


def _fitted(text: str, width: float, character: float) -> str:
    """Return a text that is at most *width* pixels wide, shortened with an ellipsis at need."""
    text = _shown(text)
    if text_width(text, character) <= width:
        return text
    while text and text_width(text, character) > width - character:
        text = text[:-1]
    return f"{text}…"


def _card(card: Card, status: str) -> str:
    box = card.box
    look = card.look.category if card.look.category in _STRIPES else "other"
    room = box.width - 34
    name = escape(_fitted(card.name, room, 8.2))
    kind = escape(_fitted(card.look.label, room - (text_width(status, 6.3) + 20 if status else 0), 6.3))
    stripe = f"M{_number(box.x + 8)},{_number(box.y)} a8,8 0 0 0 -8,8 v{_number(box.height - 16)} a8,8 0 0 0 8,8"
    stripe += f" a14,14 0 0 1 -2.5,-8 v-{_number(box.height - 16)} a14,14 0 0 1 2.5,-8 z"
    parts = [
        f"<g><title>{escape(_shown(f'{card.look.label} {card.name}'))}</title>",
        _rectangle("fc-missing" if card.is_missing else "fc-card", box, 8),
        "" if card.is_missing else f'<path class="fc-{look}" d="{stripe}"/>',
        f'<text class="fc-kind" x="{_number(box.x + 20)}" y="{_number(box.y + 25)}">{kind}</text>',
        f'<text class="fc-name" x="{_number(box.x + 20)}" y="{_number(box.y + 45)}">{name}</text>',
        _status_mark(box, status),
        "</g>",
    ]
    return "".join(parts)


def _status_mark(box: Box, status: str) -> str:
    if not status:
        return ""
    colour = _STATUSES.get(status, _STATUSES["Unknown"])
    return (
        f'<text class="fc-kind" x="{_number(box.right - 14)}" y="{_number(box.y + 25)}" text-anchor="end">'
        f'<tspan fill="{colour}">●</tspan> {escape(_shown(status))}</text>'
    )


def _wires(wires: Sequence[Wire], ways: Sequence[Route]) -> list[str]:
    return [
        f'<path class="fc-wire" d="{way.path}" marker-end="url(#fc-arrow)"/>'
        for _, way in zip(wires, ways, strict=True)
    ]


def _labels(wires: Sequence[Wire], ways: Sequence[Route]) -> list[str]:
    found = []
    for wire, way in zip(wires, ways, strict=True):
        if wire.label:
            width = text_width(wire.label, 6.3) + 14
            box = Box(way.middle[0] - width / 2, way.middle[1] - 9, width, 18)
            found.append(
                f'{_rectangle("fc-pill", box, 9)}<text class="fc-label" x="{_number(way.middle[0])}"'
                f' y="{_number(way.middle[1] + 4)}" text-anchor="middle">{escape(_shown(wire.label))}</text>'
            )
    return found
