"""When API tokens end."""

from __future__ import annotations

import pytest
from attrs import evolve

from adapters.memory import open_memory
from flowcore.errors import UnauthenticatedError
from flowcore.model import User
from flowcore.ports.storage import API_TOKENS
from flowcore.usecases.accounts.api_tokens import ApiTokens
from tests.doubles import START, FrozenClock, SequentialIds

pytestmark = pytest.mark.anyio

ANN = User(id="ann", email="ann@example.com", email_key="ann@example.com", name="Ann", created_at=START)


async def test_a_token_ends_with_its_last_day_and_notes_its_use_by_the_hour() -> None:
    clock = FrozenClock()
    async with open_memory() as store:
        tokens = ApiTokens(kept=store.repository(API_TOKENS), clock=clock, ids=SequentialIds())
        made = await tokens.make(ANN, name="ci", scopes=("read",), days=2)
        assert made.token not in repr(made)
        for seconds, used in ((60, 60), (600, 60), (3600, 4260)):
            clock.advance(seconds)
            await tokens.recognise(made.token)
            [kept] = await tokens.list(ANN)
            assert kept.last_used_at is not None
            assert (kept.last_used_at - START).total_seconds() == used
        clock.set(made.kept.expires_at)
        with pytest.raises(UnauthenticatedError):
            await tokens.recognise(made.token)
        assert await tokens.list(evolve(ANN, id="bob")) == []
