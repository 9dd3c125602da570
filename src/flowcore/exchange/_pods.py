"""Variables and volumes of a workload's main container: as wires from what they name, else as the node's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import define, field

from flowcore.exchange._drafts import Board, Draft, Wish
from flowcore.exchange._paths import Path, at, mapping_at, mappings_at, text_at
from flowcore.model import Manifest

#: What volumes, variables and mounts name, by the field that does it.
_REFERENCES: Final[Mapping[str, str]] = {
    "configMap": "ConfigMap",
    "secret": "Secret",
    "persistentVolumeClaim": "PersistentVolumeClaim",
    "configMapKeyRef": "ConfigMap",
    "secretKeyRef": "Secret",
    "configMapRef": "ConfigMap",
    "secretRef": "Secret",
}
#: The field of a volume's source that holds the name.
_NAME_FIELDS: Final[Mapping[str, str]] = {"secret": "secretName", "persistentVolumeClaim": "claimName"}
#: How kinds begin the names of volumes that they name themselves.
_PREFIXES: Final[Mapping[str, str]] = {
    "configMap": "config-",
    "secret": "secret-",
    "persistentVolumeClaim": "claim-",
    "emptyDir": "empty-",
    "hostPath": "host-",
}
#: Parameters that are read here.
POD_PARAMETERS: Final = frozenset({"env", "envFrom", "volumeMounts", "volumeClaimTemplates"})


def main_first(manifest: Manifest, path: Path) -> Manifest:
    """Return the object with the container first that the node stands for: the one called like it, else the first."""
    containers = at(manifest, (*path, "containers"))
    if not isinstance(containers, list) or len(containers) < 2:
        return manifest
    name = manifest["metadata"]["name"]
    names = [text_at(container, "name") for container in containers]
    if name not in names[1:]:
        return manifest
    first = names.index(name)
    moved = [containers[first], *containers[:first], *containers[first + 1 :]]
    return _replaced(manifest, (*path, "containers"), moved)


def _replaced(value: dict[Any, Any], path: Path, new: Any) -> dict[Any, Any]:
    step, *rest = path
    return {**value, step: _replaced(value[step], tuple(rest), new) if rest else new}


@define
class PodReader:
    """Reads one workload.

    Attributes:
        draft: the workload.
        board: what it can be wired with.
        container: its main container.
        pod: its pod's spec.
        data: what is the node's own.
        wishes: the wires.
    """

    draft: Draft
    board: Board
    container: Manifest
    pod: Manifest
    data: dict[str, Any] = field(factory=dict)
    wishes: list[Wish] = field(factory=list)

    def read(self) -> None:
        """Read variables and volumes into ``data`` and ``wishes``."""
        self._read_env()
        self._read_env_from()
        claims = self._claim_templates()
        volumes = {text_at(volume, "name"): volume for volume in mappings_at(self.pod, "volumes")}
        mounts = list(self._mounts(volumes, {claim["name"] for claim in claims}))
        own = {"volumeMounts": mounts, "volumeClaimTemplates": claims}
        self.data.update({key: value for key, value in own.items() if value})

    def _linked(self, field_name: str, name: str) -> Draft | None:
        """Return what is named, if it can be wired to this workload."""
        source = self.board.named(self.draft, _REFERENCES[field_name], name)
        return source if source is not None and self.board.can_wire(source, self.draft) else None

    def _wire(self, source: Draft, data: Mapping[str, Any]) -> None:
        self.wishes.append(Wish(source=source.id, target=self.draft.id, data=data))

    def _read_env(self) -> None:
        own: list[dict[str, Any]] = []
        linked: dict[tuple[str, Any], dict[str, str]] = {}
        for variable in mappings_at(self.container, "env"):
            found = self._key_reference(variable)
            if found is None:
                own.append(variable)
            else:
                source, optional, key = found
                linked.setdefault((source.id, optional), {})[text_at(variable, "name")] = key
        for (source_id, optional), env in linked.items():
            said = {} if optional is None else {"optional": optional}
            self._wire(self.board.drafts[source_id], {"as": "env", "env": env, **said})
        if own:
            self.data["env"] = _as_mapping(own)

    def _key_reference(self, variable: Mapping[str, Any]) -> tuple[Draft, Any, str] | None:
        for field_name, selector in mapping_at(variable, "valueFrom").items():
            if field_name in ("configMapKeyRef", "secretKeyRef") and isinstance(selector, Mapping):
                source = self._linked(field_name, text_at(selector, "name"))
                if source is not None:
                    return source, selector.get("optional"), text_at(selector, "key")
        return None

    def _read_env_from(self) -> None:
        """Read whole sources of variables; later ones win, so what stands before the node's own stays its own."""
        own: list[dict[str, Any]] = []
        wires: list[tuple[Draft, dict[str, Any], dict[str, Any]]] = []
        for item in mappings_at(self.container, "envFrom"):
            field_name = next((key for key in ("configMapRef", "secretRef") if key in item), "")
            reference = mapping_at(item, field_name)
            source = self._linked(field_name, text_at(reference, "name")) if field_name else None
            if source is None:
                own += [*(raw for _, _, raw in wires), item]
                wires.clear()
            else:
                said = {"prefix": item.get("prefix"), "optional": reference.get("optional")}
                data = {"as": "envFrom", **{key: value for key, value in said.items() if value is not None}}
                wires.append((source, data, item))
        for source, data, _ in wires:
            self._wire(source, data)
        if own:
            self.data["envFrom"] = own

    def _claim_templates(self) -> list[dict[str, Any]]:
        """Return the claims of every pod of a stateful set, with where the main container mounts them."""
        paths = {text_at(mount, "name"): text_at(mount, "mountPath") for mount in self._container_mounts()}
        return [_claim(template, paths) for template in mappings_at(self.draft.object, "spec", "volumeClaimTemplates")]

    def _container_mounts(self) -> list[dict[str, Any]]:
        return mappings_at(self.container, "volumeMounts")

    def _mounts(self, volumes: Mapping[str, Any], claims: set[str]) -> Iterator[dict[str, Any]]:
        """Yield the mounts that are the node's own; the others become wires, the rest is left to overrides."""
        for mount in self._container_mounts():
            name = text_at(mount, "name")
            type_ = next((key for key in _PREFIXES if key in volumes.get(name, {})), "")
            if name in claims or not type_:
                continue
            volume = mapping_at(volumes[name], type_)
            named = text_at(volume, _NAME_FIELDS.get(type_, "name"))
            placed = _picked(mount, "mountPath", "subPath", "readOnly")
            said = _picked(volume, "items", "defaultMode", "optional")
            source = self._linked(type_, named) if type_ in _REFERENCES else None
            if source is not None:
                self._wire(source, {**_as_wire(type_, placed), **said, **_volume_name(type_, named, name)})
            else:
                yield {"type": type_, **_named(type_, named, name), **placed, **said, **_source_fields(type_, volume)}


