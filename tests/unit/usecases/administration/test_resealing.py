"""Sealing everything anew: completely, once, beside the service, and past what cannot be opened."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from adapters.memory import MemoryStore
from adapters.security import AesGcmCipher, Keys, generate_key
from flowcore.errors import ConflictError, UnavailableError
from flowcore.model import Cluster, GitAccess
from flowcore.ports.sealed import CLUSTER_CREDENTIALS, GIT_SECRETS, SEALED_FIELDS, SealedField
from flowcore.ports.storage import CLUSTERS, ENTITIES, GIT_ACCESSES, Entity
from flowcore.usecases.administration.resealing import Reseal
from tests.doubles import START

pytestmark = pytest.mark.anyio

OLD = Keys.single(generate_key(), "old")
NEW = OLD.rotated(generate_key(), "new")


class OvertakenStore(MemoryStore):
    """A store in which somebody else is faster, a few times.

    Attributes:
        overtake: does something to the records before each of the next replacements.
    """

    def __init__(self) -> None:
        super().__init__()
        self.overtake: list[Any] = []

    def repository(self, entity: Entity[Any]) -> Any:
        real, overtake = super().repository(entity), self.overtake

        class Overtaken:
            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

            async def replace(self, changed: Any) -> Any:
                if overtake:
                    await overtake.pop(0)(real, changed)
                return await real.replace(changed)

        return Overtaken()


class Kept:
    """A store with clusters and Git credentials that the old key has sealed."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.old, self.new = AesGcmCipher(OLD), AesGcmCipher(NEW)
        self.clusters, self.git = self.store.repository(CLUSTERS), self.store.repository(GIT_ACCESSES)

    def reseal(self, **fields: Any) -> Reseal:
        return Reseal(**{"store": self.store, "cipher": self.new, **fields})

    async def cluster(self, id_: str, text: str = "token", cipher: AesGcmCipher | None = None) -> Cluster:
        sealed = (cipher or self.old).encrypt(text, context=CLUSTER_CREDENTIALS.context(id_)) if text else ""
        made = Cluster(id=id_, owner_id="ann", name=id_, credentials=sealed, created_at=START)
        return await self.clusters.add(made)

    async def access(self, id_: str, text: str = "password") -> GitAccess:
        sealed = self.old.encrypt(text, context=GIT_SECRETS.context(id_))
        made = GitAccess(id=id_, owner_id="ann", host=id_, username="git", secret=sealed, created_at=START)
        return await self.git.add(made)

    async def texts(self) -> dict[str, str]:
        """Return every secret, opened with the new key alone."""
        cipher = AesGcmCipher(Keys.single(NEW.newest, "new"))
        found: dict[str, str] = {}
        for where in SEALED_FIELDS:
            for record in await self.store.repository(where.entity).find({}):
                found[record.id] = cipher.decrypt(getattr(record, where.name), context=where.context(record.id))
        return found


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
async def test_everything_is_sealed_with_the_new_key(kept: Kept, batch: int) -> None:
    for number in range(5):
        await kept.cluster(f"c{number}", f"token {number}")
    await kept.access("g1", "password 1")
    done = await kept.reseal(batch=batch)()
    assert (done.sealed, done.current, done.unreadable) == (6, 0, ())
    assert await kept.texts() == {**{f"c{number}": f"token {number}" for number in range(5)}, "g1": "password 1"}


async def test_a_second_time_does_nothing(kept: Kept) -> None:
    await kept.cluster("c1")
    await kept.reseal()()
    before = await kept.clusters.get("c1")
    done = await kept.reseal()()
    assert (done.sealed, done.current) == (0, 1)
    assert await kept.clusters.get("c1") == before


async def test_nothing_else_of_a_record_changes(kept: Kept) -> None:
    before = await kept.cluster("c1")
    await kept.reseal()()
    after = await kept.clusters.get("c1")
    assert evolve(after, credentials=before.credentials, revision=before.revision) == before


async def test_a_record_without_a_secret_is_left_alone(kept: Kept) -> None:
    await kept.cluster("c1", text="")
    assert (await kept.reseal()()).sealed == 0
    assert (await kept.clusters.get("c1")).revision == 1


