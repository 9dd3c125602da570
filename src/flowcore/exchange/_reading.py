"""An object to the data of a node of its kind: what the kind's parameters can say, and nothing that it says anyway."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flowcore.errors import Finding, InvalidInputError
from flowcore.exchange._drafts import Board, Draft, Trust, Wish
from flowcore.exchange._inverse import Spot, dials_of, render_alone, stand_in
from flowcore.exchange._networks import network_wishes
from flowcore.exchange._objects import is_secret
from flowcore.exchange._paths import MISSING, Path, at, same
from flowcore.exchange._pods import POD_PARAMETERS, PodReader, main_first
from flowcore.kinds import Kind
from flowcore.model import Manifest


def read_node(draft: Draft, board: Board) -> list[Wish]:
    """Fill a draft's data from its object and return the wires that the object implies."""
    kind = draft.kind
    assert kind is not None
    path = draft.pod_path
    manifest = main_first(draft.object, path) if path else draft.object
    data: dict[str, Any] = {"name": draft.name}
    wishes: list[Wish] = []
    if draft.trust > Trust.OVERRIDES_ONLY:
        data |= _dialled(draft, kind, manifest)
        data |= _early(draft, kind, manifest, data)
        if path:
            container, spec = at(manifest, (*path, "containers", 0)), at(manifest, path)
            pod = PodReader(draft=draft, board=board, container=container, pod=spec)
            pod.read()
            data, wishes = {**data, **pod.data}, pod.wishes
        wishes += network_wishes(draft, board, data)
        data = _sound(kind, draft.id, data)
        data |= _late(draft, kind, manifest, data)
    else:
        data |= {name: value for name, value in _early(draft, kind, manifest, data).items() if _is_plain(value)}
    if kind.secret_keys and is_secret(manifest):
        data[kind.secret_keys] = [{"id": key, "name": key} for key in draft.found.secrets]
    draft.data = _complete(kind, _sound(kind, draft.id, data))
    return wishes


def _dialled(draft: Draft, kind: Kind, manifest: Manifest) -> dict[str, Any]:
    """Return the settings of the kind's dials with which it puts least into the manifest that the object has not."""
    found: dict[str, Any] = {}
    for dial in dials_of(kind):
        strange = {
            value: _strange(_rendered(kind, draft.id, {"name": draft.name, **found, dial.name: value}), manifest)
            for value in dial.values
        }
        best = min(dial.values, key=lambda value: strange[value])
        if best != dial.values[0]:
            found[dial.name] = best
    return found


def _strange(rendered: Any, manifest: Any) -> int:
    """Count the values that stand in a rendered object and not in the wanted one."""
    if isinstance(rendered, dict):
        inner = manifest if isinstance(manifest, dict) else {}
        return sum(_strange(value, inner.get(key, MISSING)) for key, value in rendered.items())
    if isinstance(rendered, list) and isinstance(manifest, list) and len(rendered) <= len(manifest):
        return sum(map(_strange, rendered, manifest))
    return 0 if same(rendered, manifest) else 1


def _early(draft: Draft, kind: Kind, manifest: Manifest, data: Mapping[str, Any]) -> dict[str, Any]:
    spots = [spot for spot in draft.spots() if not spot.late and not (draft.pod_path and spot.name in POD_PARAMETERS)]
    return _values(spots, manifest, _rendered(kind, draft.id, data))


def _late(draft: Draft, kind: Kind, manifest: Manifest, data: Mapping[str, Any]) -> dict[str, Any]:
    spots = [spot for spot in draft.spots() if spot.late]
    return _values(spots, manifest, _rendered(kind, draft.id, data)) if spots else {}


def _values(spots: Iterable[Spot], manifest: Manifest, base: Manifest) -> dict[str, Any]:
    """Return what the parameters have to say so that the places hold what they hold in the object."""
    found: dict[str, Any] = {}
    told: set[Path] = set()
    for spot in spots:
        if spot.path in told:
            continue  # Another parameter that reaches this place has said it.
        value, given = at(manifest, spot.path), at(base, spot.path)
        said = _said(spot, value, given) if value is not MISSING else _silence(spot, given)
        if said is not MISSING:
            found[spot.name] = said
            told.add(spot.path)
    return found


def _silence(spot: Spot, given: Any) -> Any:
    """Return what a parameter has to say so that it says less than it does by default: nothing, as an empty object."""
    return {} if spot.how == "as it is" and isinstance(given, dict) and given else MISSING


def _said(spot: Spot, value: Any, given: Any) -> Any:
    """Return what a parameter has to say; ``MISSING`` when it may be silent."""
    if same(value, given):
        return MISSING
    if spot.how == "switch":
        return True if same(value, spot.on) else MISSING
    if spot.how == "rest":
        return (value[spot.skip :] or MISSING) if isinstance(value, list) else MISSING
    if spot.how == "merged":
        if not isinstance(value, dict):
            return MISSING
        has = given if isinstance(given, dict) else {}
        kept = {
            key: item for key, item in value.items() if key not in spot.fixed and not same(has.get(key, MISSING), item)
        }
        return kept or MISSING
    return value


def _sound(kind: Kind, node_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data without what the kind's parameters refuse or do not know; overrides will say that."""
    _, findings = kind.read(data, node_id)
    bad = {_parameter(finding) for finding in findings} - {"name"}
    return {key: value for key, value in data.items() if key not in bad}


def _parameter(finding: Finding) -> str:
    """Return the parameter that a finding is about."""
    return finding.place.path.removeprefix("data.").partition(".")[0].partition("[")[0]


def _complete(kind: Kind, data: dict[str, Any]) -> dict[str, Any]:
    """Return the data with something in every required parameter; where that is wrong, overrides correct it."""
    needed = {one.name: stand_in(one) for one in kind.parameters if one.required and one.name not in data}
    return {**data, **needed}


def _is_plain(value: Any) -> bool:
    return not isinstance(value, (dict, list))


def _rendered(kind: Kind, node_id: str, data: Mapping[str, Any]) -> Manifest:
    values, _ = kind.read(data, node_id)
    try:
        values = _complete(kind, values)
        return render_alone(kind, values, node_id)
    except InvalidInputError:
        return {}
