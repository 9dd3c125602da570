"""Compose's secrets and configs: one node each, mounted as files into the services that ask for them."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from attrs import define, field

from flowcore.compose._bundles import MAX_BYTES, file_data, text_of_bytes
from flowcore.compose._marks import Block, Value, mark_of
from flowcore.compose._names import clean_name, config_key
from flowcore.compose._project import Project
from flowcore.compose._scalars import text_of
from flowcore.compose._scope import Drawing, Scope
from flowcore.compose._units import whole_number
from flowcore.errors import Place
from flowcore.files import EntryKind

#: So many characters of a variable that secrets and configs share weigh as much as one value.
_WEIGHT = 100


@define
class Shared:
    """The top-level secrets or configs of a project.

    Attributes:
        group: ``secrets`` or ``configs``.
        nodes: (node id, key) by name; the node id is empty for an external one.
    """

    project: Project
    drawing: Drawing
    group: str
    nodes: dict[str, tuple[str, str]] = field(factory=dict)
    external: dict[str, str] = field(factory=dict)

    @property
    def kind(self) -> str:
        """The kind of node that stands for one of them."""
        return "secret" if self.group == "secrets" else "configmap"

    def draw(self) -> None:
        """Draw a node for each that is declared and mounted by a service."""
        used = {row["source"] for service in self.project.services.values() for row in service.get(self.group) or []}
        for name, options in self.project.group(self.group).items():
            if name not in used:
                message = f"{self.group}.{name} is not mounted by any service, so it was left out"
                self.project.report.info("compose-unused", message, self._place(name))
            elif options.get("external"):
                self._external(name, options)
            else:
                self._draw(name, options)

    def _place(self, name: str, key: str = "") -> Place:
        options = self.project.group(self.group)[name]
        mark = mark_of(options, key) if key in options else self.project.group(self.group).marks[name]
        return mark.place(f"{self.group}.{name}" + (f".{key}" if key in options else ""))

    def _external(self, name: str, options: Block) -> None:
        external = options["external"]
        real = (external.get("name") if isinstance(external, dict) else None) or options.get("name") or name
        self.external[name] = clean_name(str(real), 253)
        what = "secret" if self.kind == "secret" else "config map"
        self.project.report.info(
            "compose-external",
            f"{name} is external: a {what} {self.external[name]} with the key {config_key(name)} must be there",
            self._place(name, "external"),
            fix=f"create the {what} {self.external[name]} before deploying",
        )
        self.nodes[name] = ("", config_key(name))

    def _draw(self, name: str, options: Block) -> None:
        key = config_key(posixpath.basename(text_of(options.get("file"))) or name)
        ending = "secret" if self.kind == "secret" else "config"
        content, problem = self._content(name, options)
        if content is None and self.kind == "configmap":
            self._tell_config(name, problem)
            return
        node_id = self.drawing.ids.take(name if name.endswith(ending) else f"{name}-{ending}")
        data: dict[str, Any] = {"name": self.drawing.name(self.kind, name)}
        text = text_of_bytes(content or b"")
        if self.kind == "configmap":
            data.update(file_data({key: content or b""}))
        else:
            data.update(secretType="Opaque", keys=[{"id": key, "name": key}])
            if content is None or text is None:
                self._tell_secret(name, problem or "its file is not text", f"{node_id}.{key}")
            else:
                self.drawing.secret(node_id, {key: text})
        self.drawing.node(self.kind, node_id, data, origin=f"{self.group}.{name}")
        self.nodes[name] = (node_id, key)

    def _content(self, name: str, options: Block) -> tuple[bytes | None, str]:
        """Return the value, or None and why it is not at hand."""
        if "content" in options:
            return text_of(options["content"]).encode(), ""
        if "environment" in options:
            variable = text_of(options["environment"])
            value = self.project.env.get(variable)
            mark, path = mark_of(options, "environment"), f"{self.group}.{name}.environment"
            if value is None:
                self.project.report.miss(variable, mark.place(path))
                return None, f"the variable {variable} is not set"
            if not self.project.report.write_out(len(value) // _WEIGHT, mark, path):
                return None, "it is too large"
            return value.encode(), ""
        if "file" in options:
            return self._file(text_of(options["file"]))
        return None, "it has neither file, environment nor content"

    def _file(self, path: str) -> tuple[bytes | None, str]:
        found = self.project.files.look(path)
        if found.kind is not EntryKind.FILE:
            reason = "outside the project's folder" if found.kind is EntryKind.OUTSIDE else "not there"
            return None, f"the file {path} is {reason}"
        if found.size > MAX_BYTES:
            return None, f"the file {path} is larger than {MAX_BYTES} bytes"
        return self.project.files.read(path), ""

    def _tell_secret(self, name: str, reason: str, key: str) -> None:
        self.project.report.warn(
            "compose-secret-value",
            f"secret {name}: {reason}, so its value must be given at deploy time",
            self._origin(name),
            fix=f"give it with --secret {key}=…, or put it there and import again",
        )

    def _tell_config(self, name: str, reason: str) -> None:
        self.project.report.warn(
            "compose-config-value",
            f"config {name}: {reason}, so it is not mounted",
            self._origin(name),
            why="an empty file in its place would break the image",
            fix="put it there and import again",
        )

    def _origin(self, name: str) -> Place:
        options = self.project.group(self.group)[name]
        return self._place(name, next((key for key in ("file", "environment") if key in options), ""))

    def mount(self, scope: Scope) -> None:
        """Mount what a service asks for."""
        rows: Value = scope.get(self.group) or []
        for position, wish in enumerate(rows):
            place = scope.place(self.group, position, rows)
            if wish["source"] not in self.nodes:
                continue
            node_id, key = self.nodes[wish["source"]]
            path = self._path(wish)
            if scope.takes_path(path, place):
                self._mount(scope, wish, node_id, key, path, place)

    def _path(self, wish: Block) -> str:
        target: str = wish.get("target") or wish["source"]
        if target.startswith("/"):
            return posixpath.normpath(target)
        return f"/run/secrets/{target}" if self.kind == "secret" else f"/{target}"

    def _mount(self, scope: Scope, wish: Block, node_id: str, key: str, path: str, place: Place) -> None:
        mode = _mode(scope, wish, place)
        for owner in ("uid", "gid"):
            if owner in wish:
                scope.info("mount-owner", f"{owner} of {path} has no counterpart; files belong to root", place)
        if not node_id:
            kind = "secret" if self.kind == "secret" else "configMap"
            entry = {"type": kind, "name": self.external[wish["source"]], "mountPath": path, "subPath": key}
            scope.mount({**entry, "readOnly": True})
            return
        edge: dict[str, Any] = {"as": "files", "mountPath": path, "subPath": key, "readOnly": True}
        if mode is not None:
            edge["defaultMode"] = mode
        scope.drawing.edge(node_id, scope.id, edge)


def _mode(scope: Scope, wish: Block, place: Place) -> int | None:
    """Return the file mode; a quoted one is octal, as in Compose."""
    mode = wish.get("mode")
    if mode is None:
        return None
    text = mode.removeprefix("0o") if isinstance(mode, str) else ""
    number = int(text, 8) if re.fullmatch(r"[0-7]{1,4}", text) else whole_number(mode)
    if number is None or not 0 <= number <= 0o777:
        scope.warn("mount-mode", f"{mode!r} is not a file mode like 0440; the default holds", place)
        return None
    return number
