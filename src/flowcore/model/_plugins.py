"""Which further kinds of nodes a user wants to see."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen


@frozen(kw_only=True)
class PluginChoice:
    """A user's word on a plugin, which is a group of kinds that do not come with flowcore.

    Attributes:
        plugin_id: the plugin's id, an API group.
        enabled_at: when it was last enabled, in UTC.
    """

    id: str
    user_id: str
    plugin_id: str
    is_enabled: bool = True
    enabled_at: datetime | None = None
    updated_at: datetime | None = None
    revision: int = 0
