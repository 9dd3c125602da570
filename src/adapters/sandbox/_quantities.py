"""Resource quantities (`500m`, `1Gi`, `2e3`) read exactly and written in their canonical form."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

_QUANTITY = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+))(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$")
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
PATTERN_TEXT = r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"


@lru_cache(maxsize=4096)
def parsed(text: str) -> Decimal | None:
    """The number a quantity stands for, or None when it is none."""
    found = _QUANTITY.match(text)
    if found is None:
        return None
    number, suffix = Decimal(found[1]), found[2] or ""
    if suffix in _BINARY:
        return number * Decimal(1024 ** _BINARY[suffix])
    if suffix in _DECIMAL:
        return number.scaleb(_DECIMAL[suffix])
    return number.scaleb(int(suffix[1:]))


def amount(quantity: object) -> Decimal:
    """The number a quantity stands for; 0 when it is none."""
    return parsed(str(quantity).strip()) or Decimal(0)


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """The same quantity with the largest suffix that leaves a whole number; what is no quantity stays."""
    value = parsed(text)
    if value is None:
        return text
    suffix = _QUANTITY.sub(r"\2", text)
    if suffix in _BINARY and value == value.to_integral_value():
        return _in_binary(int(value))
    if suffix[:1] in ("e", "E") and len(suffix) > 1:
        return _in_exponents(value)
    return _in_decimal(value)


def _in_binary(value: int) -> str:
    for suffix, power in reversed(_BINARY.items()):
        if value and value % 1024**power == 0:
            return f"{value // 1024**power}{suffix}"
    return str(value)


def _in_decimal(value: Decimal) -> str:
    if not value:
        return "0"
    for suffix, power in reversed(_DECIMAL.items()):
        scaled = value.scaleb(-power)
        if scaled == scaled.to_integral_value():
            return f"{int(scaled)}{suffix}"
    return f"{int(value.scaleb(9).to_integral_value(rounding='ROUND_CEILING'))}n"


def _in_exponents(value: Decimal) -> str:
    for power in range(18, -12, -3):
        scaled = value.scaleb(-power)
        if value and scaled == scaled.to_integral_value():
            return f"{int(scaled)}e{power}" if power else str(int(scaled))
    return "0"
