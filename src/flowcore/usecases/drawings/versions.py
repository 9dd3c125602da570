"""Versions: look at, compare, make, describe, restore."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from attrs import evolve, field, frozen

from flowcore.diffing import Diff, diff
from flowcore.errors import ConflictError, NotFoundError
from flowcore.model import User, Version, Workflow
from flowcore.policy import Permission
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change
from flowcore.usecases.access import Authorizer
from flowcore.versioning import droppable, is_drawn_like, next_number, restored, snapshot, with_drawing

#: Tries to take the next number before giving up against others who take it first.
_TRIES = 200


@frozen(kw_only=True)
class History:
    """The append-only list of versions of every workflow.

    Attributes:
        keep: how many automatic versions of a workflow are kept; 0 keeps all.
    """

    versions: Repository[Version]
    keep: int = 0

    async def append(self, workflow_id: str, make: Callable[[int], Version]) -> Version:
        """Store the version that *make* makes for the next free number, which nobody else gets.

        Raises:
            ConflictError: others took the next number too often.
        """
        for _ in range(_TRIES):
            number = next_number(await self.newest(workflow_id))
            with suppress(ConflictError):
                stored = await self.versions.add(make(number))
                await self._forget_old(workflow_id)
                return stored
        raise ConflictError("too many versions are made at the same time", code="conflict.busy")

    async def newest(self, workflow_id: str) -> int:
        """Return the number of the newest version, 0 when there is none."""
        found = await self.versions.find({"workflow_id": workflow_id}, order_by=("-number",), limit=1)
        return found[0].number if found else 0

    async def latest(self, workflow_id: str, count: int) -> list[Version]:
        """Return the newest versions, newest first."""
        return await self.versions.find({"workflow_id": workflow_id}, order_by=("-number",), limit=count)

    async def newest_run(self, workflow_id: str) -> int:
        """Return the number of the newest version that is run, or was and not cancelled; 0 when there is none."""
        where = {"workflow_id": workflow_id, "run_status": ("pending", "completed", "failed")}
        found = await self.versions.find(where, order_by=("-number",), limit=1)
        return found[0].number if found else 0

    async def get(self, workflow_id: str, number: int) -> Version:
        """Return a version.

        Raises:
            NotFoundError: the workflow has none of this number.
        """
        found = await self.versions.find({"workflow_id": workflow_id, "number": number}, limit=1)
        if not found:
            raise NotFoundError("Version not found", code="version.not_found")
        return found[0]

    async def pending(self, workflow_id: str = "") -> list[Version]:
        """Return the versions whose run has not ended, as far as is written on them: of one workflow, or of all."""
        where = {"run_status": "pending"}
        return await self.versions.find({**where, "workflow_id": workflow_id} if workflow_id else where)

    async def last_good(self, workflow_id: str, *, before: int) -> Version | None:
        """Return the newest version below *before* that a run completed."""
        where = {"workflow_id": workflow_id, "run_status": "completed"}
        found = await self.versions.find(where, order_by=("-number",))
        return next((version for version in found if version.number < before), None)

    async def _forget_old(self, workflow_id: str) -> None:
        if self.keep:
            kept = await self.versions.find({"workflow_id": workflow_id})
            for version in droppable(kept, keep=self.keep):
                await self.versions.remove(version.id)


@frozen(kw_only=True)
class VersionQueries:
    """Look at and compare the versions of one's workflows."""

    authorizer: Authorizer
    history: History

    async def list(self, user: User, workflow_id: str, *, page: int, limit: int) -> tuple[list[Version], int]:
        """Return a page of versions, newest first, and how many there are; pages count from 1.

        Raises:
            NotFoundError: the user has no such workflow.
        """
        await self.authorizer.workflow(user, workflow_id, Permission.VIEW)
        where = {"workflow_id": workflow_id}
        versions = self.history.versions
        found = await versions.find(where, order_by=("-number",), limit=limit, offset=(page - 1) * limit)
        return found, await versions.count(where)

    async def get(self, user: User, workflow_id: str, number: int) -> Version:
        """Return one version.

        Raises:
            NotFoundError: the user has no such workflow, or it has no such version.
        """
        await self.authorizer.workflow(user, workflow_id, Permission.VIEW)
        return await self.history.get(workflow_id, number)

    async def compare(self, user: User, workflow_id: str, old: int, new: int) -> tuple[Version, Version, Diff]:
        """Return both versions and what differs from *old* to *new*.

        Raises:
            NotFoundError: the user has no such workflow, or it lacks one of the versions.
        """
        await self.authorizer.workflow(user, workflow_id, Permission.VIEW)
        try:
            versions = (await self.history.get(workflow_id, old), await self.history.get(workflow_id, new))
        except NotFoundError:
            raise NotFoundError("One or both versions not found", code="version.not_found") from None
        return (*versions, diff(*versions))


