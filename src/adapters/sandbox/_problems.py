"""What is wrong with an object, collected with field paths in the API server's words; and the syntax of names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import define, field

from adapters.sandbox._status import Cause

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAME_PART = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")

SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    f"'{_SUBDOMAIN.pattern}')"
)
LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    f"'{_LABEL.pattern}')"
)
LABEL_1035_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    f"'{_LABEL_1035.pattern}')"
)
_NAME_PART_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    f"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_NAME_PART.pattern}')"
)
_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'{_VALUE.pattern}')"
)
_CONFIG_KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  "
    f"or 'key-name', regex used for validation is '{_CONFIG_KEY.pattern}')"
)


@define
class Problems:
    """The causes found so far."""

    causes: list[Cause] = field(factory=list)

    def required(self, path: str, detail: str = "") -> None:
        """A field that must be there is not."""
        self._add("FieldValueRequired", "Required value" + (f": {detail}" if detail else ""), path)

    def invalid(self, path: str, value: Any, detail: str) -> None:
        """A field's value is not allowed."""
        self._add("FieldValueInvalid", f"Invalid value: {shown(value)}: {detail}", path)

    def unsupported(self, path: str, value: Any, supported: Iterable[str]) -> None:
        """A field's value is none of those that exist."""
        listed = ", ".join(f'"{option}"' for option in sorted(supported))
        self._add("FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {listed}", path)

    def duplicate(self, path: str, value: Any) -> None:
        """A value that must be unique appears again."""
        self._add("FieldValueDuplicate", f"Duplicate value: {shown(value)}", path)

    def forbidden(self, path: str, detail: str) -> None:
        """A field must not be there, or must not change."""
        self._add("FieldValueForbidden", f"Forbidden: {detail}", path)

    def missing(self, path: str, value: Any) -> None:
        """A field names what does not exist."""
        self._add("FieldValueNotFound", f"Not found: {shown(value)}", path)

    def too_long(self, path: str, limit: int, unit: str = "bytes") -> None:
        """A value is longer than allowed."""
        self._add("FieldValueTooLong", f"Too long: may not be more than {limit} {unit}", path)

    def one_of(self, path: str, value: Any, supported: Iterable[str]) -> None:
        """Check that a value, when given, is one of a few words."""
        if value is not None and value not in supported:
            self.unsupported(path, value, supported)

    def at_least(self, path: str, value: Any, lowest: int) -> None:
        """Check that a number, when given, is not too small."""
        if isinstance(value, int) and value < lowest:
            self.invalid(path, value, f"must be greater than or equal to {lowest}")

    def port(self, path: str, value: Any) -> None:
        """Check a port number."""
        if not isinstance(value, int) or not 1 <= value <= 65535:
            self.invalid(path, value, "must be between 1 and 65535, inclusive")

    def _add(self, reason: str, message: str, path: str) -> None:
        self.causes.append(Cause(reason, message, path))

    # -- names

    def subdomain(self, path: str, value: str) -> None:
        """Check an RFC 1123 subdomain of at most 253 letters."""
        if not _SUBDOMAIN.fullmatch(value):
            self.invalid(path, value, SUBDOMAIN_TEXT)
        elif len(value) > 253:
            self.invalid(path, value, "must be no more than 253 bytes")

    def label(self, path: str, value: str) -> None:
        """Check an RFC 1123 label of at most 63 letters."""
        self._short(path, value, _LABEL, LABEL_TEXT)

    def label_1035(self, path: str, value: str) -> None:
        """Check an RFC 1035 label of at most 63 letters."""
        self._short(path, value, _LABEL_1035, LABEL_1035_TEXT)

    def _short(self, path: str, value: str, pattern: re.Pattern[str], text: str) -> None:
        if not pattern.fullmatch(value):
            self.invalid(path, value, text)
        if len(value) > 63:
            self.invalid(path, value, "must be no more than 63 bytes")

    def port_name(self, path: str, value: str) -> None:
        """Check the name of a port as IANA allows it."""
        if len(value) > 15:
            self.invalid(path, value, "must be no more than 15 characters")
        if not re.fullmatch(r"[-a-z0-9]+", value):
            self.invalid(path, value, "must contain only alphanumeric characters (a-z, 0-9), and hyphens (-)")
        elif not re.search(r"[a-z]", value):
            self.invalid(path, value, "must contain at least one letter (a-z)")
        elif "--" in value or value[0] == "-" or value[-1] == "-":
            self.invalid(path, value, "must not contain consecutive hyphens, or begin or end with a hyphen")

    def labels(self, path: str, values: Mapping[str, Any]) -> None:
        """Check a map of labels."""
        for name, value in values.items():
            self.qualified_name(path, name)
            if not _VALUE.fullmatch(value):
                self.invalid(path, value, _VALUE_TEXT)
            elif len(value) > 63:
                self.invalid(path, value, "must be no more than 63 bytes")

    def qualified_name(self, path: str, name: str) -> None:
        """Check the key of a label or an annotation: an optional domain, a slash and a name."""
        prefix, slash, part = name.rpartition("/")
        if slash and not _SUBDOMAIN.fullmatch(prefix):
            self.invalid(path, name, f"prefix part {SUBDOMAIN_TEXT}")
        if not part:
            self.invalid(path, name, "name part must be non-empty")
        elif not _NAME_PART.fullmatch(part):
            self.invalid(path, name, _NAME_PART_TEXT)
        elif len(part) > 63:
            self.invalid(path, name, "name part must be no more than 63 bytes")

    def config_key(self, path: str, name: str) -> None:
        """Check a key of a ConfigMap or Secret."""
        if not _CONFIG_KEY.fullmatch(name):
            self.invalid(f"{path}[{name}]", name, _CONFIG_KEY_TEXT)
        elif name in (".", ".."):
            self.invalid(f"{path}[{name}]", name, f"must not be '{name}'")


def shown(value: Any) -> str:
    """A value as messages show it: texts quoted, everything else as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
