"""CustomResourceDefinitions become kinds: a kind file is written from the definition, and read like any other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.kinds._crd_schema import asks_for_storage, title, trimmed
from flowcore.manifests import TreeMap

_GROUP: Final = "apiextensions.k8s.io/"
_VERSION: Final = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
#: What the API server takes for names; a kind's file is called by them.
_NAMES: Final = {
    "kind": re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}", re.ASCII),
    "group": re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII),
    "version": re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", re.ASCII),
}
#: Top-level fields that can be keys of a template.
_FIELD: Final = re.compile(r"[A-Za-z_][-\w]*", re.ASCII)
_MATURITY: Final = {None: 2, "beta": 1, "alpha": 0}
#: Top-level fields that every object has, or that its controller writes.
_OWN_FIELDS: Final = frozenset({"apiVersion", "kind", "metadata", "status"})
#: Names that a node's data and templates already use for something else.
_TAKEN: Final = frozenset(
    {"name", "namespace", "labels", "annotations", "overrides", "id", "links", "self", "run", "extra"}
)


def is_definition(tree: Any) -> bool:
    """Say whether a parsed document is a CustomResourceDefinition."""
    is_object = isinstance(tree, Mapping) and tree.get("kind") == "CustomResourceDefinition"
    return is_object and str(tree.get("apiVersion", "")).startswith(_GROUP)


def kind_file(definition: Mapping[str, Any], *, version: str | None = None) -> dict[str, Any]:
    """Return the kind file of a CustomResourceDefinition as plain values.

    Node data holds the object's own top-level fields under their names, ``spec`` above all, beside ``name``,
    ``namespace``, ``labels``, ``annotations`` and ``overrides``.

    Args:
        definition: the definition, of apiextensions.k8s.io/v1 or v1beta1.
        version: the API version to use; the newest stable one that is served if not given.

    Raises:
        InvalidInputError: it is no definition, or names no kind, group or served version; every problem is listed.
    """
    spec = _checked(definition)
    names, group = spec["names"], str(spec["group"])
    found = _chosen(definition, spec, version)
    schema = trimmed(_schema(spec, found))
    kind = str(names["kind"])
    singular = str(names.get("singular") or kind).lower()
    singular = singular if _NAMES["version"].fullmatch(singular) else kind.lower()
    scope = "clusterwide" if spec.get("scope") == "Cluster" else "namespaced"
    properties = (schema.get("properties") or {}).items()
    fields = {key: part for key, part in properties if key not in _OWN_FIELDS and _FIELD.fullmatch(key)}
    if not fields:
        fields = {"spec": {"x-kubernetes-preserve-unknown-fields": True}}
    keys = {key: _name_of(key) for key in fields}
    has_pods = "template" in fields.get("spec", {}).get("properties", {})
    resource = {"apiVersion": f"{group}/{found['name']}", "kind": kind, "plural": str(names.get("plural", ""))}
    return {
        "name": f"{singular}.{group}",
        "label": kind,
        "category": group,
        "icon": "Puzzle",
        "description": schema.get("description") or f"A {kind} of {group}.",
        "resource": {**resource, "namespaced": scope == "namespaced"},
        "roles": ["custom"],
        **({"holds_data": True} if asks_for_storage(schema) else {}),
        "handles": {"$include": "_custom.yaml#handles"},
        "parameters": [
            {"$include": f"_custom.yaml#{scope}"},
            *(_parameter(keys[key], key, part, schema) for key, part in fields.items()),
        ],
        **({"exports": {"pods": {"$include": "_custom.yaml#pods"}}} if has_pods else {}),
        "links": [{"$include": f"_custom.yaml#{part}"} for part in _links(found, has_pods=has_pods)],
        "checks": {"$include": "_custom.yaml#checks"},
        "template": {
            "apiVersion": resource["apiVersion"],
            "kind": kind,
            "metadata": {"$include": f"_custom.yaml#metadata.{scope}"},
            **{f"{key}?": f"${{{keys[key]}}}" for key in fields},
        },
    }


def _links(version: Mapping[str, Any], *, has_pods: bool) -> Iterator[str]:
    """Yield the parts with the links of a kind."""
    subresources = version.get("subresources")
    yield "links"
    yield "routed" if has_pods else "service"
    if isinstance(subresources, Mapping) and subresources.get("scale"):
        yield "scaled"


def _parameter(name: str, field: str, schema: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    required = {"required": True} if field in (above.get("required") or ()) and "default" not in schema else {}
    texts = {"label": title(field), "group": title(field) if schema.get("properties") else "General"}
    return {"name": name, **texts, **required, "schema": dict(schema)}


def _name_of(field: str) -> str:
    """Return a top-level field's name in node data: its own, unless that is taken or no word of expressions."""
    word = re.sub(r"\W", "_", field, flags=re.ASCII)
    return f"{word}Field" if word in _TAKEN or not word.isidentifier() else word


