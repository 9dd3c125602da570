"""The palette: every kind of node that can be drawn."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from entrypoints.bootstrap import App
from flowcore.kinds import Kind
from flowcore.model import User


class TemplatesOut(msgspec.Struct):
    """The palette, ordered by category and name."""

    templates: list[dict[str, Any]]


@get("/templates")
async def list_all(user: NamedDependency[User], app: NamedDependency[App]) -> TemplatesOut:
    """List the kinds of nodes, with their parameters and what they can be wired to."""
    kinds = sorted(app.catalogue.kinds, key=lambda kind: (kind.category, kind.apply_rank, kind.name))
    return TemplatesOut([_template(kind) for kind in kinds])


@get("/templates/core/{name:str}")
async def show(name: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> dict[str, Any]:
    """Show a kind, with the JSON Schema of its node's data."""
    kind = app.catalogue.kind(name)
    return {**_template(kind), "schema": kind.json_schema()}


def _template(kind: Kind) -> dict[str, Any]:
    described = kind.describe()
    parameters = [{**one, "description": one.get("help", "")} for one in described.pop("parameters")]
    return {
        **described,
        "id": f"core/{kind.name}",
        "displayName": kind.label,
        "version": "1.0.0",
        "tags": [kind.category],
        "usageFrequency": "medium",
        "difficulty": "medium",
        "dependencies": [],
        "parameters": parameters,
    }


router = Router("/", route_handlers=[list_all, show], tags=["templates"])
