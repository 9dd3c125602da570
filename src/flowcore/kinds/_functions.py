"""The pure functions that kind files may call in their expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from itertools import chain
from itertools import count as counting
from operator import itemgetter
from typing import Any, Final

from flowcore.manifests import ABSENT, as_text, merge, quantity

_LABEL_VALUE: Final = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", re.ASCII)
_DNS_LABEL: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
#: The fields of a mount that belong to its volume; mounts that agree in them share one volume.
_VOLUME_FIELDS: Final = itemgetter(
    "type", "name", "items", "defaultMode", "optional", "medium", "sizeLimit", "hostPath", "hostPathType"
)
_NO_MOUNT: Final[Mapping[str, None]] = dict.fromkeys(
    ("type", "name", "items", "defaultMode", "optional", "medium", "sizeLimit", "hostPath", "hostPathType")
)


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def is_present(value: Any) -> bool:
    """Say whether there is a value at all; null counts as none."""
    return value is not ABSENT and value is not None


def is_empty(value: Any) -> bool:
    """Say whether a value is absent, null, or an empty text, list or mapping; zero and false are not empty."""
    if value is ABSENT or value is None:
        return True
    return not value and isinstance(value, (str, list, tuple, Mapping))


def count(value: Any) -> int:
    """Return how many items there are; none when there is no list."""
    return len(value) if isinstance(value, (list, tuple, Mapping, str)) else 0


def find(items: Any, field: str, value: Any) -> Any:
    """Return the first item whose field equals the value."""
    if not is_present(value):
        return ABSENT
    return next((item for item in _items(items) if item.get(field, ABSENT) == value), ABSENT)


def pluck(items: Any, field: str) -> list[Any]:
    """Return the field of every item that has it."""
    return [item[field] for item in _items(items) if isinstance(item, Mapping) and is_present(item.get(field))]


def group(items: Any, field: str) -> list[dict[str, Any]]:
    """Return ``{key, items}`` for every value of the field, in order of appearance; a missing field is a key too."""
    groups: dict[Any, list[Any]] = {}
    for item in _items(items):
        groups.setdefault(item.get(field), []).append(item)
    return [{"items": found} | ({} if key is None else {"key": key}) for key, found in groups.items()]


def distinct(items: Any, field: Any = ABSENT) -> list[Any]:
    """Return the first item for every value (of the field, if one is given)."""
    seen: list[Any] = []
    kept = []
    for item in _items(items):
        key = item if field is ABSENT else item.get(field)
        if key not in seen:
            seen.append(key)
            kept.append(item)
    return kept


def repeated(items: Any) -> list[Any]:
    """Return the values that occur more than once."""
    found = _items(items)
    return distinct([item for item in found if found.count(item) > 1])


def concat(*lists: Any) -> list[Any]:
    """Return the items of all lists; what is absent adds nothing."""
    return [item for items in lists for item in _items(items)]


def lower(value: Any) -> Any:
    """Return a text in small letters."""
    return value.lower() if isinstance(value, str) else value


def merged(*mappings: Any) -> dict[str, Any]:
    """Return mappings merged key by key, later ones win; what is absent adds nothing."""
    result: dict[str, Any] = {}
    for mapping in mappings:
        if isinstance(mapping, Mapping):
            result = merge(result, mapping)
    return result


def contains(labels: Any, selector: Any) -> bool:
    """Say whether labels satisfy a selector."""
    if not isinstance(labels, Mapping) or not isinstance(selector, Mapping):
        return False
    return all(labels.get(key) == value for key, value in selector.items())


def exceeds(amount: Any, limit: Any) -> bool:
    """Say whether one Kubernetes quantity is more than another; false where one of them is none."""
    try:
        return quantity(amount) > quantity(limit)
    except ValueError:
        return False


def label_value(text: Any) -> Any:
    """Return a text as a label value: itself where it is one, else cleaned, cut and told apart by a short hash."""
    if not is_present(text):
        return ABSENT
    value = as_text(text)
    return value if _LABEL_VALUE.fullmatch(value) else _shortened(value, r"[^A-Za-z0-9_.-]+", 63)


def _shortened(text: str, unwanted: str, limit: int) -> str:
    mark = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    kept = re.sub(unwanted, "-", text, flags=re.ASCII)[: limit - 9].strip("-._")
    return f"{kept}-{mark}" if kept else f"x-{mark}"


def _dns_label(text: str) -> str:
    lowered = text.lower()
    return lowered if _DNS_LABEL.fullmatch(lowered) else _shortened(lowered, r"[^a-z0-9-]+", 63)


def environment(*sources: Any) -> list[dict[str, Any]]:
    """Return container variables of several mappings or lists; the last one of a name wins, at its first place."""
    variables: dict[str, dict[str, Any]] = {}
    for source in sources:
        for variable in _variables(source):
            variables[variable["name"]] = variable
    return list(variables.values())


def _variables(source: Any) -> list[dict[str, Any]]:
    if isinstance(source, Mapping):
        return [{"name": name, "value": as_text(value)} for name, value in source.items() if is_present(value)]
    return _items(source)


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
    taken = set(_items(reserved))
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for mount in _without_copies(_items(own), _items(linked)):
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
        if copy is not None and node not in used and mount.get("isDefaultPath") and is_present(copy.get("mountPath")):
            mount = {
                **mount,
                **{key: copy[key] for key in ("mountPath", "subPath", "readOnly") if is_present(copy.get(key))},
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
    candidates = chain([base], (f"{base}-{number}" for number in counting(2)))
    return next(name for name in map(_dns_label, candidates) if name not in taken)


_SHORT_TYPES: Final = {
    "configMap": "config",
    "secret": "secret",
    "persistentVolumeClaim": "claim",
    "emptyDir": "empty",
    "hostPath": "host",
}

#: What kind files can call, by the name they use.
FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "present": is_present,
    "empty": is_empty,
    "count": count,
    "find": find,
    "pluck": pluck,
    "group": group,
    "distinct": distinct,
    "repeated": repeated,
    "concat": concat,
    "lower": lower,
    "merged": merged,
    "contains": contains,
    "exceeds": exceeds,
    "label_value": label_value,
    "environment": environment,
    "mounts": mounts,
}
