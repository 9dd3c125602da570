"""Documents to the objects a user wrote: lists expanded, without what the server made, secrets parted from the rest."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import define, evolve, field

from flowcore.errors import Finding, Place, Severity
from flowcore.exchange._defaults import without_defaults
from flowcore.exchange._paths import MISSING, at, mapping_at, mappings_at, text_at
from flowcore.manifests import plain
from flowcore.model import Manifest, ObjectRef

#: Metadata that only the server writes.
_SERVER_METADATA: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
)
#: Annotations that kubectl and controllers write.
_SERVER_ANNOTATIONS: Final = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
)
_MADE: Final = "controllers made them and will make them again"
#: Objects that every namespace has by itself, and what controllers write for themselves.
_SYSTEM_NAMES: Final = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default"), ("Service", "kubernetes")}
_SYSTEM_SECRETS: Final = ("kubernetes.io/service-account-token", "helm.sh/release.v1", "bootstrap.kubernetes.io/token")
_SYSTEM_KINDS: Final = frozenset({"Endpoints", "EndpointSlice", "Event", "Lease", "ControllerRevision", "PodMetrics"})


@define
class Found:
    """An object as its author would write it.

    Attributes:
        object: without what the server made, without nulls, and without the values of secrets.
        place: where it was read.
        secrets: the values of a secret by key.
        is_live: whether a server has given it.
    """

    object: Manifest
    place: Place
    is_live: bool = False
    secrets: dict[str, str] = field(factory=dict, repr=False)

    @property
    def ref(self) -> ObjectRef:
        """Return which object it is."""
        return ObjectRef.of(self.object)


def is_secret(manifest: Mapping[str, Any]) -> bool:
    """Say whether an object is one of Kubernetes' secrets, whose values belong into no drawing."""
    return manifest.get("kind") == "Secret" and manifest.get("apiVersion") == "v1"


@define
class Gathering:
    """Takes objects out of documents and tells what it leaves out.

    Attributes:
        findings: what was found so far.
        skipped: how many objects were left out, by the reason.
    """

    findings: list[Finding] = field(factory=list)
    skipped: dict[str, int] = field(factory=dict)

    def gather(self, documents: Iterable[Any]) -> list[Found]:
        """Return the objects of the documents; the last one of several with the same name counts, as with kubectl."""
        found: dict[ObjectRef, Found] = {}
        for document in documents:
            for raw, place in self._objects(document, Place(file=getattr(document, "file", ""), path="")):
                one = self._found(raw, place)
                if one is None:
                    continue
                if one.ref in found:
                    self.tell("import-repeated", f"{one.ref} is described twice; the last description counts", place)
                found[one.ref] = one
        kept = list(self._without_claims_of_sets(found.values()))
        self._tell_skipped()
        return kept

    def _without_claims_of_sets(self, found: Collection[Found]) -> Iterator[Found]:
        """Yield all but the claims that a stateful set has made from its templates, which nothing else tells apart."""
        stems = {
            (one.ref.namespace, f"{text_at(template, 'metadata', 'name')}-{one.ref.name}")
            for one in found
            if one.ref.kind == "StatefulSet"
            for template in mappings_at(one.object, "spec", "volumeClaimTemplates")
        }
        for one in found:
            stem, _, number = one.ref.name.rpartition("-")
            is_claim = one.is_live and one.ref.kind == "PersistentVolumeClaim" and number.isdecimal()
            if is_claim and (one.ref.namespace, stem) in stems:
                self._skip(_MADE)
            else:
                yield one

    def _skip(self, reason: str) -> None:
        self.skipped[reason] = self.skipped.get(reason, 0) + 1

    def tell(
        self, rule: str, message: str, place: Place, *, severity: Severity = Severity.WARNING, fix: str = ""
    ) -> None:
        """Note a finding."""
        self.findings.append(Finding(rule=rule, severity=severity, message=message, place=place, fix=fix))

    def _objects(self, document: Any, place: Place) -> Iterator[tuple[Manifest, Place]]:
        place = evolve(place, line=getattr(document, "line", 0))
        if not isinstance(document, Mapping) or not text_at(document, "kind") or not text_at(document, "apiVersion"):
            message = "this document is no Kubernetes object: it has no apiVersion and kind"
            self.tell("import-no-object", message, place, fix="give manifests, or render templates first")
        elif text_at(document, "kind").endswith("List") and isinstance(document.get("items"), list):
            inherited = {"apiVersion": document["apiVersion"], "kind": document["kind"].removesuffix("List")}
            for item in document["items"]:
                own = item if isinstance(item, Mapping) and "kind" in item else _typed(item, inherited)
                yield from self._objects(own, place)
        elif text_at(document, "apiVersion").startswith("kustomize.config.k8s.io/"):
            message = f"a {document['kind']} is an instruction for kustomize, not an object"
            self.tell("import-kustomization", message, place, fix="import the output of: kustomize build")
        else:
            yield dict(document), place

    def _found(self, raw: Manifest, place: Place) -> Found | None:
        reason = _reason_to_skip(raw)
        if reason:
            self._skip(reason)
            return None
        if not text_at(raw, "metadata", "name"):
            message = f"a {raw['kind']} without a name was left out"
            self.tell("import-without-name", message, place, fix="give it metadata.name")
            return None
        wrong = _misshapen(raw)
        if wrong:
            message = f"{wrong} of {ObjectRef.of(raw)} is no mapping; the object was left out"
            self.tell("import-malformed", message, place, fix="correct it; the API server would refuse it")
            return None
        is_live = bool(mapping_at(raw, "metadata").keys() & {"uid", "managedFields"})
        made = Found(_authored(raw, is_live=is_live), place, is_live)
        if is_secret(made.object):
            made.secrets = self._taken(made.object, place)
        return made

    def _taken(self, secret: Manifest, place: Place) -> dict[str, str]:
        """Take the values out of a secret and return them."""
        encoded, texts = secret.pop("data", None) or {}, secret.pop("stringData", None) or {}
        values: dict[str, str] = {}
        for key, value in encoded.items():
            try:
                values[key] = b64decode(str(value), validate=True).decode("utf-8")
            except (Base64Error, ValueError):
                name = secret["metadata"]["name"]
                message = f"the value {key} of the secret {name} is no text and was left out"
                self.tell("import-secret-binary", message, place, fix="create that secret beside the workflow")
        return values | {key: str(value) for key, value in texts.items()}

    def _tell_skipped(self) -> None:
        for reason, count in self.skipped.items():
            message = f"{count} object{'s' if count > 1 else ''} left out: {reason}"
            self.tell("import-skipped", message, Place(), severity=Severity.INFO)


