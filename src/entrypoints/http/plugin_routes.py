"""Plugins: kinds that do not come with flowcore, by API group, and what each user has enabled."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from entrypoints.bootstrap import App
from entrypoints.http.auditing import audited
from flowcore.kinds import Kind, Parameter
from flowcore.manifests import Absent
from flowcore.model import User
from flowcore.usecases.drawings.plugins import Plugin, PluginState

#: Heading of all plugins; the groups themselves say what they are about.
_CATEGORY = "custom"
_FIELD_TYPES = {"integer": "number", "number": "number", "port": "number"}
_NESTED = frozenset({"object", "map", "list", "choice", "any"})


class PluginsOut(msgspec.Struct):
    """Plugins by display name."""

    plugins: list[dict[str, Any]]


class CategoriesOut(msgspec.Struct):
    """The headings that plugins have."""

    categories: list[str]


class PluginOut(msgspec.Struct):
    """One plugin, and whether the caller has enabled it."""

    plugin: dict[str, Any]
    enabled: bool


class ChosenOut(msgspec.Struct):
    """What was done."""

    message: str


@get("/plugins")
async def list_all(user: NamedDependency[User], app: NamedDependency[App]) -> PluginsOut:
    """List every plugin with the caller's choice."""
    return PluginsOut([_with_choice(one) for one in await app.plugins.list(user)])


@get("/plugins/enabled")
async def list_enabled(user: NamedDependency[User], app: NamedDependency[App]) -> PluginsOut:
    """List the plugins that the caller has enabled."""
    return PluginsOut([_plugin(one.plugin) for one in await app.plugins.list(user) if one.is_enabled])


@get("/plugins/categories")
async def list_categories(user: NamedDependency[User], app: NamedDependency[App]) -> CategoriesOut:
    """List the headings of plugins."""
    return CategoriesOut([_CATEGORY] if await app.plugins.list(user) else [])


@get("/plugins/{plugin_id:str}")
async def show(plugin_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> PluginOut:
    """Show a plugin."""
    found = await app.plugins.get(user, plugin_id)
    return PluginOut(_plugin(found.plugin), found.is_enabled)


@post("/plugins/{plugin_id:str}/enable", status_code=200, opt=audited("plugin.enable"))
async def enable(plugin_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> ChosenOut:
    """Show the plugin's kinds in the caller's palette."""
    await app.plugins.choose(user, plugin_id, is_enabled=True)
    return ChosenOut("Plugin enabled successfully")


@post("/plugins/{plugin_id:str}/disable", status_code=200, opt=audited("plugin.disable"))
async def disable(plugin_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> ChosenOut:
    """Take the plugin's kinds out of the caller's palette; drawings that use them go on working."""
    await app.plugins.choose(user, plugin_id, is_enabled=False)
    return ChosenOut("Plugin disabled successfully")


def _with_choice(state: PluginState) -> dict[str, Any]:
    at = {"enabledAt": state.enabled_at.isoformat()} if state.enabled_at else {}
    return {**_plugin(state.plugin), "enabled": state.is_enabled, **at}


def _plugin(plugin: Plugin) -> dict[str, Any]:
    kinds = sorted({kind.object_kind for kind in plugin.kinds})
    return {
        "id": plugin.id,
        "name": plugin.id,
        "displayName": plugin.label,
        "description": f"Kinds of {plugin.label}: {', '.join(kinds)}",
        "category": _CATEGORY,
        "version": "1.0.0",
        "crdGroup": plugin.group,
        "crdKinds": kinds,
        "nodeTypes": [_node_type(kind) for kind in plugin.kinds],
    }


def _node_type(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "displayName": kind.label,
        "description": kind.description,
        "category": kind.category,
        "fields": [_field(parameter) for parameter in kind.parameters],
    }


def _field(parameter: Parameter) -> dict[str, Any]:
    """Return a parameter as a plugin's field, a key of node data; what is nested is for clients that read schemas."""
    plain = _FIELD_TYPES.get(parameter.type, "textarea" if parameter.type in _NESTED else "text")
    field: dict[str, Any] = {
        "id": parameter.name,
        "label": parameter.label or parameter.name,
        "type": "select" if parameter.options else plain,
        "required": parameter.required,
    }
    if not isinstance(parameter.default, Absent):
        field["default"] = str(parameter.default)
    field |= {"options": list(parameter.options)} if parameter.options else {}
    return field | ({"placeholder": parameter.help} if parameter.help else {})


router = Router(
    "/",
    route_handlers=[list_all, list_enabled, list_categories, show, enable, disable],
    tags=["plugins"],
)
