"""What a path means: which resource, in which namespace, which object and which part of it."""

from __future__ import annotations

from attrs import frozen

from adapters.sandbox._resources import Registry, Resource
from adapters.sandbox._status import unknown_path

_NAMESPACE_PARTS = ("status", "finalize")


@frozen(kw_only=True)
class Target:
    """The resource that a path names; empty texts where it names no namespace, object or subresource."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def target_of(path: str, registry: Registry) -> Target:
    """The target of `/api/v1/…` or `/apis/{group}/{version}/…`. Raises StatusError 404."""
    parts = path.strip("/").split("/")
    if parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    elif len(parts) > 2:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise unknown_path()
    namespace = ""
    if len(rest) >= 3 and rest[0] == "namespaces" and rest[2] not in _NAMESPACE_PARTS:
        namespace, rest = rest[1], rest[2:]
    if not rest or len(rest) > 3:
        raise unknown_path()
    plural, name, subresource = (*rest, "", "")[:3]
    resource = registry.at_path(group, version, plural)
    if namespace and not resource.namespaced:
        raise unknown_path()
    if subresource and subresource not in resource.subresources:
        raise unknown_path()
    return Target(resource=resource, namespace=namespace, name=name, subresource=subresource)
