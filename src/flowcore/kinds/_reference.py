"""The catalogue as a page for people."""

from __future__ import annotations

from collections.abc import Iterator

from flowcore.kinds._catalogue import Catalogue
from flowcore.kinds._kind import Kind, Link
from flowcore.kinds._parameters import Parameter
from flowcore.manifests import Absent, to_yaml


def to_markdown(catalogue: Catalogue) -> str:
    """Return a Markdown page that describes every kind: what it is, its fields, what it can be linked to."""
    lines = ["# Node kinds", "", "Made from the kind files by `make golden`; do not edit.", ""]
    for kind in catalogue.kinds:
        lines += [*_kind(kind, catalogue), ""]
    return "\n".join(lines).rstrip() + "\n"


def _kind(kind: Kind, catalogue: Catalogue) -> Iterator[str]:
    yield f"## {kind.name}"
    yield ""
    yield f"{kind.description}"
    made = f"a `{kind.object_kind}` of `{kind.api_version}`" if kind.is_fixed else "the object that it is given"
    yield f"Renders {made}."
    yield ""
    yield "| field | type | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for parameter in kind.parameters:
        yield from _rows(parameter, "")
    links = list(_links(kind, catalogue))
    if links:
        yield ""
        yield "| link | meaning | data of the edge |"
        yield "| --- | --- | --- |"
        yield from links


def _rows(parameter: Parameter, prefix: str) -> Iterator[str]:
    name = f"{prefix}{parameter.name}"
    meaning = parameter.help or parameter.label
    cells = [f"`{name}`", _type(parameter), _default(parameter), meaning.replace("|", "\\|")]
    yield f"| {' | '.join(cells)} |"
    inner = parameter.items.fields if parameter.items else parameter.fields
    suffix = "[]." if parameter.items else "."
    for one in inner:
        yield from _rows(one, f"{name}{suffix}")


def _type(parameter: Parameter) -> str:
    if parameter.options:
        return ", ".join(parameter.options)
    if parameter.type == "choice":
        return " or ".join(_type(choice) for choice in parameter.choices)
    inner = parameter.items or parameter.values
    words = [parameter.type, f"of {_type(inner)}" if inner else "", f"({parameter.format})" if parameter.format else ""]
    return " ".join(word for word in words if word)


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "required"
    return "" if isinstance(parameter.default, Absent) else f"`{_inline(parameter.default)}`"


def _inline(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else to_yaml([value]).strip()


def _links(kind: Kind, catalogue: Catalogue) -> Iterator[str]:
    for other in catalogue.kinds:
        for link in catalogue.links_between(kind.name, other.name):
            yield f"| {kind.name} → {other.name} | {_meaning(link)} | {_data(link)} |"


def _meaning(link: Link) -> str:
    first = {"source": "The source is applied first.", "target": "The target is applied first."}.get(link.first, "")
    return " ".join(text for text in (link.description or link.meaning, first) if text)


def _data(link: Link) -> str:
    return ", ".join(f"`{parameter.name}`" for parameter in link.parameters)
