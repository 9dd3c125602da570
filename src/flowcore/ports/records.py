"""What every store shares: how an entity becomes a document and comes back, what may be asked, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Generic, TypeAlias, TypeVar, cast, get_type_hints

from attrs import field, fields, frozen

from flowcore.errors import (
    ConflictError,
    FlowcoreError,
    ForbiddenError,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
)
from flowcore.model import from_document, to_document
from flowcore.ports._plain import is_text, plain, plain_scalar, without_none
from flowcore.ports.storage import Between, Entity

E = TypeVar("E")

#: What a field holds that can be searched and sorted by; moments are aware, in UTC, cut to milliseconds.
Scalar: TypeAlias = str | int | float | bool | datetime | None

#: Bytes that the JSON of one entity may have; MongoDB ends at 16 MiB.
MAX_BYTES = 15 * 1024 * 1024

#: How many alternatives a condition may have.
MAX_ALTERNATIVES = 10_000

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@frozen(kw_only=True)
class Query:
    """A checked question: what ``Repository.find`` was asked.

    Attributes:
        where: the values that are wanted, by field.
        ranges: the ranges that are wanted, by field: from the first value on and below the second, None for no limit.
        order: fields to sort by, each once, with whether that is descending; the id is always among them.
        limit: at most this many; 0 means all.
        offset: leave out this many from the front.
    """

    where: Mapping[str, tuple[Scalar, ...]]
    ranges: Mapping[str, tuple[Scalar, Scalar]]
    order: tuple[tuple[str, bool], ...]
    limit: int
    offset: int


@frozen(kw_only=True)
class Shape(Generic[E]):
    """An entity's declaration, read once: what its fields are and how it is kept.

    Attributes:
        entity: the declaration.
        scalars: type by name of the fields that can be searched: str, int, float, bool or datetime.
        optional: names of those that may be None.
    """

    entity: Entity[E]
    scalars: Mapping[str, type] = field(eq=False)
    optional: frozenset[str]

    @property
    def name(self) -> str:
        """Name of the table or collection."""
        return self.entity.name

    def document(self, entity: E, *, revision: int) -> dict[str, Any]:
        """Return *entity* under another revision as nested dicts, lists and scalars that every store can keep.

        Raises:
            InvalidInputError: something in it cannot be kept, or it has no id; every problem is listed.
        """
        try:
            document = plain(to_document(entity), self.entity.type)
        except RecursionError:
            raise InvalidInputError.of("it is nested without an end", rule="store-value", fix="flatten it") from None
        if not isinstance(document["id"], str) or not document["id"]:
            raise InvalidInputError.of("it has no id", rule="store-value", path="id", fix="give it a new id")
        return document | {"revision": revision}

    def restore(self, document: Mapping[str, Any]) -> E:
        """Return the entity that is kept as *document*.

        Raises:
            FlowcoreError: the document is not one of these entities (code ``<name>.unreadable``).
        """
        try:
            return from_document(document, self.entity.type)
        except Exception as error:
            message = f"{self.name}: a stored document does not fit this version of flowcore"
            raise FlowcoreError(message, code=f"{self.name}.unreadable") from error

    def revision_of(self, entity: E) -> int:
        """Return the revision that *entity* was read with."""
        revision: int = cast(Any, entity).revision
        return revision

    def query(self, where: Mapping[str, Any], order_by: Sequence[str] = (), limit: int = 0, offset: int = 0) -> Query:
        """Check a question.

        Raises:
            InvalidInputError: a field does not exist or cannot be searched, or a value is of another type.
        """
        if limit < 0 or offset < 0:
            raise InvalidInputError.of("limit and offset are not negative", rule="store-query", path="limit")
        order: dict[str, bool] = {}
        for word in (*order_by, "id"):
            order.setdefault(word.removeprefix("-"), word.startswith("-"))
        for name in (*where, *order):
            if name not in self.scalars:
                message = f"{self.name} cannot be searched by {name!a}"
                raise InvalidInputError.of(message, rule="store-query", path=name, fix="use a plain field")
        ranges = {name: self._range(name, value) for name, value in where.items() if isinstance(value, Between)}
        wanted = {name: self._alternatives(name, value) for name, value in where.items() if name not in ranges}
        return Query(where=wanted, ranges=ranges, order=tuple(order.items()), limit=limit, offset=offset)

    def _range(self, name: str, value: Between) -> tuple[Scalar, Scalar]:
        if self.scalars[name] is bool:
            message = f"{name} is true or false, which has no ranges"
            raise InvalidInputError.of(message, rule="store-query", path=name)
        return self._wanted(name, value.low), self._wanted(name, value.high)

    def _alternatives(self, name: str, value: Any) -> tuple[Scalar, ...]:
        values = value if isinstance(value, tuple) else (value,)
        if len(values) > MAX_ALTERNATIVES:
            message = f"more than {MAX_ALTERNATIVES} alternatives"
            raise InvalidInputError.of(message, rule="store-query", path=name, fix="ask in parts")
        return tuple(self._wanted(name, each) for each in values)

    def _wanted(self, name: str, value: Any) -> Scalar:
        wanted: Scalar = plain_scalar(value.value if isinstance(value, Enum) else value, name)
        if wanted is None:
            return None
        kind = self.scalars[name]
        if kind is float and type(wanted) is int:
            return float(wanted)
        if type(wanted) is not kind:
            message = f"{name} is compared with {kind.__name__}, not {type(wanted).__name__}"
            raise InvalidInputError.of(message, rule="store-query", path=name)
        return wanted

    def require_changeable(self) -> None:
        """Let nobody change or remove what may only be added.

        Raises:
            ForbiddenError: the entity is declared so.
        """
        if self.entity.append_only:
            message = f"{self.name}: what is there is neither changed nor removed"
            raise ForbiddenError(message, code=f"{self.name}.append_only")

    def not_found(self) -> NotFoundError:
        """Return the error for an id that is not there."""
        return NotFoundError(f"{self.name}: there is none with this id", code=f"{self.name}.not_found")

    def stale(self) -> ConflictError:
        """Return the error for a revision that is not the stored one."""
        return ConflictError(
            f"{self.name}: it was changed by somebody else meanwhile; read it again", code=f"{self.name}.stale"
        )

    def taken(self, group: Sequence[str]) -> ConflictError:
        """Return the error for values that must be unique and are not; the values themselves are left out."""
        return ConflictError(
            f"{self.name}: there is already one with the same {' and '.join(group)}", code=f"{self.name}.exists"
        )


@cache
def shape_of(entity: Entity[E]) -> Shape[E]:
    """Read a declaration.

    Raises:
        TypeError: it is wrong: a bad name, no ``id`` or ``revision``, or a group names a field that is not plain.
    """
    type_: type[Any] = entity.type
    hints = get_type_hints(type_)
    kinds = {attribute.name: _kind(hints[attribute.name]) for attribute in fields(type_)}
    scalars = {name: kind for name, kind in kinds.items() if kind is not None}
    named = {name for group in (*entity.unique, *entity.indexes) for name in group} | {entity.expires} - {""}
    if not _NAME.fullmatch(entity.name):
        raise TypeError(f"{entity.name!a} cannot be the name of a table or collection")
    if scalars.get("id") is not str or scalars.get("revision") is not int:
        raise TypeError(f"{entity.name}: {entity.type.__name__} needs `id: str` and `revision: int`")
    if missing := sorted(named - scalars.keys()):
        raise TypeError(f"{entity.name}: {', '.join(missing)} cannot be indexed")
    if entity.expires and scalars[entity.expires] is not datetime:
        raise TypeError(f"{entity.name}: {entity.expires} is not a moment")
    optional = frozenset(name for name in scalars if without_none(hints[name]) is not hints[name])
    return Shape(entity=entity, scalars=scalars, optional=optional)


def _kind(annotation: Any) -> type | None:
    inner = without_none(annotation)
    if not isinstance(inner, type):
        return None
    for kind in (bool, int, float, str, datetime):
        if issubclass(inner, kind):
            return kind
    return None


def to_text(document: Mapping[str, Any]) -> str:
    """Return a document as JSON; moments become ISO 8601 texts that sort like the moments.

    Raises:
        LimitExceededError: it is larger than every store can keep.
    """
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=moment_text)
    if len(text) > MAX_BYTES // 4 and len(text.encode()) > MAX_BYTES:
        raise LimitExceededError(f"it is larger than {MAX_BYTES // 2**20} MiB", code="store.too_large")
    return text


def from_text(text: str) -> dict[str, Any]:
    """Return the document that ``to_text`` wrote; moments stay texts, which ``Shape.restore`` reads."""
    document: dict[str, Any] = json.loads(text)
    return document


def moment_text(moment: datetime) -> str:
    """Return a moment as text of one length, so that texts sort like moments."""
    return moment.isoformat(timespec="milliseconds")


def is_possible_id(entity_id: str) -> bool:
    """Whether an entity can have been stored under this id."""
    return bool(entity_id) and is_text(entity_id)
