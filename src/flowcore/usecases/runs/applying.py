"""Apply one node's object: fill in its secrets, apply, and make anew what cannot be changed."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import TypeAlias

from attrs import frozen

from flowcore.errors import FlowcoreError, UnavailableError
from flowcore.model import Manifest, ObjectRef
from flowcore.ports.cluster import Applied, ClusterConnection, RejectedError
from flowcore.ports.system import Clock, IdSource

#: Seconds between two looks whether an object is gone, and how often to look.
_POLL, _LOOKS = 0.5, 60


@frozen
class MissingSecrets:
    """Secret keys that have no value anywhere."""

    keys: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"no value for {', '.join(self.keys)}: none was given, and the cluster has none; "
            "give them with the run, or let flowcore generate them"
        )


Outcome: TypeAlias = Applied | MissingSecrets


@frozen(kw_only=True)
class Applier:
    """Applies objects through one connection.

    Attributes:
        generate_secrets: make up values for secret keys that exist nowhere.
        force: take over fields of other managers.
    """

    connection: ClusterConnection
    clock: Clock
    ids: IdSource
    generate_secrets: bool = False
    force: bool = False

    async def __call__(self, manifest: Manifest, missing_secrets: tuple[str, ...] = ()) -> Outcome:
        """Apply an object.

        Raises:
            FlowcoreError: the cluster refused it or did not answer.
        """
        manifest = _with_encoded_strings(manifest)
        if missing_secrets:
            still = await self._complete(manifest, missing_secrets)
            if isinstance(still, MissingSecrets):
                return still
            manifest = still
        try:
            return await self.connection.apply(manifest, force=self.force)
        except RejectedError as error:
            if not _must_be_made_anew(manifest, error):
                raise
        await self._remove(ObjectRef.of(manifest))
        return await self.connection.apply(manifest, force=self.force)

    async def _complete(self, manifest: Manifest, keys: tuple[str, ...]) -> Manifest | MissingSecrets:
        kept = await kept_secrets(self.connection, manifest, keys)
        missing = tuple(key for key in keys if key not in kept)
        if missing and not self.generate_secrets:
            return MissingSecrets(missing)
        made = {key: _encoded(self.ids.new_secret()) for key in missing}
        return {**manifest, "data": {**(manifest.get("data") or {}), **kept, **made}}

    async def _remove(self, ref: ObjectRef) -> None:
        await self.connection.delete(ref)
        for _ in range(_LOOKS):
            if await self.connection.get(ref) is None:
                return
            await self.clock.sleep(_POLL)
        raise UnavailableError(f"{ref} must be made anew, but the cluster does not let go of the old one")


async def kept_secrets(connection: ClusterConnection, manifest: Manifest, keys: Iterable[str]) -> dict[str, str]:
    """Return the encoded values that the live Secret has for *keys*."""
    live = await connection.get(ObjectRef.of(manifest)) or {}
    values = live.get("data") or {}
    return {key: values[key] for key in keys if key in values}


def reason_of(error: FlowcoreError) -> str:
    """Return why applying failed, with every cause that the server gave."""
    if isinstance(error, RejectedError) and error.causes:
        return "; ".join(error.causes)
    return error.message


def _must_be_made_anew(manifest: Manifest, error: RejectedError) -> bool:
    """A job's template cannot change; a new state of it is a new job."""
    told = " ".join((error.message, *error.causes))
    return manifest["kind"] == "Job" and error.reason == "Invalid" and "immutable" in told


def _with_encoded_strings(manifest: Manifest) -> Manifest:
    """Turn ``stringData`` into ``data``: server-side apply would otherwise own a field that the server never keeps."""
    strings = manifest.get("stringData")
    if not strings:
        return manifest
    encoded = {key: _encoded(value) for key, value in strings.items()}
    rest = {key: value for key, value in manifest.items() if key != "stringData"}
    return {**rest, "data": {**(manifest.get("data") or {}), **encoded}}


def _encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()
