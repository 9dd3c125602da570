"""Parameters: what a node or a link can be told, as the kind files declare it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from flowcore.manifests import ABSENT, Absent

#: The types a parameter can have; ``port`` is a number from 1 to 65535, ``intOrText`` a port number or a port name.
TYPES: Final = frozenset(
    {"string", "integer", "number", "boolean", "port", "intOrText", "list", "map", "object", "choice", "any"}
)


@frozen(kw_only=True)
class Parameter:
    """One parameter.

    Attributes:
        name: key in the node's data.
        label: what a form shows.
        type: a word of ``TYPES``; ``map`` has free keys and ``values`` of one type, ``object`` has known ``fields``
            or, without any, is handed over as it is; ``choice`` is whichever of ``choices`` the value fits.
        format: name of a format that a text must have; empty for any text.
        required: whether there must be a value.
        default: the value when none is given; ``ABSENT`` for none.
        minimum, maximum: limits of a number.
        options: the only allowed values; empty for any.
        help: one sentence for people.
        group: heading under which a form shows it.
        aliases: older keys that mean the same.
        items: what the items of a list are.
        values: what the values of a map are.
        keys: format of a map's keys.
        fields: the known fields of an object.
        choices: the alternatives of a choice, tried in order.
        unique: field whose values must differ between the items of a list.
        refers: kind or role of the resource that a text names, or that the ``name`` in an object names; ``.field`` when
            the field beside it says the kind. Empty when it names none.
        keeps_null: whether a map's nulls mean something; elsewhere null is no value.
        open: whether an object keeps what its ``fields`` do not name; it is handed over as it is.
        schema: OpenAPI v3 schema by which values are checked instead of by type, as in custom resources; the other
            attributes then only describe it.
    """

    name: str
    label: str = ""
    type: str = "string"
    format: str = ""
    required: bool = False
    default: Any = ABSENT
    minimum: float | None = None
    maximum: float | None = None
    options: tuple[str, ...] = ()
    help: str = ""
    group: str = ""
    aliases: tuple[str, ...] = ()
    items: Parameter | None = None
    values: Parameter | None = None
    keys: str = ""
    fields: tuple[Parameter, ...] = ()
    choices: tuple[Parameter, ...] = ()
    unique: str = ""
    refers: str = ""
    keeps_null: bool = False
    open: bool = False
    schema: Mapping[str, Any] | None = field(default=None, repr=False)

    def describe(self) -> dict[str, Any]:
        """Return the parameter as plain JSON values, for forms; what is not said is left out."""
        described: dict[str, Any] = {"name": self.name, "label": self.label or self.name, "type": self.type}
        texts = ("format", "help", "group", "keys", "unique", "refers")
        described |= {key: getattr(self, key) for key in texts if getattr(self, key)}
        described["required"] = self.required
        if self.open:
            described["open"] = True
        if not isinstance(self.default, Absent):
            described["default"] = self.default
        limits = {"min": self.minimum, "max": self.maximum}
        described |= {key: limit for key, limit in limits.items() if limit is not None}
        if self.options:
            described["options"] = [{"value": option, "label": option} for option in self.options]
        nested: Mapping[str, Parameter | None] = {"items": self.items, "values": self.values}
        described |= {key: parameter.describe() for key, parameter in nested.items() if parameter is not None}
        several = {"fields": self.fields, "choices": self.choices}
        return described | {key: [one.describe() for one in found] for key, found in several.items() if found}
