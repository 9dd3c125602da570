"""The tables of roles and scopes."""

from __future__ import annotations

import itertools

import pytest

from flowcore.policy import AccessRole, Permission, Scope, allows, covers, strongest

TABLE = {
    AccessRole.VIEWER: {"view"},
    AccessRole.DEPLOYER: {"view", "deploy"},
    AccessRole.EDITOR: {"view", "deploy", "edit"},
    AccessRole.OWNER: {"view", "deploy", "edit", "administer"},
}


@pytest.mark.parametrize(("role", "permission"), list(itertools.product(AccessRole, Permission)))
def test_a_role_allows_what_the_table_says(role: AccessRole, permission: Permission) -> None:
    assert allows(role, permission) is (permission.value in TABLE[role])


@pytest.mark.parametrize("permission", Permission)
def test_nobody_may_do_nothing(permission: Permission) -> None:
    assert not allows(None, permission)


def test_the_strongest_role_counts() -> None:
    assert strongest([AccessRole.VIEWER, AccessRole.EDITOR, AccessRole.DEPLOYER]) is AccessRole.EDITOR
    assert strongest([]) is None


@pytest.mark.parametrize(
    ("held", "covered"),
    [
        ({Scope.READ}, {"read"}),
        ({Scope.DEPLOY}, {"read", "deploy"}),
        ({Scope.WRITE}, {"read", "deploy", "write"}),
        ({Scope.ACCOUNT}, {"account"}),
        ({Scope.ADMIN}, {"admin"}),
        ({Scope.READ, Scope.ADMIN}, {"read", "admin"}),
        (set(), set()),
    ],
)
def test_a_token_covers_its_scopes_and_what_they_include(held: set[Scope], covered: set[str]) -> None:
    assert {scope.value for scope in Scope if covers(frozenset(held), scope)} == covered