def _picked(value: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value[key] for key in keys if key in value}


def _as_mapping(own: list[dict[str, Any]]) -> Any:
    """Return variables by name where they have nothing but a value, else the list."""
    plain = all(variable.keys() == {"name", "value"} for variable in own)
    names = {text_at(variable, "name") for variable in own}
    return {variable["name"]: variable["value"] for variable in own} if plain and len(names) == len(own) else own


def _claim(template: Manifest, paths: Mapping[str, str]) -> dict[str, Any]:
    name = text_at(template, "metadata", "name")
    spec = mapping_at(template, "spec")
    said = {
        "storage": at(spec, ("resources", "requests", "storage")),
        "mountPath": paths.get(name),
        "storageClassName": spec.get("storageClassName"),
        "accessModes": spec.get("accessModes"),
    }
    return {"name": name, **{key: value for key, value in said.items() if isinstance(value, (str, int, list))}}


def _as_wire(type_: str, placed: dict[str, Any]) -> dict[str, Any]:
    """Return where something is mounted as a wire says it: files are read only unless it says otherwise."""
    if type_ == "persistentVolumeClaim":
        return placed
    said = {key: value for key, value in placed.items() if key != "readOnly"}
    return said if placed.get("readOnly") is True else {**said, "readOnly": placed.get("readOnly", False)}


def _volume_name(type_: str, named: str, name: str) -> dict[str, str]:
    """Return the volume's name where it is not the one that the kind would choose."""
    return {} if name == f"{_PREFIXES[type_]}{named}" else {"volume": name}


def _named(type_: str, named: str, name: str) -> dict[str, str]:
    """Return the name of the mounted object, or of the volume where nothing is named."""
    if type_ in _REFERENCES:
        return {"name": named, **_volume_name(type_, named, name)}
    prefix = _PREFIXES[type_]
    return {"name": name.removeprefix(prefix)} if name.startswith(prefix) else {"name": name, "volume": name}


def _source_fields(type_: str, volume: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {
        "hostPath": {"path": "hostPath", "type": "hostPathType"},
        "emptyDir": {"medium": "medium", "sizeLimit": "sizeLimit"},
    }
    return {new: volume[old] for old, new in renamed.get(type_, {}).items() if old in volume}
