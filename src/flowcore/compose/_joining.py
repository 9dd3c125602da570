"""Resources of an included project put beside those of the one that includes it."""

from __future__ import annotations

from attrs import define, field

from flowcore.compose._marks import NOWHERE, Block, Mark, Value, mark_of, plain
from flowcore.compose._merge import untagged
from flowcore.compose._normalise import TOP_LEVEL, normalise
from flowcore.compose._report import Report
from flowcore.errors import errors_of

_GROUPS = ("services", "networks", "volumes", "configs", "secrets", "models")


@define
class Joining:
    """Joins included documents; the same thing twice is fine, two things of one name are told.

    Attributes:
        report: where conflicts are told.
    """

    report: Report
    _aside: Report = field(factory=Report)

    def join(self, tree: Block, included: Block, mark: Mark) -> None:
        """Put what *included* holds into *tree*; *mark* is where the inclusion stands."""
        for key, group in included.items():
            at = mark_of(included, key)
            if key not in TOP_LEVEL:
                if key not in tree:
                    tree.put(key, group, at)  # told, as everywhere, where keys are checked
            elif key in _GROUPS and isinstance(group, Block):
                self._group(tree, key, group, mark)
            elif key in _GROUPS and group is not None:
                fix = "write NAME: and what belongs to it"
                self.report.error("compose-type", f"{key} must be a mapping", at.value_place(key), fix=fix)

    def _group(self, tree: Block, key: str, group: Block, mark: Mark) -> None:
        own = tree.get(key)
        if own is None:
            tree.put(key, group, mark)
            return
        if not isinstance(own, Block):
            return  # its shape is told where shapes are checked
        joined = Block(own, mark=own.mark)
        for name, value in group.items():
            if name not in own:
                joined.put(name, value, mark_of(group, name))
            elif not self._is_same(key, name, own[name], value):
                self._tell(f"{key}.{name}", mark_of(own, name), mark_of(group, name))
        tree[key] = joined

    def _is_same(self, key: str, name: str, own: Value, other: Value) -> bool:
        if plain(untagged(own)) == plain(untagged(other)):
            return True
        pair = [self._in_full(key, name, value) for value in (own, other)]
        # Once ranges are too many to be written out, what is not alike to the letter counts as different.
        return pair[0] == pair[1] and not any(
            error.rule == "compose-limit" for error in errors_of(self._aside.findings)
        )

    def _in_full(self, key: str, name: str, value: Value) -> Value:
        """Return a resource in the form in which equal things are written alike; what is wrong is told elsewhere."""
        tree, group = Block(), Block()
        group.put(name, value, NOWHERE)
        tree.put(key, group, NOWHERE)
        return plain(normalise(untagged(tree), self._aside))

    def _tell(self, path: str, own: Mark, other: Mark) -> None:
        self.report.error(
            "compose-include",
            f"{path} is in {other.file}, line {other.line}, which is included, and here with another content",
            own,
            path=path,
            fix="rename one of them, or override it in a further file beside the one that includes",
        )
