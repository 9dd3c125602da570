"""Which paths the cluster serves a kind under, asked per group and version when it is first needed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from attrs import define, field, frozen

from adapters.kubernetes._errors import unknown_kind
from adapters.kubernetes._transport import Request, Transport
from flowcore.model import ObjectRef
from flowcore.ports.cluster import RejectedError

_API_VERSION = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/)?v[0-9][a-z0-9]*", re.ASCII)


@frozen
class Resource:
    """A kind as the cluster serves it.

    Attributes:
        root: path of its group and version.
        plural: its name in paths.
        is_namespaced: whether its objects live in namespaces.
    """

    root: str
    plural: str
    is_namespaced: bool

    def collection(self, namespace: str = "") -> str:
        """Return the path of the objects of one namespace, of all of them when it is empty."""
        if self.is_namespaced and namespace:
            return f"{self.root}/namespaces/{segment(namespace)}/{self.plural}"
        return f"{self.root}/{self.plural}"

    def path(self, ref: ObjectRef, namespace: str) -> str:
        """Return the path of one object; *namespace* stands in where the reference names none."""
        return f"{self.collection(ref.namespace or namespace)}/{segment(ref.name)}"


def segment(name: str) -> str:
    """Return a name as one segment of a path.

    Raises:
        RejectedError: it is empty or would lead somewhere else.
    """
    if name in ("", ".", "..") or "/" in name or "%" in name:
        raise RejectedError(
            f'"{name[:100]}" cannot be the name of an object', reason="Invalid", causes=("metadata.name: not a name",)
        )
    return quote(name, safe="", errors="replace")


@define(eq=False)
class Discovery:
    """The kinds of one cluster, read per group and version when first needed, and again when a kind is missing."""

    transport: Transport
    _known: dict[str, Mapping[str, Resource]] = field(factory=dict, init=False)
    _locks: dict[str, asyncio.Lock] = field(factory=dict, init=False)

    async def resource(self, api_version: str, kind: str) -> Resource:
        """Return how a kind is served.

        Raises:
            RejectedError: the cluster does not know it (reason NotFound).
        """
        found = self._known.get(api_version, {}).get(kind)
        return found or await self._ask(api_version, kind)

    def forget(self, api_version: str) -> None:
        """Read this group and version again when it is next needed."""
        self._known.pop(api_version, None)

    async def _ask(self, api_version: str, kind: str) -> Resource:
        if not _API_VERSION.fullmatch(api_version):
            raise unknown_kind(api_version, kind)
        before = self._known.get(api_version)
        # Many objects of a new kind arrive at once: the first one asks, the others read what it learned.
        async with self._locks.setdefault(api_version, asyncio.Lock()):
            if self._known.get(api_version) is before:
                self._known[api_version] = await self._read(api_version)
        found = self._known.get(api_version, {}).get(kind)
        if found is None:
            raise unknown_kind(api_version, kind)
        return found

    async def _read(self, api_version: str) -> Mapping[str, Resource]:
        root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            answer = await self.transport.call(Request(method="GET", path=root))
        except RejectedError:
            return {}
        listed = answer.body.get("resources") if isinstance(answer.body, dict) else None
        resources: dict[str, Resource] = {}
        for entry in listed or ():
            if _is_kind(entry):
                resources[entry["kind"]] = Resource(
                    root, quote(entry["name"], safe=""), entry.get("namespaced") is True
                )
        return resources


def _is_kind(entry: Any) -> bool:
    """Whether an entry is a kind's own resource: subresources, like ``pods/log``, have a slash."""
    if not isinstance(entry, dict):
        return False
    kind, name = entry.get("kind"), entry.get("name")
    return isinstance(kind, str) and isinstance(name, str) and "/" not in name
