"""The simple JSON paths of printer columns: fields, indexes and one filter by equality."""

from __future__ import annotations

import re
from typing import Any

_STEP = re.compile(
    r"\.([A-Za-z0-9_-]+)|\['([^']+)'\]|\[(\d+|\*)\]|\[\?\(@\.([A-Za-z0-9_.-]+)\s*==\s*['\"]([^'\"]*)['\"]\)\]"
)


def find(value: Any, path: str) -> Any:
    """The first value at a path, or None."""
    for name, quoted, index, key, wanted in _STEP.findall(path.replace("\\.", "\0")):
        field = (name or quoted).replace("\0", ".")
        if field:
            value = value.get(field) if isinstance(value, dict) else None
        elif not isinstance(value, list):
            return None
        elif key:
            value = next((item for item in value if isinstance(item, dict) and str(item.get(key)) == wanted), None)
        else:
            at = 0 if index == "*" else int(index)
            value = value[at] if at < len(value) else None
        if value is None:
            return None
    return value
