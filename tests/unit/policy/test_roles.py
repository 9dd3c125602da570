"""What roles allow."""

from __future__ import annotations

import pytest
from attrs import evolve

from flowcore.model import AccessRole, Role, User
from flowcore.policy import Permission, allows, may_administer, permissions_of, role_for, strongest, weaker
from tests.doubles import START

V, D, E, O = AccessRole  # noqa: E741
ANN = User(id="a", email="a@x.y", email_key="a@x.y", name="Ann", role=Role.ADMIN, created_at=START)


@pytest.mark.parametrize(
    ("role", "wanted"),
    [(V, "view"), (D, "view deploy"), (E, "view deploy edit"), (O, "view deploy edit administer")],
)
def test_every_role_allows_one_thing_more(role: AccessRole, wanted: str) -> None:
    assert [str(each) for each in permissions_of(role)] == wanted.split()
    assert [each for each in Permission if allows(role, each)] == list(permissions_of(role))


def test_nobody_may_do_nothing() -> None:
    assert not any(allows(None, each) for each in Permission)


def test_the_role_that_it_takes_is_the_least_that_allows_it() -> None:
    assert [role_for(each) for each in Permission] == list(AccessRole)


def test_of_several_roles_the_strongest_counts_and_through_a_team_the_weaker() -> None:
    assert strongest([V, E, D]) is E
    assert strongest([]) is None
    assert weaker(O, V) is weaker(V, O) is V


def test_only_an_administrator_that_is_not_disabled_runs_the_service() -> None:
    assert may_administer(ANN)
    assert not may_administer(evolve(ANN, role=Role.USER))
    assert not may_administer(evolve(ANN, disabled_at=START))
