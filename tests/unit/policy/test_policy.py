"""The table of scopes."""

from __future__ import annotations

import pytest

from flowcore.policy import Scope, covers


@pytest.mark.parametrize(
    ("held", "covered"),
    [
        ({Scope.READ}, {"read"}),
        ({Scope.DEPLOY}, {"read", "deploy"}),
        ({Scope.WRITE}, {"read", "deploy", "write"}),
        ({Scope.ACCOUNT}, {"account"}),
        ({Scope.READ, Scope.ACCOUNT}, {"read", "account"}),
        (set(), set()),
    ],
)
def test_a_token_covers_its_scopes_and_what_they_include(held: set[Scope], covered: set[str]) -> None:
    assert {scope.value for scope in Scope if covers(held, scope)} == covered
