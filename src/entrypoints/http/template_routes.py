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
from flowcore.usecases.drawings.plugins import Plugin


class TemplatesOut(msgspec.Struct):
    """The palette, ordered by category and name."""

    templates: list[dict[str, Any]]


@get("/templates")
async def list_all(user: NamedDependency[User], app: NamedDependency[App]) -> TemplatesOut:
    """List the kinds of nodes, with their parameters and what they can be wired to; of plugins, the enabled ones."""
    seen = await app.plugins.palette(user)
    kinds = [kind for kind in app.catalogue.kinds if kind.name in seen]
    kinds.sort(key=lambda kind: (kind.category, kind.apply_rank, kind.name))
    return TemplatesOut([_template(kind) | _of_plugin(kind, seen[kind.name]) for kind in kinds])


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


def _of_plugin(kind: Kind, plugin: Plugin | None) -> dict[str, Any]:
    if plugin is None:
        return {}
    return {"id": kind.name, "isPlugin": True, "pluginId": plugin.id, "tags": ["plugin", kind.category, plugin.id]}


router = Router("/", route_handlers=[list_all, show], tags=["templates"])
