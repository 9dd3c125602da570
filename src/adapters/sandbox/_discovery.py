"""Discovery: which groups, versions and resources are served, in the aggregated and in the older form."""

from __future__ import annotations

from adapters.sandbox._resources import Registry, Resource
from adapters.sandbox._status import Object, unknown_path

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
#: Subresources whose body is of another kind than the object's.
_FOREIGN = {
    "scale": ("autoscaling", "v1", "Scale"),
    "eviction": ("policy", "v1", "Eviction"),
    "exec": ("", "v1", "PodExecOptions"),
    "token": ("authentication.k8s.io", "v1", "TokenRequest"),
}
_SUBRESOURCE_VERBS = {
    "log": ["get"],
    "exec": ["create", "get"],
    "eviction": ["create"],
    "token": ["create"],
    "finalize": ["update"],
}


def wants_aggregated(accept: str) -> bool:
    """Whether the caller understands aggregated discovery, version v2."""
    return any(
        "as=APIGroupDiscoveryList" in offer and "v=v2;" in offer.replace(" ", "") + ";" for offer in accept.split(",")
    )


def _foreign(resource: Resource, subresource: str) -> tuple[str, str, str]:
    return _FOREIGN.get(subresource, (resource.group, resource.version, resource.kind))


def _verbs(subresource: str) -> list[str]:
    return _SUBRESOURCE_VERBS.get(subresource, ["get", "patch", "update"])


def groups_of(registry: Registry) -> dict[str, list[str]]:
    """The served groups with their versions, the core group left out."""
    groups: dict[str, list[str]] = {}
    for resource in registry:
        if resource.group:
            versions = groups.setdefault(resource.group, [])
            if resource.version not in versions:
                versions.append(resource.version)
    return groups


def core_versions(address: str) -> Object:
    """`/api`."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def _group(name: str, versions: list[str]) -> Object:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def group_list(registry: Registry) -> Object:
    """`/apis`."""
    groups = [_group(name, versions) for name, versions in groups_of(registry).items()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def one_group(registry: Registry, name: str) -> Object:
    """`/apis/{group}`. Raises StatusError 404."""
    versions = groups_of(registry).get(name)
    if versions is None:
        raise unknown_path()
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}


def resource_list(registry: Registry, group: str, version: str) -> Object:
    """`/api/v1` and `/apis/{group}/{version}`. Raises StatusError 404."""
    found = [resource for resource in registry if (resource.group, resource.version) == (group, version)]
    if not found:
        raise unknown_path()
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": [entry for resource in found for entry in _entries(resource)],
    }


def _entries(resource: Resource) -> list[Object]:
    entry: Object = {
        "name": resource.plural,
        "singularName": resource.singular_name,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    entries = [entry]
    for subresource in sorted(resource.subresources):
        group, version, kind = _foreign(resource, subresource)
        part: Object = {
            "name": f"{resource.plural}/{subresource}",
            "singularName": "",
            "namespaced": resource.namespaced,
            "kind": kind,
            "verbs": _verbs(subresource),
        }
        if (group, version) != (resource.group, resource.version):
            part |= {"group": group, "version": version}
        entries.append(part)
    return entries


def aggregated(registry: Registry, *, core: bool) -> Object:
    """`/api` (core) or `/apis` as one APIGroupDiscoveryList."""
    groups = {"": ["v1"]} if core else groups_of(registry)
    items = [
        {
            "metadata": {"name": name, "creationTimestamp": None} if name else {"creationTimestamp": None},
            "versions": [_version(registry, name, version) for version in versions],
        }
        for name, versions in groups.items()
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _version(registry: Registry, group: str, version: str) -> Object:
    found = [resource for resource in registry if (resource.group, resource.version) == (group, version)]
    return {"version": version, "resources": [_described(resource) for resource in found], "freshness": "Current"}


def _described(resource: Resource) -> Object:
    entry: Object = {
        "resource": resource.plural,
        "responseKind": {"group": resource.group, "version": resource.version, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular_name,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [_described_part(resource, name) for name in sorted(resource.subresources)]
    return entry


def _described_part(resource: Resource, subresource: str) -> Object:
    group, version, kind = _foreign(resource, subresource)
    return {
        "subresource": subresource,
        "responseKind": {"group": group, "version": version, "kind": kind},
        "verbs": _verbs(subresource),
    }
