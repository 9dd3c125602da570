"""The table of one entity: the document as JSON, and a column for every field that can be searched."""

# Names stand in the SQL as they are: they come from declarations that `shape_of` has checked. Values are always bound.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

from attrs import frozen

from flowcore.ports.records import Query, Scalar, Shape, from_text, moment_text, to_text

E = TypeVar("E")

#: What SQLite keeps in a column.
Cell: TypeAlias = str | int | float | None

_DOCUMENT = '"_document"'


@frozen
class Table(Generic[E]):
    """The SQL of one entity."""

    shape: Shape[E]

    @property
    def _columns(self) -> list[str]:
        return [_quoted(name) for name in self.shape.scalars]

    @property
    def _name(self) -> str:
        return _quoted(self.shape.name)

    def make(self, connection: sqlite3.Connection) -> None:
        """Make the table and its indexes, or add what it does not have yet. To be called inside a transaction."""
        columns = ", ".join("id TEXT NOT NULL PRIMARY KEY" if name == '"id"' else name for name in self._columns)
        connection.execute(f"CREATE TABLE IF NOT EXISTS {self._name} ({columns}, {_DOCUMENT} TEXT NOT NULL)")
        for change in ("update", "delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS {self._trigger(change)}")
        self._add_columns(connection)
        if self.shape.entity.append_only:
            self._make_append_only(connection)
        for group in self.shape.entity.unique:
            terms = ", ".join(self._unique_term(name) for name in group)
            self._make_index(connection, "UNIQUE INDEX", ["unique", *group], terms)
        plain = [*self.shape.entity.indexes, *([(self.shape.entity.expires,)] if self.shape.entity.expires else [])]
        for group in plain:
            self._make_index(connection, "INDEX", ["by", *group], ", ".join(_quoted(name) for name in group))

    def _make_append_only(self, connection: sqlite3.Connection) -> None:
        """Have the database itself refuse what no code of ours does; rows whose moment has passed may go."""
        expires = self.shape.entity.expires
        kept = (
            f"WHEN ifnull(OLD.{_quoted(expires)}, '~') > strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')" if expires else ""
        )
        for change, when in (("update", ""), ("delete", kept)):
            connection.execute(
                f"CREATE TRIGGER {self._trigger(change)} BEFORE {change} ON {self._name} {when} "
                f"BEGIN SELECT RAISE(ABORT, '{self.shape.name} is append-only'); END"
            )

    def _trigger(self, change: str) -> str:
        return _quoted(f"{self.shape.name}__no_{change}")

    def _make_index(self, connection: sqlite3.Connection, kind: str, words: Sequence[str], terms: str) -> None:
        name = _quoted("__".join([self.shape.name, *words]))
        connection.execute(f"CREATE {kind} IF NOT EXISTS {name} ON {self._name} ({terms})")

    def _unique_term(self, name: str) -> str:
        # For SQLite nothing differs from nothing; for us it is a value like others. A blob equals no other value.
        return f"ifnull({_quoted(name)}, x'')" if name in self.shape.optional else _quoted(name)

    def _add_columns(self, connection: sqlite3.Connection) -> None:
        present = {row[1] for row in connection.execute(f"PRAGMA table_info({self._name})")}
        missing = [name for name in self.shape.scalars if name not in present]
        for name in missing:
            connection.execute(f"ALTER TABLE {self._name} ADD COLUMN {_quoted(name)}")
        if not missing:
            return
        changes = ", ".join(f"{_quoted(name)} = ?" for name in missing)
        for entity_id, text in connection.execute(f"SELECT id, {_DOCUMENT} FROM {self._name}").fetchall():
            entity = self.shape.restore(from_text(text))
            document = self.shape.document(entity, revision=self.shape.revision_of(entity))
            cells = [_cell(document[name]) for name in missing]
            connection.execute(f"UPDATE {self._name} SET {changes} WHERE id = ?", [*cells, entity_id])

    def insert(self, connection: sqlite3.Connection, document: Mapping[str, Any]) -> str:
        """Store a new row and return its document as text.

        Raises:
            ConflictError: its id or a unique group is taken.
        """
        columns = ", ".join([*self._columns, _DOCUMENT])
        marks = ", ".join("?" * (len(self._columns) + 1))
        text = to_text(document)
        statement = f"INSERT INTO {self._name} ({columns}) VALUES ({marks})"
        try:
            connection.execute(statement, [*self._cells(document), text])
        except sqlite3.IntegrityError as error:
            raise self.shape.taken(self._taken(connection, document)) from error
        return text

    def update(self, connection: sqlite3.Connection, document: Mapping[str, Any], *, revision: int) -> str:
        """Store a changed row over the one with *revision* and return its document as text.

        Raises:
            NotFoundError: there is none with its id.
            ConflictError: the row has another revision, or a unique group is taken by another row.
        """
        changes = ", ".join(f"{name} = ?" for name in [*self._columns, _DOCUMENT])
        statement = f"UPDATE {self._name} SET {changes} WHERE id = ? AND revision = ?"
        text, entity_id = to_text(document), document["id"]
        try:
            changed = connection.execute(statement, [*self._cells(document), text, entity_id, revision]).rowcount
        except sqlite3.IntegrityError as error:
            raise self.shape.taken(self._taken(connection, document)) from error
        if not changed:
            raise self.shape.stale() if self.text(connection, entity_id) is not None else self.shape.not_found()
        return text

    def delete(self, connection: sqlite3.Connection, entity_id: str) -> bool:
        """Forget a row; say whether there was one."""
        return connection.execute(f"DELETE FROM {self._name} WHERE id = ?", [entity_id]).rowcount > 0

    def delete_expired(self, connection: sqlite3.Connection, now: datetime) -> None:
        """Forget the rows whose moment has passed, if the entity has such a moment."""
        if self.shape.entity.expires:
            column = _quoted(self.shape.entity.expires)
            connection.execute(f"DELETE FROM {self._name} WHERE {column} <= ?", [moment_text(now)])

    def text(self, connection: sqlite3.Connection, entity_id: str) -> str | None:
        """Return the document with this id, or None."""
        rows = connection.execute(f"SELECT {_DOCUMENT} FROM {self._name} WHERE id = ?", [entity_id])
        row: tuple[str] | None = rows.fetchone()
        return row[0] if row else None

    def texts(self, connection: sqlite3.Connection, query: Query) -> list[str]:
        """Return the documents that match, in order."""
        condition, cells = self._condition(query)
        order = ", ".join(f"{_quoted(name)} {'DESC' if descending else 'ASC'}" for name, descending in query.order)
        statement = f"SELECT {_DOCUMENT} FROM {self._name} WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?"
        return [row[0] for row in connection.execute(statement, [*cells, query.limit or -1, query.offset])]

    def count(self, connection: sqlite3.Connection, query: Query) -> int:
        """Return how many rows match."""
        condition, cells = self._condition(query)
        (number,) = connection.execute(f"SELECT count(*) FROM {self._name} WHERE {condition}", cells).fetchone()
        return int(number)

    def _condition(self, query: Query) -> tuple[str, list[Cell]]:
        terms, cells = ["1"], list[Cell]()
        for name, wanted in query.where.items():
            values = [_cell(value) for value in wanted if value is not None]
            some = f"{_quoted(name)} IN ({', '.join('?' * len(values))})"
            terms.append(f"({some} OR {_quoted(name)} IS NULL)" if None in wanted else some)
            cells += values
        for name, limits in query.ranges.items():
            terms.append(f"{_quoted(name)} IS NOT NULL")
            for sign, limit in zip((">=", "<"), limits, strict=True):
                if limit is not None:
                    terms.append(f"{_quoted(name)} {sign} ?")
                    cells.append(_cell(limit))
        return " AND ".join(terms), cells

    def _cells(self, document: Mapping[str, Any]) -> list[Cell]:
        return [_cell(document[name]) for name in self.shape.scalars]

    def _taken(self, connection: sqlite3.Connection, document: Mapping[str, Any]) -> Sequence[str]:
        for group in self.shape.entity.unique:
            same = " AND ".join(f"{_quoted(name)} IS ?" for name in group)
            cells = [*(_cell(document[name]) for name in group), document["id"]]
            if connection.execute(f"SELECT 1 FROM {self._name} WHERE {same} AND id != ?", cells).fetchone():
                return group
        return ["id"]


def _quoted(name: str) -> str:
    return f'"{name}"'


def _cell(value: Scalar) -> Cell:
    if isinstance(value, datetime):
        return moment_text(value)
    return int(value) if isinstance(value, bool) else value
