"""YAML out: block style, no anchors, texts quoted whenever any YAML reader could take them for something else."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

#: Texts that are safe without quotes, before the look at what they could be taken for.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./$+-](?:[A-Za-z0-9_./$%+()@,; =-]|:(?=[^\s]))*", re.ASCII)
#: Texts that YAML 1.1 or 1.2 readers may take for null, booleans, numbers (also sexagesimal), dates or merge keys.
_OTHER: Final = re.compile(
    r"null|~|true|false|yes|no|on|off|y|n|=|<<"
    r"|[-+]?(?:0[xob])?[0-9_.][0-9a-f_.:]*(?:e[-+]?[0-9_]*)?|[-+]?\.(?:inf|nan)|[-+.]+.*|[0-9]+[-:].*",
    re.ASCII | re.IGNORECASE,
)
_UNSAFE_IN_BLOCK: Final = re.compile(
    r"[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_ESCAPED: Final = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def to_yaml(documents: Iterable[Any] | Mapping[str, Any]) -> str:
    """Return manifests as one YAML text, documents parted by ``---``; a single mapping is one document.

    What is written reads back equal with YAML 1.1 and 1.2 readers.

    Raises:
        TypeError: a value is not a dict, list, text, number, boolean or null, or a key is not a text.
    """
    several = [documents] if isinstance(documents, Mapping) else list(documents)
    return "---\n".join(_document(document) for document in several)


def _document(document: Any) -> str:
    lines: list[str] = []
    if isinstance(document, Mapping) and document:
        _mapping(document, "", lines)
    elif isinstance(document, (list, tuple)) and document:
        _list(document, "", lines)
    else:
        lines.append(_scalar(document))
    return "\n".join(lines) + "\n"


def _mapping(value: Mapping[str, Any], indent: str, lines: list[str]) -> None:
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"a key must be a text, not {type(key).__name__}")
        _value(f"{indent}{_line_text(key)}:", item, indent + "  ", lines)


def _value(head: str, item: Any, inner: str, lines: list[str]) -> None:
    if isinstance(item, Mapping) and item:
        lines.append(head)
        _mapping(item, inner, lines)
    elif isinstance(item, (list, tuple)) and item:
        lines.append(head)
        _list(item, inner, lines)
    elif isinstance(item, str) and _fits_block(item):
        lines.append(f"{head} |" if item.endswith("\n") else f"{head} |-")
        lines.extend(inner + line if line else "" for line in item.removesuffix("\n").split("\n"))
    else:
        lines.append(f"{head} {_scalar(item)}")


def _list(value: Iterable[Any], indent: str, lines: list[str]) -> None:
    for item in value:
        if isinstance(item, (Mapping, list, tuple)) and item:
            start = len(lines)
            if isinstance(item, Mapping):
                _mapping(item, indent + "  ", lines)
            else:
                _list(item, indent + "  ", lines)
            lines[start] = f"{indent}- {lines[start][len(indent) + 2 :]}"
        else:
            _value(f"{indent}-", item, indent + "  ", lines)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _line_text(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, (Mapping, list, tuple)):
        return "{}" if isinstance(value, Mapping) else "[]"
    raise TypeError(f"{type(value).__name__} is not a plain value")


def _float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = repr(value)
    mantissa, exponent, power = text.partition("e")
    if exponent and "." not in mantissa:
        mantissa += ".0"
    return f"{mantissa}e{power if power.startswith('-') else '+' + power.lstrip('+')}" if exponent else text


def _line_text(text: str) -> str:
    if _PLAIN.fullmatch(text) and not text.endswith((" ", ":")) and not _OTHER.fullmatch(text):
        return text
    escaped = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match.group()):04x}", escaped)


def _fits_block(text: str) -> bool:
    """Say whether a text of several lines can be a literal block without indentation hints or lost characters."""
    if "\n" not in text or text[0] in " \t\n" or text.endswith((" ", "\t", "\n\n")):
        return False
    return not _UNSAFE_IN_BLOCK.search(text)
