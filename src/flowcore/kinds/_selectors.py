"""Label selectors: written as plain labels or in Kubernetes' words, brought into one form and asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flowcore.kinds._formats import FORMATS
from flowcore.manifests import ABSENT, as_text

_PARTS: Final = ("matchLabels", "matchExpressions")


def selector(value: Any) -> Any:
    """Return a selector in Kubernetes' words; plain labels become ``matchLabels``, no selector stays absent.

    An empty one stays empty, which in Kubernetes means everything.
    """
    if not isinstance(value, Mapping):
        return ABSENT
    plain = {key: as_text(text) for key, text in value.items() if key not in _PARTS and isinstance(text, _SCALARS)}
    labels = {**(value.get("matchLabels") or {}), **plain}
    expressions = value.get("matchExpressions") or []
    made: dict[str, Any] = {"matchLabels": labels} if labels else {}
    return made | ({"matchExpressions": expressions} if expressions else {})


_SCALARS: Final = (str, bool, int, float)


def selects(labels: Any, value: Any) -> bool:
    """Say whether labels satisfy a selector; an empty one is satisfied by everything, no selector by nothing."""
    wanted = selector(value)
    if wanted is ABSENT or not isinstance(labels, Mapping):
        return False
    if any(labels.get(key) != text for key, text in wanted.get("matchLabels", {}).items()):
        return False
    return all(_holds(labels, expression) for expression in wanted.get("matchExpressions", []))


def _holds(labels: Mapping[str, Any], expression: Mapping[str, Any]) -> bool:
    found = labels.get(expression["key"])
    return _OPERATORS[expression["operator"]](found, expression.get("values") or [])


_OPERATORS: Final[Mapping[str, Callable[[Any, list[Any]], bool]]] = {
    "In": lambda found, values: found in values,
    "NotIn": lambda found, values: found not in values,
    "Exists": lambda found, values: found is not None,
    "DoesNotExist": lambda found, values: found is None,
}


def bad_labels(value: Any) -> list[str]:
    """Return those plain labels of a selector that cannot be labels, and expressions with too many or no values."""
    if not isinstance(value, Mapping):
        return []
    key_fits, text_fits = FORMATS["label-key"].fits, FORMATS["label-value"].fits
    bad = [
        str(key)
        for key, text in value.items()
        if key not in _PARTS and not (key_fits(str(key)) and isinstance(text, _SCALARS) and text_fits(as_text(text)))
    ]
    needs = {"In": True, "NotIn": True, "Exists": False, "DoesNotExist": False}
    expressions = value.get("matchExpressions") or []
    return bad + [one["key"] for one in expressions if bool(one.get("values")) != needs[one["operator"]]]
