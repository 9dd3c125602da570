"""The page of permissions is made from the table that the service is held to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.http.route_table import TABLE, Row, Who
from tests.http.test_who_may_what import ROLES, expected

PAGE = Path(__file__).parents[2] / "docs/reference/permissions.md"
HEAD = "\n".join(
    [
        "# Who may do what",
        "",
        (
            "Every route, and what each sort of caller gets from it: ✓ it is answered, otherwise the status "
            "of the refusal. The page is made from `tests/http/route_table.py`; "
            "`tests/http/test_who_may_what.py` sends every one of these requests to the service and "
            "compares (`make golden` writes the page anew)."
        ),
        "",
        (
            "- *Anonymous* stands for every caller without a good token: none at all, an expired one, one "
            "whose session has ended, one for another audience, and one of a disabled account."
        ),
        "- *Scope* is what an [API token](../how-to/api-tokens.md) needs; with less, the answer is 403.",
        (
            "- *Viewer* to *owner* are what the caller is to the workflow, the cluster or the team that the "
            "route is about, by owning it, by [a grant or through a "
            "team](../how-to/share-and-work-in-teams.md). *Other* is anybody else with an account: what "
            "they may not see does not exist for them."
        ),
        (
            "- *Administrator* runs the service, and is a stranger to other people's workflows and clusters "
            "like anybody else."
        ),
        (
            "- *Own* things, like sessions and imports, belong to one user and are shared with nobody; who "
            "has none of this id gets 404."
        ),
        "",
    ]
)
CALLERS = ("anonymous", "other user", *ROLES, "administrator")
TITLES = ("Anonymous", "Other", "Viewer", "Deployer", "Editor", "Owner", "Administrator")


def line(row: Row) -> str:
    path = row.path.replace("{sid}", "{session_id}").replace("{cluster_grant_id}", "{grant_id}")
    path = path.replace("{account_id}", "{user_id}").replace("{kind}", "{name}")
    found = ["✓" if (told := expected(row, caller)) == "ok" else told for caller in CALLERS]
    if row.who is Who.SIGNED_IN or row.who is Who.ADMINISTRATOR:
        found[2:6] = [found[1]] * 4
    return f"| `{row.method} {path}` | {row.scope or '–'} | {' | '.join(found)} |"


def page() -> str:
    parts = [HEAD]
    for title, rows in TABLE.items():
        head = f"| route | scope | {' | '.join(title.lower() for title in TITLES)} |"
        parts.append("\n".join([f"## {title}\n", head, "| --- " * 9 + "|", *(line(row) for row in rows)]) + "\n")
    return "\n".join(parts)


def test_the_page_says_what_the_table_says() -> None:
    if os.environ.get("FLOWCORE_REWRITE_GOLDEN"):
        PAGE.write_text(page(), encoding="utf-8")
        pytest.skip("rewritten")
    assert PAGE.read_text(encoding="utf-8") == page(), "make golden writes it anew"