async def test_what_cannot_be_opened_is_named_and_stops_nothing(kept: Kept) -> None:
    lost = AesGcmCipher(Keys.single(generate_key(), "lost"))
    await kept.cluster("c1", cipher=lost)
    await kept.cluster("c2", "token 2")
    await kept.clusters.add(Cluster(id="c3", owner_id="ann", name="c3", credentials="hunter2", created_at=START))
    await kept.access("g1")
    done = await kept.reseal()()
    assert done.sealed == 2
    assert [(each.place, each.key_id) for each in done.unreadable] == [("clusters/c1", "lost"), ("clusters/c3", "")]
    assert "lost" in done.unreadable[0].why
    assert "hunter2" not in str(done)


async def test_looking_counts_by_key_and_changes_nothing(kept: Kept) -> None:
    await kept.cluster("c1")
    await kept.cluster("c2", cipher=kept.new)
    await kept.cluster("c3", cipher=AesGcmCipher(Keys.single(generate_key(), "lost")))
    await kept.access("g1")
    before = await kept.clusters.find({})
    found = await kept.reseal().look()
    assert found.by_key == {"old": 2, "new": 1, "lost": 1}
    assert [each.place for each in found.unreadable] == ["clusters/c3"]
    assert await kept.clusters.find({}) == before


async def test_a_secret_that_its_owner_changes_meanwhile_is_not_lost() -> None:
    store = OvertakenStore()
    kept = Kept(store)
    await kept.cluster("c1", "before")

    async def change_it(clusters: Any, _: Cluster) -> None:
        stored = await clusters.get("c1")
        sealed = kept.old.encrypt("after", context="cluster:c1")
        await clusters.replace(evolve(stored, credentials=sealed, name="renamed"))

    store.overtake.append(change_it)
    assert (await kept.reseal()()).sealed == 1
    assert await kept.texts() == {"c1": "after"}
    assert (await kept.clusters.get("c1")).name == "renamed"


async def test_a_record_that_is_deleted_meanwhile_is_passed_over() -> None:
    store = OvertakenStore()
    kept = Kept(store)
    await kept.cluster("c1")
    await kept.cluster("c2", "token 2")

    async def delete_it(clusters: Any, changed: Cluster) -> None:
        await clusters.remove(changed.id)

    store.overtake.append(delete_it)
    done = await kept.reseal()()
    assert (done.sealed, done.unreadable) == (1, ())
    assert await kept.texts() == {"c2": "token 2"}


async def test_what_was_broken_off_goes_on_where_it_was() -> None:
    store = OvertakenStore()
    kept = Kept(store)
    for number in range(4):
        await kept.cluster(f"c{number}")

    async def nothing(*_: Any) -> None:
        return None

    async def fail(*_: Any) -> None:
        raise UnavailableError("the store does not answer")

    store.overtake += [nothing, nothing, fail]
    with pytest.raises(UnavailableError):
        await kept.reseal(batch=2)()
    done = await kept.reseal(batch=2)()
    assert (done.sealed, done.current) == (2, 2)


async def test_who_is_always_overtaken_says_so() -> None:
    store = OvertakenStore()
    kept = Kept(store)
    await kept.cluster("c1")

    async def touch(clusters: Any, _: Cluster) -> None:
        stored = await clusters.get("c1")
        await clusters.replace(evolve(stored, description=f"{stored.revision}"))

    store.overtake += [touch] * 1_000
    with pytest.raises(ConflictError):
        await kept.reseal()()


#: Fields that are kept out of texts and need no seal: digests, names of tokens, what a browser shows beside its cookie,
#: and a drawing, which holds no secrets.
OPEN = {"password_hash", "digest", "csrf", "token_id", "replaced_id", "analysis"}


def test_every_hidden_field_is_sealed_or_opens_nothing() -> None:
    hidden = {
        (entity.name, field.name)
        for entity in ENTITIES
        for field in entity.type.__attrs_attrs__
        if field.repr is False and field.name not in OPEN
    }
    assert {(where.entity.name, where.name) for where in SEALED_FIELDS} == hidden


@pytest.mark.parametrize("where", SEALED_FIELDS, ids=lambda where: where.owner)
def test_no_two_fields_share_a_context(where: SealedField[Any]) -> None:
    assert [other for other in SEALED_FIELDS if other.context("1") == where.context("1")] == [where]
