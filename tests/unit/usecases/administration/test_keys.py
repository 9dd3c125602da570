"""Looking after keys: new ones, old ones that must stay, and what is recorded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from adapters.memory import MemoryStore
from adapters.security import AesGcmCipher, Keys, generate_key
from flowcore.errors import Severity
from flowcore.model import Cluster
from flowcore.ports.security import KeyFacts, KeyPurpose
from flowcore.ports.storage import CLUSTERS
from flowcore.usecases.administration.keys import SETTLES, TOKENS_LIVE, KeepKeys
from flowcore.usecases.administration.resealing import Reseal
from flowcore.usecases.auditing.recording import OPERATOR, Happened
from tests.doubles import START, FrozenClock

pytestmark = pytest.mark.anyio

TOKENS, ENCRYPTION = KeyPurpose.TOKENS, KeyPurpose.ENCRYPTION


class ListedKeys:
    """A ``KeyStore`` of a list; its keys for encryption are real ones."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.real = Keys.single(generate_key(), "e1")
        self.facts = [self.fact(TOKENS, "t1", clock.now()), self.fact(ENCRYPTION, "e1", clock.now())]

    def fact(self, purpose: KeyPurpose, key_id: str, made_at: datetime | None) -> KeyFacts:
        return KeyFacts(purpose=purpose, id=key_id, algorithm="any", is_current=True, made_at=made_at)

    def list(self) -> Sequence[KeyFacts]:
        return self.facts

    async def add(self, purposes: Collection[KeyPurpose]) -> Sequence[KeyFacts]:
        now, added = self.clock.now(), []
        for purpose in purposes:
            self.facts = [
                evolve(key, is_current=False, replaced_at=now) if key.purpose is purpose and key.is_current else key
                for key in self.facts
            ]
            added.append(self.fact(purpose, f"{purpose[0]}{len(self.facts) + 1}", now))
            self.facts.append(added[-1])
            if purpose is ENCRYPTION:
                self.real = self.real.rotated(generate_key(), added[-1].id)
        return added

    async def drop(self, keys: Collection[KeyFacts]) -> None:
        self.facts = [key for key in self.facts if key not in keys]


class Desk:
    """Keys, and a store with one cluster that they have sealed."""

    def __init__(self) -> None:
        self.clock = FrozenClock()
        self.keys = ListedKeys(self.clock)
        self.cipher = AesGcmCipher(lambda: self.keys.real)
        self.store = MemoryStore()
        self.recorded: list[Happened] = []
        reseal = Reseal(store=self.store, cipher=self.cipher)
        self.keep = KeepKeys(keys=self.keys, reseal=reseal, clock=self.clock, record=self.record)

    async def record(self, happened: Happened) -> None:
        self.recorded.append(happened)

    async def seal(self, id_: str = "c1") -> None:
        sealed = self.cipher.encrypt("hunter2", context=f"cluster:{id_}")
        made = Cluster(id=id_, owner_id="ann", name=id_, credentials=sealed, created_at=START)
        await self.store.repository(CLUSTERS).add(made)

    def ids(self) -> list[str]:
        return [key.id for key in self.keys.list()]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_keys_are_listed_with_what_needs_them(desk: Desk) -> None:
    await desk.seal()
    assert [(use.key.id, use.records) for use in await desk.keep.list()] == [("t1", None), ("e1", 1)]
    bare = evolve(desk.keep, reseal=None)
    assert [(use.key.id, use.records) for use in await bare.list()] == [("t1", None), ("e1", None)]


async def test_a_key_that_sealed_something_is_never_dropped(desk: Desk) -> None:
    await desk.seal()
    await desk.keep.rotate([ENCRYPTION])
    desk.clock.advance(SETTLES.total_seconds() * 10)
    done = await desk.keep.drop_old()
    assert done.dropped == []
    assert [(kept.key.id, kept.why) for kept in done.kept] == [("e1", "1 record is sealed with it")]
    await desk.keep.seal_anew()
    assert [key.id for key in (await desk.keep.drop_old()).dropped] == ["e1"]
    assert desk.ids() == ["t1", "e3"]


