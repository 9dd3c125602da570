"""OpenAPI v3: an index and one document for each group and version, as far as kubectl reads them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from attrs import define, field

from adapters.sandbox._discovery import groups_of
from adapters.sandbox._http import encode
from adapters.sandbox._resources import Registry, Resource
from adapters.sandbox._schema import KUBERNETES_VERSION, definition_name, definitions
from adapters.sandbox._status import Object, unknown_path
from adapters.sandbox._types import Types

_REF = "#/$defs/"
_COMPONENTS = "#/components/schemas/"
_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
TITLE = "Kubernetes"
PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force", "pretty")


@define
class OpenApi:
    """The documents of a registry, made on first request and again when a custom resource changes them."""

    registry: Registry
    types: Types
    _documents: dict[str, bytes] = field(init=False, factory=dict)

    def forget(self) -> None:
        """Make every document anew: what is served has changed."""
        self._documents.clear()

    def index(self, root: str) -> Object:
        """`/openapi/v3`: where each document stands below `root`, with a mark of its content."""
        paths = ["api/v1"]
        for group, versions in groups_of(self.registry).items():
            paths += [f"apis/{group}/{version}" for version in versions]
        places = {path: f"{root}/openapi/v3/{path}?hash={self._mark(path)}" for path in paths}
        return {"paths": {path: {"serverRelativeURL": place} for path, place in places.items()}}

    def document(self, path: str) -> bytes:
        """`/openapi/v3/{path}` as JSON. Raises StatusError 404."""
        found = self._documents.get(path)
        if found is None:
            found = self._documents[path] = encode(self._make(path))
        return found

    def _mark(self, path: str) -> str:
        served = "".join(f"{r.plural}{self.types.schema(r)}" for r in self._resources(path))
        return hashlib.sha256(f"{KUBERNETES_VERSION}{path}{served}".encode()).hexdigest()[:32].upper()

    def _resources(self, path: str) -> list[Resource]:
        return [resource for resource in self.registry if _path_of(resource) == path]

    def _make(self, path: str) -> Object:
        found = self._resources(path)
        if not found:
            raise unknown_path()
        schemas: dict[str, Object] = {}
        paths: dict[str, Object] = {}
        for resource in found:
            name = self._describe(resource, schemas)
            paths |= _operations(resource, name)
        return {
            "openapi": "3.0.0",
            "info": {"title": TITLE, "version": KUBERNETES_VERSION},
            "paths": paths,
            "components": {"schemas": schemas},
        }

    def _describe(self, resource: Resource, schemas: dict[str, Object]) -> str:
        name = definition_name(resource.api_version, resource.kind)
        if name is not None:
            _collect(name, schemas)
            return name
        name = ".".join([*reversed(resource.group.split(".")), resource.version, resource.kind])
        _collect(_META, schemas)
        declared = dict(self.types.schema(resource) or {"type": "object"})
        properties: dict[str, Any] = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
        properties |= declared.get("properties", {}) | {"metadata": {"allOf": [{"$ref": _COMPONENTS + _META}]}}
        schemas[name] = declared | {"properties": properties, "x-kubernetes-group-version-kind": [_gvk(resource)]}
        return name


def _path_of(resource: Resource) -> str:
    return f"apis/{resource.group}/{resource.version}" if resource.group else f"api/{resource.version}"


def _gvk(resource: Resource) -> Object:
    return {"group": resource.group, "kind": resource.kind, "version": resource.version}


def _collect(name: str, schemas: dict[str, Object]) -> None:
    if name not in schemas:
        schemas[name] = {}
        schemas[name] = _converted(definitions()[name], schemas)


def _converted(schema: Object, schemas: dict[str, Object]) -> Object:
    """A JSON Schema definition as OpenAPI 3.0 says it, with what it refers to collected."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        _collect(name, schemas)
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return {"allOf": [{"$ref": _COMPONENTS + name}], **rest} if rest else {"$ref": _COMPONENTS + name}
    out = {key: value for key, value in schema.items() if key != "enum"}
    if isinstance(out.get("type"), list):
        out["type"] = next(form for form in out["type"] if form != "null")
    for part in ("items", "additionalProperties"):
        if isinstance(out.get(part), dict):
            out[part] = _converted(out[part], schemas)
    if "oneOf" in out:
        out["oneOf"] = [_converted(option, schemas) for option in out["oneOf"]]
    if "properties" in out:
        out["properties"] = {key: _converted(value, schemas) for key, value in out["properties"].items()}
    return out


def _operations(resource: Resource, name: str) -> dict[str, Object]:
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    place = f"{root}/namespaces/{{namespace}}/{resource.plural}" if resource.namespaced else f"{root}/{resource.plural}"
    collection = {"get": _operation(resource, name, "list"), "post": _operation(resource, name, "post")}
    one = {verb: _operation(resource, name, verb) for verb in ("get", "put", "patch", "delete")}
    return {place: collection, f"{place}/{{name}}": one}


def _operation(resource: Resource, name: str, action: str) -> Object:
    content = {"application/json": {"schema": {"$ref": _COMPONENTS + name}}}
    operation: Object = {
        "operationId": f"{action}{resource.group.title().replace('.', '')}{resource.version.title()}{resource.kind}",
        "responses": {"200": {"description": "OK", "content": content}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": _gvk(resource),
    }
    if action in ("post", "put", "patch", "delete"):
        operation["parameters"] = [
            {"name": parameter, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
            for parameter in _WRITE_PARAMETERS
        ]
    if action in ("post", "put"):
        operation["requestBody"] = {"content": content}
    return operation


def legacy_document(accept: str) -> tuple[bytes, str]:
    """The version 2 document: a title and no schemas, and its media type.

    kubectl asks for it when version 3 has no schema of a kind, as for `v1 List`, and reads protobuf only. It then
    leaves the judgement to the server, which is where it belongs.
    """
    if "proto-openapi" not in accept:
        value = {"swagger": "2.0", "info": {"title": TITLE, "version": KUBERNETES_VERSION}, "paths": {}}
        return json.dumps(value).encode(), "application/json"
    info = _field(1, TITLE.encode()) + _field(2, KUBERNETES_VERSION.encode())
    return _field(1, b"2.0") + _field(2, info), PROTOBUF_V2


def _field(number: int, value: bytes) -> bytes:
    # Protobuf's length-delimited wire type; every length here fits in one byte.
    return bytes((number << 3 | 2, len(value))) + value