# ------------------------------------------------------------ the definition


def _checked(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the definition's spec, with everything in it that a kind needs."""
    if not is_definition(definition):
        raise InvalidInputError([_problem(definition, "this is no CustomResourceDefinition", "kind")])
    spec = definition.get("spec")
    if not isinstance(spec, Mapping):
        raise InvalidInputError([_problem(definition, "the definition has no spec", "spec")])
    names = spec.get("names")
    problems = []
    said = {"kind": (names or {}).get("kind") if isinstance(names, Mapping) else None, "group": spec.get("group")}
    for what, name in said.items():
        path = "spec.group" if what == "group" else "spec.names.kind"
        if not name:
            problems.append(_problem(definition, f"the definition names no {what}", path))
        elif not isinstance(name, str) or not _NAMES[what].fullmatch(name):
            problems.append(_problem(definition, f"the definition's {what} is no name that Kubernetes takes", path))
    if not any(True for _ in _versions(spec)):
        problems.append(_problem(definition, "the definition has no version", "spec.versions"))
    if problems:
        raise InvalidInputError(problems, code="kind.invalid")
    return spec


def _versions(spec: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    listed = spec.get("versions")
    found = [one for one in listed if _is_version(one)] if isinstance(listed, list) else []
    # The first definitions, of v1beta1, could name their one version in a field of its own.
    return found or (
        [{"name": spec["version"], "served": True, "storage": True}]
        if _is_version({"name": spec.get("version", "")})
        else []
    )


def _is_version(tree: Any) -> bool:
    return isinstance(tree, Mapping) and _NAMES["version"].fullmatch(str(tree.get("name", ""))) is not None


def _chosen(definition: Mapping[str, Any], spec: Mapping[str, Any], version: str | None) -> Mapping[str, Any]:
    versions = list(_versions(spec))
    served = [one for one in versions if one.get("served", True)]
    if version:
        named = [one for one in versions if one["name"] == version]
        if not named or named[0] not in served:
            known = ", ".join(str(one["name"]) for one in served)
            message = f"the version {version} is not served"
            raise InvalidInputError([_problem(definition, message, "spec.versions", f"served are: {known}")])
        return named[0]
    if not served:
        raise InvalidInputError([_problem(definition, "no version of the definition is served", "spec.versions")])
    current = [one for one in served if not one.get("deprecated")] or served
    return max(current, key=lambda one: (*version_rank(str(one["name"])), bool(one.get("storage"))))


def version_rank(name: str) -> tuple[int, int, int]:
    """Return what sorts API versions from old to new: alpha, beta and stable ones, each by number; others first."""
    found = _VERSION.fullmatch(name)
    if found is None:
        return (-1, 0, 0)
    return (_MATURITY[found[2]], int(found[1]), int(found[3] or 0))


def _schema(spec: Mapping[str, Any], version: Mapping[str, Any]) -> Mapping[str, Any]:
    for holder in (version.get("schema"), spec.get("validation")):
        schema = holder.get("openAPIV3Schema") if isinstance(holder, Mapping) else None
        if isinstance(schema, Mapping):
            is_free = spec.get("preserveUnknownFields") is True
            return {**schema, **({"x-kubernetes-preserve-unknown-fields": True} if is_free else {})}
    return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def _problem(definition: Any, message: str, path: str, fix: str = "") -> Finding:
    file = definition.file if isinstance(definition, TreeMap) else ""
    line = definition.line if isinstance(definition, TreeMap) else 0
    metadata = definition.get("metadata") if isinstance(definition, Mapping) else None
    name = str(metadata.get("name", "")) if isinstance(metadata, Mapping) else ""
    told = f"{name}: {message}" if name else message
    return Finding(rule="kind-definition", message=told, place=Place(file=file, line=line, path=path), fix=fix)