async def test_a_key_whose_text_cannot_be_opened_is_not_dropped_either(desk: Desk) -> None:
    await desk.seal()
    clusters = desk.store.repository(CLUSTERS)
    stored = await clusters.get("c1")
    await clusters.replace(evolve(stored, credentials=stored.credentials[:-4] + "AAAA"))
    await desk.keep.rotate([ENCRYPTION])
    desk.clock.advance(SETTLES.total_seconds() * 10)
    await desk.keep.seal_anew()
    assert (await desk.keep.drop_old()).dropped == []


@pytest.mark.parametrize(("purpose", "rests"), [(ENCRYPTION, SETTLES), (TOKENS, TOKENS_LIVE)])
async def test_a_key_stays_as_long_as_something_of_it_may_still_come(
    desk: Desk, purpose: KeyPurpose, rests: timedelta
) -> None:
    await desk.keep.rotate([purpose])
    desk.clock.advance(rests.total_seconds() - 1)
    early = await desk.keep.drop_old()
    assert (early.dropped, len(early.kept)) == ([], 1)
    assert "until 2026-01" in early.kept[0].why
    desk.clock.advance(1)
    assert len((await desk.keep.drop_old()).dropped) == 1


async def test_what_nobody_knows_enough_about_stays(desk: Desk) -> None:
    await desk.keep.rotate([ENCRYPTION])
    desk.clock.advance(SETTLES.total_seconds())
    without_store = await evolve(desk.keep, reseal=None).drop_old()
    assert (without_store.dropped, without_store.kept[0].why[:20]) == ([], "there is no store to")
    desk.keys.facts = [evolve(key, replaced_at=None) for key in desk.keys.facts]
    undated = await desk.keep.drop_old()
    assert (undated.dropped, undated.kept[0].why[:12]) == ([], "nobody noted")


async def test_checking_tells_what_to_do(desk: Desk) -> None:
    await desk.seal()
    assert await desk.keep.check() == []
    await desk.keep.rotate([ENCRYPTION])
    (old,) = await desk.keep.check()
    assert (old.severity, old.place.path) == (Severity.WARNING, "encryption/e1")
    assert "flowcore keys reseal" in old.fix
    desk.keys.real = Keys.single(generate_key(), "other")
    lost, _ = await desk.keep.check()
    assert (lost.severity, lost.place.path) == (Severity.ERROR, "clusters/c1")


async def test_a_current_key_should_not_grow_old(desk: Desk) -> None:
    desk.clock.advance(timedelta(days=366).total_seconds())
    assert [finding.place.path for finding in await desk.keep.check()] == ["tokens/t1", "encryption/e1"]


async def test_everything_that_changes_is_recorded_and_no_secret_with_it(desk: Desk) -> None:
    await desk.seal()
    await desk.keep.rotate([ENCRYPTION])
    await desk.keep.seal_anew()
    desk.clock.advance(SETTLES.total_seconds())
    await desk.keep.drop_old()
    await desk.keep.list()
    await desk.keep.check()
    told = [(each.action, each.target.id, dict(each.details)) for each in desk.recorded]
    assert told == [
        ("keys.rotate", "e3", {"purpose": "encryption"}),
        ("keys.reseal", "", {"sealed": "1", "unreadable": "0"}),
        ("keys.drop", "e1", {"purpose": "encryption"}),
    ]
    assert all(each.actor == OPERATOR for each in desk.recorded)
    assert "hunter2" not in str(desk.recorded)


async def test_without_a_store_there_is_nothing_to_seal(desk: Desk) -> None:
    done: Any = await evolve(desk.keep, reseal=None).seal_anew()
    assert (done.sealed, done.current, done.unreadable) == (0, 0, ())
    assert desk.recorded == []
