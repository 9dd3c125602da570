"""The type of each served kind: built in, or from the schema of a CustomResourceDefinition."""

from __future__ import annotations

from attrs import define, field

from adapters.sandbox._resources import Resource
from adapters.sandbox._schema import ANY, STRING, Struct, builtin_type, object_meta, structural_type
from adapters.sandbox._status import Object


@define
class Types:
    """Finds the compiled type of a resource."""

    _found: dict[tuple[str, str], Struct] = field(init=False, factory=dict)
    _declared: dict[tuple[str, str], Object] = field(init=False, factory=dict)

    def of(self, resource: Resource) -> Struct:
        """The type of a resource's objects; an open one when nothing is declared of it."""
        key = (resource.api_version, resource.kind)
        found = self._found.get(key)
        if found is None:
            found = builtin_type(*key) or self._custom(resource)
            self._found[key] = found
        return found

    def declare(self, resource: Resource, schema: Object) -> None:
        """Take a custom resource's structural schema."""
        key = (resource.api_version, resource.kind)
        self._declared[key] = schema
        self._found.pop(key, None)

    def schema(self, resource: Resource) -> Object | None:
        """The structural schema that was declared for a custom resource."""
        return self._declared.get((resource.api_version, resource.kind))

    def _custom(self, resource: Resource) -> Struct:
        declared = self._declared.get((resource.api_version, resource.kind), {})
        compiled = structural_type(resource.kind, declared)
        struct = Struct(resource.kind, is_open=True)
        if isinstance(compiled, Struct):
            struct.fields |= compiled.fields
            struct.required = compiled.required
            struct.open = compiled.open or not compiled.fields
        struct.fields |= {"apiVersion": STRING, "kind": STRING, "metadata": object_meta()}
        struct.fields.setdefault("spec", ANY)
        struct.fields.setdefault("status", ANY)
        return struct
