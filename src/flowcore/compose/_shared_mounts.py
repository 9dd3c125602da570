"""``volumes_from``: the mounts of another service, written out."""

from __future__ import annotations

from flowcore.compose._marks import Block, Mark, Rows, Value, mark_of
from flowcore.compose._report import Report


def share_mounts(tree: Block, report: Report) -> None:
    """Give every service the mounts of the services under its ``volumes_from``; its own win at the same target."""
    services = tree.get("services")
    done: set[str] = set()
    for name in services if isinstance(services, Block) else ():
        _share(tree["services"], name, (), done, report)


def _share(services: Block, name: str, above: tuple[str, ...], done: set[str], report: Report) -> None:
    service = services.get(name)
    if name in done or not isinstance(service, Block):
        return
    wanted = service.pop("volumes_from", None) or ()
    for position, entry in enumerate(wanted):
        mark, path = mark_of(wanted, position), f"services.{name}.volumes_from[{position}]"
        other, _, mode = entry.removesuffix(":rw").partition(":")
        if other == "container" or mode not in ("", "ro"):
            why = "containers outside the file are not known"
            report.warn("compose-volumes-from", f"the mounts of {entry} were left out", mark, path=path, why=why)
        elif other not in services:
            fix = "name a service of this file"
            report.error("compose-volumes-from", f"there is no service {other}", mark, path=path, fix=fix)
        elif other in (*above, name):
            way = " -> ".join((*above, name, other))
            message = f"services take their mounts from each other in a circle: {way}"
            report.error("compose-circle", message, mark, path=path, fix="remove one of these")
        else:
            _share(services, other, (*above, name), done, report)
            _take(service, services[other], mode == "ro", mark)
            _wait(service, other, mark)
    done.add(name)


def _take(service: Block, other: Block, read_only: bool, mark: Mark) -> None:
    own = service.get("volumes")
    mounts = Rows(own, mark=mark, marks=own.marks) if isinstance(own, Rows) else Rows(mark=mark)
    targets = {mount["target"] for mount in mounts}
    for mount in other.get("volumes") or ():
        if mount["target"] not in targets:
            mounts.add(_copied(mount, read_only), mark)
    if mounts:
        service.put("volumes", mounts, mark)


def _wait(service: Block, other: str, mark: Mark) -> None:
    """Let a service start after the one whose mounts it takes, as Compose does."""
    known = service.get("depends_on")
    waits = Block(known, mark=known.mark) if isinstance(known, Block) else Block(mark=mark)
    if other not in waits:
        waits.put(other, Block({"condition": "service_started", "required": True}, mark=mark), mark)
        service.put("depends_on", waits, mark)


def _copied(mount: Block, read_only: bool) -> Value:
    copy = Block(mount, mark=mount.mark)
    if read_only:
        copy["read_only"] = True
    return copy