@frozen(kw_only=True)
class Description:
    """What people write on a version; None leaves a part as it is."""

    name: str | None = None
    tag: str | None = None
    text: str | None = field(default=None)


@frozen(kw_only=True)
class CreateVersion:
    """Keep the stored drawing as a version, without a run."""

    authorizer: Authorizer
    workflows: Repository[Workflow]
    history: History
    clock: Clock
    ids: IdSource

    async def __call__(self, user: User, workflow_id: str, described: Description) -> Version:
        """Return the new version.

        Raises:
            NotFoundError: the user has no such workflow.
        """
        workflow = await self.authorizer.workflow(user, workflow_id, Permission.EDIT)

        def make(number: int) -> Version:
            return snapshot(
                workflow,
                id_=self.ids.new_id(),
                number=number,
                at=self.clock.now(),
                by=user.id,
                name=described.name or "",
                tag=described.tag or "",
                description=described.text or "",
            )

        version = await self.history.append(workflow_id, make)
        await change(self.workflows, workflow_id, lambda current: with_newest(current, version.number))
        return version


@frozen(kw_only=True)
class DescribeVersion:
    """Name, tag or describe a version; nothing else of it can change."""

    authorizer: Authorizer
    history: History

    async def __call__(self, user: User, workflow_id: str, number: int, described: Description) -> Version:
        """Return the described version.

        Raises:
            NotFoundError: the user has no such workflow, or it has no such version.
        """
        await self.authorizer.workflow(user, workflow_id, Permission.EDIT)
        found = await self.history.get(workflow_id, number)

        def make(version: Version) -> Version:
            return evolve(
                version,
                name=version.name if described.name is None else described.name,
                tag=version.tag if described.tag is None else described.tag,
                description=version.description if described.text is None else described.text,
            )

        return await change(self.history.versions, found.id, make)


@frozen(kw_only=True)
class RestoreVersion:
    """Bring an old drawing back as a new version.

    What was drawn before is kept as a version first, unless it is one already, so that a restore can be undone.
    """

    authorizer: Authorizer
    workflows: Repository[Workflow]
    history: History
    clock: Clock
    ids: IdSource

    async def __call__(self, user: User, workflow_id: str, number: int) -> tuple[Version, Workflow]:
        """Return the new version and the workflow that is drawn like it.

        Raises:
            NotFoundError: the user has no such workflow, or it has no such version.
        """
        source = await self._draw(user, workflow_id, number)

        def make(new: int) -> Version:
            return restored(source, id_=self.ids.new_id(), number=new, at=self.clock.now(), by=user.id)

        version = await self.history.append(workflow_id, make)
        return version, await change(self.workflows, workflow_id, lambda current: with_newest(current, version.number))

    async def _draw(self, user: User, workflow_id: str, number: int) -> Version:
        """Draw the workflow like a version, in one step that finds nothing drawn but what is kept, and return it."""
        while True:
            kept = await self.authorizer.workflow(user, workflow_id, Permission.EDIT)
            source = await self.history.get(workflow_id, number)
            await self._keep(user, kept, number)
            drawn = await change(self.workflows, workflow_id, partial(self._drawn, kept, source))
            if is_drawn_like(drawn, source):
                return source

    def _drawn(self, kept: Workflow, source: Version, current: Workflow) -> Workflow:
        if (current.nodes, current.edges) != (kept.nodes, kept.edges):
            return current  # somebody has drawn meanwhile
        return evolve(with_drawing(current, source), edition=current.edition + 1, updated_at=self.clock.now())

    async def _keep(self, user: User, workflow: Workflow, restoring: int) -> None:
        newest = await self.history.newest(workflow.id)
        if not newest or is_drawn_like(workflow, await self.history.get(workflow.id, newest)):
            return

        def make(number: int) -> Version:
            text = f"Before restoring version {restoring}"
            return snapshot(
                workflow, id_=self.ids.new_id(), number=number, at=self.clock.now(), by=user.id, description=text
            )

        await self.history.append(workflow.id, make)


def with_newest(workflow: Workflow, number: int) -> Workflow:
    """Return the workflow knowing its newest version."""
    return evolve(workflow, current_version=max(workflow.current_version, number))
