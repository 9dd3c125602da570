"""The short form of a service's volume: SOURCE:TARGET:OPTIONS, with Windows drives and variables inside."""

from __future__ import annotations

import re
from typing import Any

from flowcore.errors import InvalidInputError

_DRIVE = re.compile(r"[A-Za-z]:(?=[\\/]|\Z|:)")
_SECOND_PATH = re.compile(r":(?:[/\\]|[A-Za-z]:)")
_PROPAGATION = frozenset({"private", "rprivate", "shared", "rshared", "slave", "rslave"})
_CONSISTENCY = frozenset({"cached", "delegated", "consistent"})


def parse_volume(spec: str) -> dict[str, Any]:
    """Return a volume's long form: type, source, target, read_only, bind, volume.

    ``/a`` is an anonymous volume, ``name:/a`` a named one; a source that is a path (``./a``, ``/a``, ``~/a``, or with a
    Windows drive) makes a bind mount.

    Raises:
        InvalidInputError: it is empty, a part is empty, or there are too many.
    """
    if not spec:
        raise _refused("invalid empty volume spec")
    parts = _split(spec)
    if any(not part for part in parts):
        raise _refused(f"invalid spec: {spec}: empty section between colons")
    if len(parts) > 3:
        raise _refused(f"invalid spec: {spec}: too many colons")
    if len(parts) == 1:
        return {"type": "volume", "target": spec, "volume": {}}
    source, target = parts[0], parts[1]
    volume: dict[str, Any] = {"type": "volume", "source": source, "target": target}
    if _is_path(source):
        volume.update(type="bind", bind={"create_host_path": True})
    else:
        volume["volume"] = {}
    for option in parts[2].split(",") if len(parts) == 3 else ():
        _apply(volume, option.strip())
    return volume


def target_of(spec: str) -> str:
    """Return where a volume in the short form is mounted, whether the rest of it is right or not."""
    parts = _split(spec)
    return parts[1] if len(parts) > 1 else spec


def unknown_options(spec: str) -> list[str]:
    """Return the options of a short form that mean nothing to Compose."""
    parts = _split(spec)
    options = parts[2].split(",") if len(parts) == 3 else []
    known = {"ro", "rw", "nocopy", "z", "copy", "", *_PROPAGATION, *_CONSISTENCY}
    return [option for option in options if option.strip().lower() not in known]


def _refused(message: str) -> InvalidInputError:
    return InvalidInputError.of(
        message, rule="compose-volume", fix="write SOURCE:TARGET or SOURCE:TARGET:ro", code="compose.volume"
    )


def _split(spec: str) -> list[str]:
    """Split at colons, but not at those of a drive letter or inside ``${...}``."""
    parts: list[str] = []
    at = begin = braces = 0
    while at < len(spec):
        drive = _DRIVE.match(spec, at) if at == begin and not braces else None
        if drive and _drive_makes_sense(spec, drive.end(), len(parts) + 1):
            at = drive.end()
            continue
        char = spec[at]
        if char == "$" and spec[at + 1 : at + 2] == "{":
            braces += 1
        elif char == ":" and not braces:
            parts.append(spec[begin:at])
            begin = at + 1
        else:
            braces += (char == "{" and braces > 0 and spec[at - 1] != "$") - (char == "}" and braces > 0)
        at += 1
    return [*parts, spec[begin:]]


def _drive_makes_sense(spec: str, end: int, position: int) -> bool:
    """A bare drive (``d:``) is one only as the target, or as the whole spec; ``d:/x`` is one anywhere."""
    follower = spec[end : end + 1]
    if follower == "\\":
        return True
    if follower == "/":
        # ``d:/x`` alone, or with options, is a volume called d; a second path after it shows that it is a drive.
        return position > 1 or bool(_SECOND_PATH.search(spec, end))
    return position == 2 or end == len(spec)


def _is_path(source: str) -> bool:
    return source[0] in "./~\\" or bool(_DRIVE.match(source))


def _apply(volume: dict[str, Any], written: str) -> None:
    option = written.lower()
    if option in ("ro", "rw"):
        volume["read_only"] = option == "ro"
    elif option == "nocopy":
        volume.setdefault("volume", {})["nocopy"] = True
    elif option == "z":
        volume.setdefault("bind", {})["selinux"] = written
    elif option in _PROPAGATION:
        volume.setdefault("bind", {})["propagation"] = option
    elif option in _CONSISTENCY:
        volume["consistency"] = option
