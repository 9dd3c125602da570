"""``extends``: a service laid over another one, of the same file or of another one."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from attrs import define, field

from flowcore.compose._limits import Room, weight
from flowcore.compose._marks import Block, Mark, Value, mark_of
from flowcore.compose._merge import merge, untagged
from flowcore.compose._rebase import rebase_service
from flowcore.compose._report import Report
from flowcore.compose._scalars import text_of

_KEYS = frozenset({"service", "file"})


def extend(tree: Block, other: Callable[[str, Mark], Block | None], room: Room) -> Block:
    """Return *tree* with every ``extends`` replaced by what it stands for; *other* reads a further Compose file."""
    services = tree.get("services")
    if not isinstance(services, Block) or not any(isinstance(s, dict) and "extends" in s for s in services.values()):
        return tree
    work = _Extending(other=other, room=room, report=room.report)
    result, extended = Block(tree, mark=tree.mark), Block(mark=services.mark)
    for name, service in services.items():
        extended.put(name, work.service(tree, "", name, ()) or service, mark_of(services, name))
    result["services"] = extended
    return result


@define
class _Extending:
    other: Callable[[str, Mark], Block | None]
    room: Room
    report: Report
    _read: dict[str, Block | None] = field(factory=dict)
    _weights: dict[int, int] = field(factory=dict)

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
        if base is None or not self.room.copy(weight(base, self._weights), mark):
            return None
        merged = merge({"services": {name: base}}, {"services": {name: service}})
        own = Block(merged["services"][name], mark=service.mark)
        own.pop("extends", None)
        return own

    def _base(self, tree: Block, file: str, service: Block, above: tuple[tuple[str, str], ...]) -> Value:
        """Return what a service of *file* extends, with its paths relative to that file's folder."""
        wish, mark = service["extends"], mark_of(service, "extends")
        name = text_of(wish.get("service")) if isinstance(wish, dict) else text_of(wish)
        path = text_of(wish.get("file")) if isinstance(wish, dict) else ""
        self._check(wish, name, mark)
        where = posixpath.normpath(posixpath.join(posixpath.dirname(file), path)) if path else file
        source = self._file(where, mark) if path else tree
        if source is None or not name or not self._has(source, name, where if path else "this file", mark):
            return None
        base = self.service(source, where, name, above)
        return rebase_service(untagged(base), posixpath.dirname(path)) if path else base

    def _check(self, wish: Value, name: str, mark: Mark) -> None:
        if not name:
            self.report.error("compose-extends", "extends names no service", mark, fix="write service: NAME")
        for key in wish if isinstance(wish, dict) else ():
            if key not in _KEYS:
                message = f"extends.{key} is not a key of Compose and was left out"
                self.report.warn("compose-unknown-key", message, mark_of(wish, key), path="extends", fix="remove it")

    def _has(self, source: Block, name: str, told: str, mark: Mark) -> bool:
        """Whether a file has a service to extend."""
        services = source.get("services")
        known = services if isinstance(services, Block) else Block()
        if isinstance(known.get(name), Block):
            return True
        problem = "is not a mapping" if known.get(name) is not None else "is empty" if name in known else "is not there"
        message = f"the service {name}, which is extended, {problem} in {told}"
        names = ", ".join(list(known)[:10])
        self.report.error("compose-extends", message, mark, fix=f"extend one of {names}" if names else "check the file")
        return False

    def _file(self, path: str, mark: Mark) -> Block | None:
        if path not in self._read:
            self._read[path] = self.other(path, mark)
        return self._read[path]
