"""Checks of single values: texts, numbers, booleans, options; coercion only where nothing is lost."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from flowcore.kinds._collecting import Collector
from flowcore.kinds._formats import FORMATS
from flowcore.kinds._parameters import Parameter
from flowcore.manifests import ABSENT, as_text

#: Takes a value and its path, returns it in the parameter's type; ABSENT where there is none or it is wrong.
Check: TypeAlias = Callable[[Any, str, Collector], Any]


def wrong_type(expected: str, value: Any, path: str, collector: Collector) -> Any:
    """Report a value of the wrong type and return ABSENT."""
    article = {"int": "a number", "float": "a number", "str": "a text", "bool": "a boolean"}
    found = article.get(type(value).__name__, "a list" if isinstance(value, (list, tuple)) else "an object")
    collector.add("field-type", f"must be {expected}, not {found}", path, fix=f"write {expected}")
    return ABSENT


def shown(value: str) -> str:
    """Return a text as it may stand in a message: quoted, and not at any length."""
    return repr(value if len(value) <= 80 else f"{value[:77]}…")


def text_check(parameter: Parameter) -> Check:
    """Return the check of a text; numbers and booleans are written out, blanks around formatted texts are cut."""
    form = FORMATS.get(parameter.format)
    blank_is_absent = bool(form and not form.fits("")) or bool(parameter.options)
    trims = form is not None

    def check(value: Any, path: str, collector: Collector) -> Any:
        if type(value) is not str:
            if not isinstance(value, (str, bool, int, float)):
                return wrong_type("a text", value, path, collector)
            value = as_text(value)
        if trims:
            value = value.strip()
        if not value:
            return ABSENT if blank_is_absent else value
        if form is not None and not form.fits(value):
            collector.add(
                "field-format",
                f"{shown(value)} is not valid: it must be {form.meaning}",
                path,
                fix=f"use {form.meaning}",
            )
            return ABSENT
        return value

    return check


def as_number(value: Any) -> int | float | None:
    """Return the number a value stands for without loss, None when it does not."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = int(value) if value.strip().lstrip("+-").isdecimal() else float(value)
        except ValueError:
            return None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() else value
    return value if isinstance(value, int) else None


def number_check(parameter: Parameter, *, whole: bool, low: float | None = None, high: float | None = None) -> Check:
    """Return the check of a number within limits; whole floats and written numbers are understood."""
    minimum = parameter.minimum if parameter.minimum is not None else low
    maximum = parameter.maximum if parameter.maximum is not None else high
    expected = "a whole number" if whole else "a number"

    def check(value: Any, path: str, collector: Collector) -> Any:
        if value == "":
            return ABSENT
        number = value if type(value) is int else as_number(value)
        if number is None or (whole and not isinstance(number, int)):
            if isinstance(value, (int, float, str)) and not isinstance(value, bool):
                collector.add("field-type", f"{value!r} is not {expected}", path, fix=f"write {expected}")
                return ABSENT
            return wrong_type(expected, value, path, collector)
        if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
            limits = _limits(minimum, maximum)
            collector.add("field-range", f"{number} is out of range: it must be {limits}", path, fix=f"use {limits}")
            return ABSENT
        return number

    return check


def _limits(minimum: float | None, maximum: float | None) -> str:
    if maximum is None:
        return f"at least {as_text(minimum)}"
    return f"at most {as_text(maximum)}" if minimum is None else f"from {as_text(minimum)} to {as_text(maximum)}"


def boolean_check(parameter: Parameter) -> Check:
    """Return the check of a boolean; the words true and false are understood."""

    def check(value: Any, path: str, collector: Collector) -> Any:
        if isinstance(value, bool):
            return value
        words: Mapping[Any, Any] = {"true": True, "false": False, "": ABSENT}
        if isinstance(value, str) and value.strip().lower() in words:
            return words[value.strip().lower()]
        return wrong_type("true or false", value, path, collector)

    return check


def int_or_text_check(parameter: Parameter) -> Check:
    """Return the check of a port number or a name."""
    number = number_check(parameter, whole=True, low=1, high=65535)
    text = text_check(parameter)

    def check(value: Any, path: str, collector: Collector) -> Any:
        return number(value, path, collector) if as_number(value) is not None else text(value, path, collector)

    return check


def options_check(options: tuple[str, ...], inner: Check) -> Check:
    """Return the check of a choice between fixed words."""
    known = {option.lower(): option for option in options}

    def check(value: Any, path: str, collector: Collector) -> Any:
        found = inner(value, path, collector)
        if found is ABSENT or found in options:
            return found
        right = known.get(str(found).lower())
        fix = f"write {right}" if right else f"use one of {', '.join(options)}"
        collector.add("field-option", f"{found!r} is not one of {', '.join(options)}", path, fix=fix)
        return ABSENT

    return check
