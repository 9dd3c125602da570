"""A loaded Compose project: the one document that all sources make, and what stands around it."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from flowcore.compose._marks import Block, Value
from flowcore.compose._report import Report
from flowcore.files import Files


@frozen(kw_only=True)
class Project:
    """What the conversion works on.

    Attributes:
        name: the project's name, in lower case.
        tree: the normalised document; every service in it is enabled.
        files: what the document may read.
        env: the variables that were known while loading, for values taken from the environment.
        report: where findings go.
        disabled: names of the services whose profiles are not active.
        hidden_by_code: where development mounts lie, by identity of the service, each with it; found once.
    """

    name: str
    tree: Block
    files: Files
    env: Mapping[str, str]
    report: Report
    disabled: tuple[str, ...] = ()
    hidden_by_code: dict[int, tuple[Block, set[str]]] = field(factory=dict, eq=False, repr=False)

    @property
    def services(self) -> Block:
        """The enabled services by name."""
        return self.group("services")

    def group(self, key: str) -> Block:
        """Return a top-level group, like ``volumes``; empty when there is none."""
        value: Value = self.tree.get(key)
        return value if isinstance(value, Block) else Block()
