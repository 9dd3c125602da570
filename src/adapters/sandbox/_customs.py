"""CustomResourceDefinitions at work: what they declare is served as long as they exist."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from adapters.sandbox._resources import ALL_VERBS, Resource
from adapters.sandbox._status import Object
from adapters.sandbox._store import Store
from adapters.sandbox._types import Types

API_VERSION, KIND = "apiextensions.k8s.io/v1", "CustomResourceDefinition"


@define
class CustomResources:
    """Follows the definitions in a store and keeps the registry and the types in step."""

    store: Store
    types: Types
    changed: Callable[[], None]
    _served: dict[str, list[Resource]] = field(init=False, factory=dict)

    def follow(self) -> Callable[[], None]:
        """Listen from now on; returns what ends that."""
        return self.store.subscribe(self._on_change)

    def _on_change(self, change: str, obj: Object) -> None:
        if obj["kind"] != KIND or obj["apiVersion"] != API_VERSION:
            return
        name = obj["metadata"]["name"]
        before = self._served.pop(name, [])
        if change == "DELETED":
            self._forget_objects(before)
            self.store.registry.remove(before)
        else:
            self.store.registry.remove(before)
            self._serve(name, obj["spec"])
            self._establish(obj)
        self.changed()

    def _serve(self, name: str, spec: Object) -> None:
        served = [version for version in spec.get("versions", ()) if version.get("served", True)]
        self._served[name] = []
        for version in served:
            resource = _resource(spec, version)
            self.store.registry.add(resource)
            self.types.declare(resource, version.get("schema", {}).get("openAPIV3Schema", {}))
            self._served[name].append(resource)

    def _forget_objects(self, resources: list[Resource]) -> None:
        for resource in resources[:1]:
            for obj in list(self.store.collection(resource).objects.values()):
                self.store.remove(obj)

    def _establish(self, obj: Object) -> None:
        conditions = obj.get("status", {}).get("conditions", ())
        if any(condition["type"] == "Established" for condition in conditions):
            return
        now, names = self.store.now(), obj["spec"]["names"]
        accepted = {"reason": "NoConflicts", "message": "no conflicts found"}
        established = {"reason": "InitialNamesAccepted", "message": "the initial names have been accepted"}
        status = {
            "conditions": [
                {"type": "NamesAccepted", "status": "True", "lastTransitionTime": now, **accepted},
                {"type": "Established", "status": "True", "lastTransitionTime": now, **established},
            ],
            "acceptedNames": names,
            "storedVersions": [version["name"] for version in obj["spec"]["versions"] if version.get("storage")],
        }
        self.store.update({**obj, "status": status}, subresource="status")


def _resource(spec: Object, version: Object) -> Resource:
    names = spec["names"]
    return Resource(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        singular=names.get("singular", ""),
        namespaced=spec.get("scope") == "Namespaced",
        short_names=tuple(names.get("shortNames", ())),
        categories=tuple(names.get("categories", ())),
        subresources=frozenset(version.get("subresources", {})),
        verbs=ALL_VERBS,
        generations=True,
        printed=tuple(version.get("additionalPrinterColumns", ())),
    )
