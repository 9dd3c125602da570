"""Plugins: kinds of nodes that do not come with flowcore, by API group; every user enables what they want to see."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve, field, frozen

from flowcore.errors import ConflictError, NotFoundError
from flowcore.kinds import Catalogue, Kind, core_catalogue
from flowcore.model import PluginChoice, User
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change

#: Id of the plugin with kinds of objects that Kubernetes itself knows.
OWN = "own"
_KUBERNETES = frozenset({"", "apps", "batch", "autoscaling", "policy"})


@frozen(kw_only=True)
class Plugin:
    """A group of kinds.

    Attributes:
        id: the API group; ``own`` for kinds of objects that belong to Kubernetes' own groups.
        group: the API group; empty for those.
        kinds: its kinds, by name.
    """

    id: str
    label: str
    group: str
    kinds: tuple[Kind, ...] = field(repr=False)


@frozen(kw_only=True)
class PluginState:
    """A plugin as one user sees it.

    Attributes:
        enabled_at: when the user enabled it, None when it is not enabled.
    """

    plugin: Plugin
    is_enabled: bool = False
    enabled_at: datetime | None = None


def plugins_of(catalogue: Catalogue) -> tuple[Plugin, ...]:
    """Return the plugins that a catalogue makes, by label."""
    core = core_catalogue()
    groups: dict[str, list[Kind]] = {}
    for kind in catalogue.kinds:
        if kind.name not in core:
            groups.setdefault(_group(kind), []).append(kind)
    made = [
        Plugin(
            id=group or OWN,
            label=group or "Own kinds",
            group=group,
            kinds=tuple(sorted(kinds, key=lambda kind: kind.name)),
        )
        for group, kinds in groups.items()
    ]
    return tuple(sorted(made, key=lambda plugin: plugin.label.lower()))


def _group(kind: Kind) -> str:
    """Return the API group of a kind, empty where a kind of one's own makes an object of a group of Kubernetes."""
    group = kind.api_version.rpartition("/")[0]
    return "" if group in _KUBERNETES or (group.endswith(".k8s.io") and kind.category != group) else group


@frozen(kw_only=True)
class Plugins:
    """See, enable and disable plugins."""

    choices: Repository[PluginChoice]
    catalogue: Catalogue
    clock: Clock
    ids: IdSource

    async def list(self, user: User) -> list[PluginState]:
        """Return every plugin with the user's choice, by label."""
        chosen = {choice.plugin_id: choice for choice in await self.choices.find({"user_id": user.id})}
        return [_state(plugin, chosen.get(plugin.id)) for plugin in plugins_of(self.catalogue)]

    async def get(self, user: User, plugin_id: str) -> PluginState:
        """Return one plugin with the user's choice.

        Raises:
            NotFoundError: there is none.
        """
        plugin = self._plugin(plugin_id)
        return _state(plugin, await self._choice(user, plugin_id))

    async def choose(self, user: User, plugin_id: str, *, is_enabled: bool) -> None:
        """Enable or disable a plugin for the user; saying it again changes nothing.

        Raises:
            NotFoundError: there is none.
        """
        self._plugin(plugin_id)
        known = await self._choice(user, plugin_id)
        if known is None:
            known = await self._added(user, plugin_id, is_enabled=is_enabled)
        if known is not None and known.is_enabled != is_enabled:
            await change(self.choices, known.id, lambda choice: self._changed(choice, is_enabled=is_enabled))

    async def palette(self, user: User) -> dict[str, Plugin | None]:
        """Return the names of the kinds that the user sees, each with its plugin, None for what comes with flowcore."""
        states = {kind.name: one for one in await self.list(user) for kind in one.plugin.kinds}
        seen = [kind.name for kind in self.catalogue.kinds if kind.name not in states or states[kind.name].is_enabled]
        return {name: states[name].plugin if name in states else None for name in seen}

    def _plugin(self, plugin_id: str) -> Plugin:
        for plugin in plugins_of(self.catalogue):
            if plugin.id == plugin_id:
                return plugin
        raise NotFoundError("Plugin not found", code="plugin.not_found")

    async def _choice(self, user: User, plugin_id: str) -> PluginChoice | None:
        found = await self.choices.find({"user_id": user.id, "plugin_id": plugin_id}, limit=1)
        return found[0] if found else None

    async def _added(self, user: User, plugin_id: str, *, is_enabled: bool) -> PluginChoice | None:
        fresh = PluginChoice(id=self.ids.new_id(), user_id=user.id, plugin_id=plugin_id, is_enabled=is_enabled)
        try:
            return await self.choices.add(self._changed(fresh, is_enabled=is_enabled))
        except ConflictError:  # the same user was faster elsewhere
            return await self._choice(user, plugin_id)

    def _changed(self, choice: PluginChoice, *, is_enabled: bool) -> PluginChoice:
        now = self.clock.now()
        since = now if is_enabled else choice.enabled_at
        return evolve(choice, is_enabled=is_enabled, enabled_at=since, updated_at=now)


def _state(plugin: Plugin, choice: PluginChoice | None) -> PluginState:
    if choice is None or not choice.is_enabled:
        return PluginState(plugin=plugin)
    return PluginState(plugin=plugin, is_enabled=True, enabled_at=choice.enabled_at)
