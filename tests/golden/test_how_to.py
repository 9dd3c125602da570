"""The kind of the how-to page works as the page says."""

from __future__ import annotations

from pathlib import Path

from flowcore.kinds import core_catalogue
from flowcore.planning import plan
from tests.drawings import drawing, edge, node
from tests.schemas import violations

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "add-a-node-kind.md"


def test_the_kind_on_the_page_about_adding_kinds_works() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    catalogue = core_catalogue().parsed({"serviceaccount.yaml": text})
    planned = plan(drawing(node("a", "serviceaccount"), node("web", "deployment"), edge("a", "web")), catalogue)
    account, web = (step.manifest for step in planned.steps)
    assert violations(account) == violations(web) == []
    assert account["automountServiceAccountToken"] is False
    container = web["spec"]["template"]["spec"]["containers"][0]
    assert container["env"] == [{"name": "SERVICE_ACCOUNT", "value": "a"}]
