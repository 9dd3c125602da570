"""The pure functions that kind files may call in their expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final

from flowcore.kinds._images import starts_as_root
from flowcore.kinds._labels import label_value
from flowcore.kinds._mounts import mounts
from flowcore.kinds._raw import RAW_FUNCTIONS
from flowcore.kinds._selectors import bad_labels, selector, selects
from flowcore.kinds._time_zones import TIME_ZONES
from flowcore.manifests import ABSENT, as_text, merge, quantity


def _items(value: Any) -> Sequence[Any]:
    """Return the items of a list, to be read only; none when there is no list."""
    return value if isinstance(value, (list, tuple)) else ()


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
    found = [item.get(field, ABSENT) for item in _items(items) if hasattr(item, "get")]
    return [value for value in found if value is not ABSENT and value is not None]


def chosen(value: Any, fields: Any) -> list[Any]:
    """Return those of the named fields that an object has."""
    return [name for name in _items(fields) if isinstance(value, Mapping) and is_present(value.get(name))]


def field_of(item: Any, name: str) -> Any:
    """Return a field of an object, absent where there is no object."""
    return item.get(name, ABSENT) if hasattr(item, "get") else ABSENT


def variable(env: Any, name: str) -> Any:
    """Return the value of a container variable, given as a mapping or as a list."""
    return field_of(env, name) if isinstance(env, Mapping) else field_of(find(env, "name", name), "value")


def where(items: Any, field: str, value: Any) -> list[Any]:
    """Return the items whose field equals the value; none when there is no value."""
    return [item for item in _items(items) if item.get(field, ABSENT) == value] if is_present(value) else []


def matching(items: Any, field: str, wanted: Any) -> list[Any]:
    """Return the items whose field, a mapping of labels, satisfies a selector."""
    return [item for item in _items(items) if selects(item.get(field, ABSENT), wanted)]


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
    if len(found) < 2:
        return []
    return distinct([item for item in found if found.count(item) > 1])


def concat(*lists: Any) -> list[Any]:
    """Return the items of all lists; what is absent adds nothing."""
    joined: list[Any] = []
    for items in lists:
        if isinstance(items, (list, tuple)):
            joined.extend(items)
    return joined


def keys(value: Any) -> list[str]:
    """Return the keys of a mapping."""
    return list(value) if isinstance(value, Mapping) else []


def flat(lists: Any) -> list[Any]:
    """Return the items of the lists in a list."""
    return concat(*_items(lists))


def covers(host: Any, hosts: Any) -> bool:
    """Say whether a host, or one that its leading *. stands for, is among others."""
    known = _items(hosts)
    if host in known or not isinstance(host, str):
        return host in known
    return host.startswith("*.") and any(str(one).partition(".")[2] == host[2:] for one in known)


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


def size(value: Any) -> int:
    """Return how many bytes the keys and texts of a mapping take, as Kubernetes counts a config map."""
    if not isinstance(value, Mapping):
        return 0
    return sum(len(as_text(text).encode("utf-8", "surrogatepass")) + len(key) for key, text in value.items())


def within(inner: Any, outer: Any) -> bool:
    """Say whether an address range (or each of a list) lies inside another and is smaller; false where one is none."""
    if isinstance(inner, (list, tuple)):
        return all(within(one, outer) for one in inner)
    try:
        small, large = ip_network(inner, strict=False), ip_network(outer, strict=False)
    except ValueError:
        return False
    if isinstance(small, IPv4Network) and isinstance(large, IPv4Network):
        return small != large and small.subnet_of(large)
    return (
        isinstance(small, IPv6Network) and isinstance(large, IPv6Network) and small != large and small.subnet_of(large)
    )


def is_time_zone(name: Any) -> bool:
    """Say whether a time zone has this name."""
    return name in TIME_ZONES


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
    return list(_items(source))


#: What kind files can call, by the name they use.
FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "present": is_present,
    "empty": is_empty,
    "count": count,
    "find": find,
    "pluck": pluck,
    "chosen": chosen,
    "field": field_of,
    "variable": variable,
    "where": where,
    "matching": matching,
    "group": group,
    "distinct": distinct,
    "repeated": repeated,
    "concat": concat,
    "keys": keys,
    "flat": flat,
    "covers": covers,
    "lower": lower,
    "merged": merged,
    "contains": contains,
    "selector": selector,
    "bad_labels": bad_labels,
    "exceeds": exceeds,
    "size": size,
    "within": within,
    "time_zone": is_time_zone,
    "starts_as_root": starts_as_root,
    "label_value": label_value,
    "environment": environment,
    "mounts": mounts,
    **RAW_FUNCTIONS,
}
