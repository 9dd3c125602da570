"""Drawings in the languages of other tools: Mermaid, Graphviz and JSON Graph Format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowcore.layout._picture import Card, Drawing, Look, picture, wire_label

#: Border and fill of a category's nodes.
_COLOURS = {
    "workloads": ("#2563eb", "#eff6ff"),
    "networking": ("#7c3aed", "#f5f3ff"),
    "configuration": ("#b45309", "#fffbeb"),
    "storage": ("#0f766e", "#f0fdfa"),
    "scaling": ("#be185d", "#fdf2f8"),
}
_PLAIN = ("#57606a", "#f6f8fa")
#: Mermaid reads these inside a quoted label; written as their code they are shown as they are.
_MERMAID = {char: f"#{ord(char)};" for char in '"#&<>`\\$%{}'}


def _mermaid(text: str) -> str:
    """Return a text as it may stand in a quoted Mermaid label."""
    return "".join(_MERMAID.get(char, char) for char in " ".join(_visible(text).split()))


def _visible(text: str) -> str:
    """Return a text with every character that is not for showing as a space."""
    return "".join(char if char.isprintable() else " " for char in text)


def to_mermaid(drawing: Drawing, *, looks: Mapping[str, Look] | None = None) -> str:
    """Return the drawing as a Mermaid flowchart, for a Markdown file.

    Args:
        drawing: a workflow or version.
        looks: label and category by kind; kinds that are not named are shown as usual.
    """
    shown = picture(drawing, looks)
    lines = ["flowchart LR"]
    for card in shown.cards:
        lines.append(f'    {card.key}["{_mermaid(card.look.label)}<br/><b>{_mermaid(card.name)}</b>"]')
    for wire in shown.wires:
        label = f'|"{_mermaid(wire.label)}"|' if wire.label else ""
        lines.append(f"    {wire.source.key} -->{label} {wire.target.key}")
    for category, cards in _by_category(shown.cards).items():
        border, fill = _COLOURS.get(category, _PLAIN)
        lines.append(f"    classDef {category or 'other'} fill:{fill},stroke:{border},color:#1f2328")
        lines.append(f"    class {','.join(card.key for card in cards)} {category or 'other'}")
    return "\n".join(lines) + "\n"


def _by_category(cards: Sequence[Card]) -> dict[str, list[Card]]:
    found: dict[str, list[Card]] = {}
    for card in cards:
        category = card.look.category
        found.setdefault(category if category in _COLOURS else "", []).append(card)
    return dict(sorted(found.items()))


def _quoted(text: str) -> str:
    """Return a text as a quoted Graphviz string that is shown as it is."""
    return '"' + _visible(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def to_dot(drawing: Drawing, *, looks: Mapping[str, Look] | None = None) -> str:
    """Return the drawing in Graphviz' language.

    Args:
        drawing: a workflow or version.
        looks: label and category by kind; kinds that are not named are shown as usual.
    """
    shown = picture(drawing, looks)
    lines = [
        "digraph workflow {",
        "    rankdir=LR",
        '    node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=12]',
        '    edge [fontname="Helvetica", fontsize=10, color="#8c959f"]',
    ]
    for card in shown.cards:
        border, fill = _COLOURS.get(card.look.category, _PLAIN)
        label = f"{_quoted(card.look.label)[:-1]}\\n{_quoted(card.name)[1:]}"
        style = ', style="rounded,dashed"' if card.is_missing else ""
        lines.append(f'    {card.key} [label={label}, color="{border}", fillcolor="{fill}"{style}]')
    for wire in shown.wires:
        label = f" [label={_quoted(wire.label)}]" if wire.label else ""
        lines.append(f"    {wire.source.key} -> {wire.target.key}{label}")
    return "\n".join([*lines, "}"]) + "\n"


def to_json_graph(
    drawing: Drawing, waves: Sequence[Sequence[str]] | None = None, *, looks: Mapping[str, Look] | None = None
) -> dict[str, Any]:
    """Return the drawing in JSON Graph Format, as plain JSON values.

    Args:
        drawing: a workflow or version.
        waves: ids of the nodes that are applied together, in order; every node is told its wave, from 0.
        looks: label and category by kind.
    """
    wave_of = {node_id: number for number, wave in enumerate(waves or ()) for node_id in wave}
    shown = picture(drawing, looks)
    nodes: dict[str, Any] = {}
    for node, card in zip(drawing.nodes, shown.cards, strict=False):
        about = {
            "type": node.type,
            "kind": card.look.label,
            "category": card.look.category,
            "position": {"x": node.position.x, "y": node.position.y},
        }
        wave = {"wave": wave_of[node.id]} if node.id in wave_of else {}
        nodes.setdefault(node.id, {"label": node.name, "metadata": {**about, **wave}})
    nodes |= {card.id: {"label": card.name, "metadata": {"missing": True}} for card in shown.cards if card.is_missing}
    edges = [
        {
            "id": edge.id,
            "source": edge.source,
            "target": edge.target,
            "metadata": {
                "label": wire_label(edge),
                "data": {key: value for key, value in edge.data.items() if not key.startswith("_")},
            },
        }
        for edge in drawing.edges
    ]
    return {"graph": {"directed": True, "label": getattr(drawing, "name", ""), "nodes": nodes, "edges": edges}}
