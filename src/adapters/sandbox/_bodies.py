"""From a body to an object of the target's kind: identity, strictness and the warnings that stand for it."""

from __future__ import annotations

import json

from attrs import define, field, frozen

from adapters.sandbox._decoding import Reading, read
from adapters.sandbox._http import Request
from adapters.sandbox._routes import Target
from adapters.sandbox._schema import Struct
from adapters.sandbox._status import Cause, Object, StatusError, bad_request, invalid

APPLY = "application/apply-patch+yaml"
STRICTNESS = ("Ignore", "Warn", "Strict")


@frozen(kw_only=True)
class Options:
    """The options that every write takes from its query."""

    manager: str
    dry_run: bool
    strictness: str
    force: bool = False
    warnings: list[str] = field(factory=list)


@define
class Body:
    """An object as it came in, cleaned, with the required fields that it misses."""

    obj: Object
    missing: list[Cause]


def options_of(request: Request) -> Options:
    """The write options of a request. Raises StatusError 400 or 422 on values that do not exist."""
    strictness = request.query.get("fieldValidation", "") or "Warn"
    dry_run = [value for name, value in request.pairs if name == "dryRun"]
    if strictness not in STRICTNESS:
        listed = '"", "Ignore", "Strict", "Warn"'
        text = f'Unsupported value: "{strictness}": supported values: {listed}'
        raise _invalid_options(request, Cause("FieldValueNotSupported", text, "fieldValidation"))
    if any(value != "All" for value in dry_run):
        text = f'Unsupported value: {json.dumps(dry_run)}: supported values: "All"'
        raise _invalid_options(request, Cause("FieldValueNotSupported", text, "dryRun"))
    return Options(
        manager=request.query.get("fieldManager") or _agent(request),
        dry_run=bool(dry_run),
        strictness=strictness,
        force=request.flag("force"),
    )


def _invalid_options(request: Request, cause: Cause) -> StatusError:
    kind = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}.get(
        request.method, "DeleteOptions"
    )
    return invalid(kind, "meta.k8s.io", "", [cause])


def _agent(request: Request) -> str:
    """Who writes when the query does not say: the program's name; an apply must say."""
    if request.content_type == APPLY:
        return ""
    return request.headers.get("user-agent", "").partition("/")[0][:128] or "unknown"


def identify(obj: Object, target: Target, name: str = "") -> None:
    """Fill in apiVersion, kind, namespace and name from the target. Raises StatusError 400 where they contradict."""
    resource = target.resource
    given_version, given_kind = obj.get("apiVersion") or resource.api_version, obj.get("kind") or resource.kind
    if given_version != resource.api_version:
        raise bad_request(
            f"the API version in the data ({given_version}) does not match "
            f"the expected API version ({resource.api_version})"
        )
    if given_kind != resource.kind:
        raise bad_request(
            f'{given_kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
            f"converting ({given_kind}) to ({resource.kind}): unknown conversion"
        )
    obj["apiVersion"], obj["kind"] = given_version, given_kind
    metadata = obj.get("metadata")
    if metadata is None:
        metadata = obj["metadata"] = {}
    if not isinstance(metadata, dict):
        raise _undecodable(target, "json: cannot unmarshal into Go struct field .metadata of type v1.ObjectMeta")
    _place(metadata, target, name)


def _place(metadata: Object, target: Target, name: str) -> None:
    if target.resource.namespaced and target.namespace:
        if metadata.get("namespace") not in (None, "", target.namespace):
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        metadata["namespace"] = target.namespace
    elif not target.resource.namespaced:
        metadata.pop("namespace", None)
    if name:
        if metadata.get("name") not in (None, "", name):
            raise bad_request(
                f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
            )
        metadata["name"] = name


def decoded(obj: Object, target: Target, kind: Struct, options: Options, *, name: str = "") -> Body:
    """A parsed body as an object of the target's kind, cleaned in place. Raises StatusError 400."""
    identify(obj, target, name)
    reading = read(obj, kind)
    if reading.mistyped:
        raise _undecodable(target, reading.mistyped[0].decoding)
    if reading.unknown and options.strictness == "Strict":
        raise _undecodable(target, strict_text(reading))
    if options.strictness == "Warn":
        options.warnings.extend(f'unknown field "{path}"' for path in reading.unknown)
    return Body(obj, reading.missing)


def strict_text(reading: Reading) -> str:
    """The message about unknown fields."""
    return "strict decoding error: " + ", ".join(f'unknown field "{path}"' for path in reading.unknown)


def _undecodable(target: Target, why: str) -> StatusError:
    resource = target.resource
    return bad_request(f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {why}')


def decoded_patch(obj: Object, target: Target, kind: Struct, options: Options) -> Body:
    """The result of a patch as an object of the target's kind. Raises StatusError 422 naming the patch."""
    reading = read(obj, kind)
    trouble = reading.mistyped[0].decoding if reading.mistyped else ""
    if not trouble and reading.unknown and options.strictness == "Strict":
        trouble = strict_text(reading)
    if trouble:
        shown = json.dumps(json.dumps(obj, separators=(",", ":")))
        raise invalid("", "", "", [Cause("FieldValueInvalid", f"Invalid value: {shown}: {trouble}", "patch")])
    if options.strictness == "Warn":
        options.warnings.extend(f'unknown field "{path}"' for path in reading.unknown)
    return Body(obj, reading.missing)


def decoded_apply(obj: Object, target: Target, kind: Struct) -> Body:
    """A server-side apply's configuration. Raises StatusError 400 (identity) or 500 (not of the schema)."""
    if not obj.get("apiVersion") or not obj.get("kind"):
        raise bad_request(
            "error decoding YAML: Object 'Kind' is missing in the patch (apiVersion and kind are required)"
        )
    identify(obj, target, target.name)
    if obj["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    reading = read(obj, kind)
    wrong = [f".{path}: field not declared in schema" for path in reading.unknown]
    wrong += [mismatch.applying for mismatch in reading.mistyped]
    if wrong:
        text = wrong[0] if len(wrong) == 1 else "\n  ".join(["errors:", *wrong])
        resource = target.resource
        version = resource.api_version
        place = f"{obj['metadata'].get('namespace', '')}/{target.name}; {version}, Kind={resource.kind}"
        raise StatusError(500, "", f"failed to create typed patch object ({place}): {text}")
    return Body(obj, reading.missing)