def _misshapen(raw: Manifest) -> str:
    """Return what must be a mapping and is something else, empty when all is well."""
    paths = [
        ("metadata", "labels"),
        ("metadata", "annotations"),
        *([("data",), ("stringData",)] if is_secret(raw) else []),
    ]
    found = {".".join(path): at(raw, path) for path in paths}
    return next(
        (name for name, value in found.items() if not (value is MISSING or value is None or isinstance(value, dict))),
        "",
    )


def _typed(item: Any, inherited: Mapping[str, str]) -> Any:
    """Return an item of a typed list with its type; items of such lists name none."""
    return {**inherited, **item} if isinstance(item, Mapping) else item


def _reason_to_skip(raw: Manifest) -> str:
    owners = mapping_at(raw, "metadata").get("ownerReferences") or ()
    if any(isinstance(owner, Mapping) and owner.get("controller") for owner in owners):
        return _MADE
    name = (raw["kind"], text_at(raw, "metadata", "name"))
    if name in _SYSTEM_NAMES or raw["kind"] in _SYSTEM_KINDS:
        return "every cluster has them by itself"
    if is_secret(raw) and raw.get("type") in _SYSTEM_SECRETS:
        return "they hold what controllers keep"
    return ""


def _authored(raw: Manifest, *, is_live: bool) -> Manifest:
    """Return an object without status, server-made metadata and nulls, and a live one without filled-in defaults."""
    metadata = mapping_at(raw, "metadata")
    kept = {key: value for key, value in metadata.items() if key not in _SERVER_METADATA}
    if isinstance(kept.get("annotations"), Mapping):
        annotations = {key: value for key, value in kept["annotations"].items() if key not in _SERVER_ANNOTATIONS}
        if annotations != kept["annotations"]:
            kept = {**kept, "annotations": annotations or None}
    bare = {key: value for key, value in raw.items() if key != "status"}
    made: Manifest = _without_nulls(plain({**bare, "metadata": kept}))
    return without_defaults(made) if is_live else made


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
