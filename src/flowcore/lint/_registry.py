"""All rules there are, with what documents and reports say about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowcore.errors import Severity
from flowcore.kinds import Catalogue, Check
from flowcore.lint import _pod_security as pod_security
from flowcore.lint._practice import PRACTICE
from flowcore.lint._rule import NO_OBJECT, Rule
from flowcore.lint._silencing import UNUSED

_ERROR: Final = Severity.ERROR
_WARNING: Final = Severity.WARNING


#: Rules about the shape of drawings and the fields of nodes; they are made where drawings and kinds are read.
SHAPE: Final[tuple[Rule, ...]] = tuple(
    Rule(id=id_, severity=severity, meaning=meaning)
    for id_, severity, meaning in (
        ("graph-duplicate-node", _ERROR, "several nodes have one id"),
        ("graph-duplicate-edge", _ERROR, "several edges have one id"),
        ("graph-dangling-edge", _ERROR, "an edge starts or ends at a node that is not there"),
        ("graph-self-edge", _ERROR, "an edge leads from a node to itself"),
        ("graph-cycle", _ERROR, "nodes need each other in a circle"),
        ("object-duplicate", _ERROR, "two nodes make the same object"),
        ("kind-unknown", _ERROR, "the node's type is not in the catalogue"),
        ("field-missing", _ERROR, "a required field has no value"),
        ("field-type", _ERROR, "a value has the wrong type and cannot be converted without loss"),
        ("field-range", _ERROR, "a number is outside its limits"),
        ("field-option", _ERROR, "a value is not one of the options"),
        ("field-format", _ERROR, "a text is no valid name, label, image, quantity, path, address"),
        ("field-repeated", _ERROR, "two items of a list have the same name"),
        ("field-unknown", _WARNING, "the kind has no such field"),
        ("key-format", _ERROR, "a key of a map is no valid label, variable or config key"),
        ("key-placeholder", _WARNING, "a canvas row that was never named is left out"),
        ("link-not-allowed", _ERROR, "these kinds cannot be linked"),
    )
)
#: Rules that this package makes, by the heading of the page about them.
OWN: Final = (("Pod Security", pod_security.RULES), *PRACTICE, ("Manifests and silencing", (NO_OBJECT, UNUSED)))


def rules_of(catalogue: Catalogue) -> tuple[Rule, ...]:
    """Return every rule that can find something in a drawing of a catalogue's kinds, each id once."""
    found = {rule.id: rule for rule in SHAPE}
    for check in _checks(catalogue):
        found.setdefault(
            check.rule, Rule(id=check.rule, severity=check.severity, meaning=_meaning(check), why=check.why)
        )
    for _, rules in OWN:
        found |= {rule.id: rule for rule in rules}
    return tuple(found.values())


def _checks(catalogue: Catalogue) -> Iterator[Check]:
    for kind in catalogue.kinds:
        yield from kind.checks
        for link in kind.links:
            yield from link.checks


def _meaning(check: Check) -> str:
    """Return a few words on a kind file's rule: why it matters, or its id in words."""
    return check.why or check.rule.replace("-", " ")


def describe_rules() -> str:
    """Return, as Markdown, the part of docs/reference/rules.md that is made from the code."""
    lines: list[str] = []
    for heading, rules in OWN:
        lines += [
            f"### {heading}",
            "",
            "| rule | severity | meaning | why | what to do |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [f"| `{one.id}` | {one.severity} | {one.meaning} | {one.why} | {one.fix} |" for one in rules]
        lines.append("")
    return "\n".join(lines)
