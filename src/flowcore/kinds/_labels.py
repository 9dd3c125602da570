"""Names as label values and DNS labels: themselves where they fit, else cleaned, cut and told apart by a short hash."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, Final

from flowcore.manifests import ABSENT, as_text

_LABEL_VALUE: Final = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", re.ASCII)
_DNS_LABEL: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)


def label_value(text: Any) -> Any:
    """Return a text as a label value: itself where it is one, else cleaned, cut and told apart by a short hash."""
    if text is ABSENT or text is None:
        return ABSENT
    value = as_text(text)
    return value if _LABEL_VALUE.fullmatch(value) else _shortened(value, r"[^A-Za-z0-9_.-]+", 63)


def _shortened(text: str, unwanted: str, limit: int) -> str:
    mark = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    kept = re.sub(unwanted, "-", text, flags=re.ASCII)[: limit - 9].strip("-._")
    return f"{kept}-{mark}" if kept else f"x-{mark}"


def dns_label(text: str) -> str:
    """Return a text as a DNS label."""
    lowered = text.lower()
    return lowered if _DNS_LABEL.fullmatch(lowered) else _shortened(lowered, r"[^a-z0-9-]+", 63)
