"""The mounts of a container: its own and those of links, without copies, each with the name of its volume."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from itertools import count as counting
from operator import itemgetter
from typing import Any, Final

from flowcore.kinds._labels import dns_label
from flowcore.manifests import ABSENT

#: The fields of a mount that belong to its volume; mounts that agree in them share one volume.
_VOLUME_FIELDS: Final = itemgetter(
    "type", "name", "items", "defaultMode", "optional", "medium", "sizeLimit", "hostPath", "hostPathType", "volume"
)
_NO_MOUNT: Final[Mapping[str, None]] = dict.fromkeys(
    ("type", "name", "items", "defaultMode", "optional", "medium", "sizeLimit", "hostPath", "hostPathType", "volume")
)


def mounts(own: Any, linked: Any, reserved: Any = ABSENT) -> list[dict[str, Any]]:
    """Return the mounts of a container, each with ``volume``, the name of its volume.

    A mount of the node's own that an older canvas wrote for a link gives way to the link, which keeps the path chosen
    there; a mount that is given twice is one. Mounts of one source that agree in everything that belongs to the
    volume share it.

    Args:
        own: the node's ``volumeMounts``.
        linked: what links contribute; ``node`` is the id of the link's other end.
        reserved: volume names that are taken already.
    """
    names: dict[str, str] = {}
    taken = set(_listed(reserved))
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for mount in _without_copies(_listed(own), _listed(linked)):
        key = repr(_VOLUME_FIELDS({**_NO_MOUNT, **mount}))
        if key not in names:
            names[key] = _free_name(mount, taken)
            taken.add(names[key])
        found.setdefault((key, mount.get("mountPath"), mount.get("subPath")), {**mount, "volume": names[key]})
    return list(found.values())


def _without_copies(own: list[Any], linked: list[Any]) -> list[dict[str, Any]]:
    """Return own and linked mounts; copies of a link are dropped, their path goes to the link that names none."""
    by_node = {mount.get("node") for mount in linked}
    copies = {mount["nodeId"]: mount for mount in own if mount.get("nodeId") in by_node}
    kept = [mount for mount in own if mount.get("nodeId") not in by_node]
    used: set[str] = set()
    for mount in linked:
        node = mount.get("node")
        copy = copies.get(node)
        if copy is not None and node not in used and mount.get("isDefaultPath") and _present(copy.get("mountPath")):
            mount = {
                **mount,
                **{key: copy[key] for key in ("mountPath", "subPath", "readOnly") if _present(copy.get(key))},
            }
        used.add(node)
        kept.append(mount)
    return kept


def _free_name(mount: Mapping[str, Any], taken: set[str]) -> str:
    """Return a volume name that is valid and not taken: the type and the source's name, then counted.

    The type always stands in it, so that another mount that comes or goes does not rename this one.
    """
    short = _SHORT_TYPES.get(str(mount.get("type")), "volume")
    source = mount.get("name") or str(mount.get("mountPath", "")).strip("/").replace("/", "-")
    base = f"{short}-{source}"
    wanted = [mount["volume"]] if _present(mount.get("volume")) else []
    candidates = chain(wanted, [base], (f"{base}-{number}" for number in counting(2)))
    return next(name for name in map(dns_label, candidates) if name not in taken)


_SHORT_TYPES: Final = {
    "configMap": "config",
    "secret": "secret",
    "persistentVolumeClaim": "claim",
    "emptyDir": "empty",
    "hostPath": "host",
}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _present(value: Any) -> bool:
    return value is not ABSENT and value is not None
