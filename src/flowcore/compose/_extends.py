"""``extends``: a service laid over another one, of the same file or of another one."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from attrs import define, field

from flowcore.compose._limits import weight
from flowcore.compose._marks import Block, Mark, Value, mark_of
from flowcore.compose._merge import merge
from flowcore.compose._rebase import rebase_service
from flowcore.compose._report import Report
from flowcore.compose._scalars import text_of
from flowcore.compose._yaml import MAX_VALUES


def extend(tree: Block, other: Callable[[str, Mark], Block | None], report: Report) -> Block:
    """Return *tree* with every ``extends`` replaced by what it stands for; *other* reads a further Compose file."""
    services = tree.get("services")
    if not isinstance(services, Block) or not any(isinstance(s, dict) and "extends" in s for s in services.values()):
        return tree
    work = _Extending(other=other, report=report)
    result, extended = Block(tree, mark=tree.mark), Block(mark=services.mark)
    for name, service in services.items():
        extended.put(name, work.service(tree, "", name, ()) or service, mark_of(services, name))
    result["services"] = extended
    return result


@define
class _Extending:
    other: Callable[[str, Mark], Block | None]
    report: Report
    _read: dict[str, Block | None] = field(factory=dict)
    _weights: dict[int, int] = field(factory=dict)
    _room: int = MAX_VALUES

    def service(self, tree: Block, file: str, name: str, above: tuple[tuple[str, str], ...]) -> Value:
        services = tree.get("services")
        service = services.get(name) if isinstance(services, dict) else None
        if not isinstance(service, Block) or not service.get("extends"):
            return service
        mark = mark_of(service, "extends")
        if (file, name) in above or len(above) > 50:
            path = " -> ".join(own for _, own in (*above, (file, name)))
            self.report.error("compose-extends", f"services extend each other in a circle: {path}", mark)
            return None
        base = self._base(tree, file, service, (*above, (file, name)))
        if base is None or not self._fits(base, mark):
            return None
        merged = merge({"services": {name: base}}, {"services": {name: service}})
        own = Block(merged["services"][name], mark=service.mark)
        own.pop("extends", None)
        return own

    def _fits(self, base: Value, mark: Mark) -> bool:
        """Whether one more copy of *base* is fine; tells it once when it is not."""
        was_fine, self._room = self._room >= 0, self._room - weight(base, self._weights)
        if was_fine and self._room < 0:
            message = f"written out, what services extend makes more than {MAX_VALUES} values"
            self.report.error("compose-limit", message, mark, fix="extend smaller services")
        return self._room >= 0

    def _base(self, tree: Block, file: str, service: Block, above: tuple[tuple[str, str], ...]) -> Value:
        """Return what a service of *file* extends, with its paths relative to that file's folder."""
        wish, mark = service["extends"], mark_of(service, "extends")
        name = text_of(wish.get("service")) if isinstance(wish, dict) else text_of(wish)
        path = text_of(wish.get("file")) if isinstance(wish, dict) else ""
        where = posixpath.normpath(posixpath.join(posixpath.dirname(file), path)) if path else file
        source = self._file(where, mark) if path else tree
        if source is None:
            return None
        base = self.service(source, where, name, above)
        if base is None:
            told = path or "this file"
            self.report.error("compose-extends", f"the service {name}, which is extended, is not in {told}", mark)
        return rebase_service(base, posixpath.dirname(path)) if path else base

    def _file(self, path: str, mark: Mark) -> Block | None:
        if path not in self._read:
            self._read[path] = self.other(path, mark)
        return self._read[path]
