"""Create, update, patch, apply and delete: from a request's body to a committed object."""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve, frozen

from adapters.sandbox._admission import admitted, readmitted
from adapters.sandbox._bodies import APPLY, Body, Options, decoded, decoded_apply, decoded_patch, identify
from adapters.sandbox._decoding import is_missing, read
from adapters.sandbox._defaults import set_defaults
from adapters.sandbox._event_views import GROUP as EVENTS
from adapters.sandbox._event_views import as_core
from adapters.sandbox._http import Request, parse_body, parse_json, parse_yaml
from adapters.sandbox._ownership import Scope, Writer, after_update, applied
from adapters.sandbox._patching import json_patched, merge_patched
from adapters.sandbox._revising import check_preconditions, revised
from adapters.sandbox._routes import Target
from adapters.sandbox._status import (
    Cause,
    Object,
    bad_request,
    invalid,
    not_found,
    unsupported_media_type,
)
from adapters.sandbox._store import Store
from adapters.sandbox._strategic import strategically_patched
from adapters.sandbox._structural import fill_schema_defaults, schema_problems
from adapters.sandbox._types import Types
from adapters.sandbox._validation import problems_of

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
PATCHES = (JSON_PATCH, MERGE_PATCH, STRATEGIC, APPLY)


@frozen
class Writing:
    """The writing half of the API over one store."""

    store: Store
    types: Types

    def create(self, target: Target, request: Request, options: Options) -> Object:
        """POST: store a new object."""
        obj = parse_body(request)
        if target.resource.group == EVENTS:
            target = evolve(target, resource=self.store.registry.at_path("", "v1", "events"))
            obj = as_core(obj)
        body = decoded(obj, target, self.types.of(target.resource), options, name=target.name)
        return self.created(target, body, options)

    def created(self, target: Target, body: Body, options: Options) -> Object:
        """Store a decoded object as a new one, owned by the writer's Update."""
        obj = _initial(target, body.obj)
        obj["metadata"].pop("managedFields", None)
        self._complete(target, obj)
        writer = self._writer(target, options, "Update")
        obj["metadata"]["managedFields"] = after_update(None, obj, self._scope(target), writer)
        return self._insert(target, obj, body.missing, options)

    def _insert(self, target: Target, obj: Object, missing: list[Cause], options: Options) -> Object:
        self._refuse(target, obj, None, missing)
        prepared = admitted(self.store.prepare(target.resource, obj), self.store)
        return prepared if options.dry_run else self.store.insert(prepared)

    def replace(self, target: Target, request: Request, options: Options) -> Object:
        """PUT: store a new state of an object that exists."""
        obj = parse_body(request)
        current = self.current(target)
        given = obj.get("metadata")
        reset = isinstance(given, dict) and given.get("managedFields") in ([], [{}])
        body = decoded(obj, target, self.types.of(target.resource), options, name=target.name)
        check_preconditions(target.resource, current, body.obj["metadata"])
        return self.updated(target, current, body, options, reset=reset)

    def updated(self, target: Target, current: Object, body: Body, options: Options, *, reset: bool = False) -> Object:
        """Store `body` over `current`, owned by the writer's Update; with `reset` nobody owns anything before."""
        new = body.obj
        self._complete(target, new)
        new = readmitted(current, new, self.store)
        before = current
        if reset:
            metadata = {name: part for name, part in current["metadata"].items() if name != "managedFields"}
            before = {**current, "metadata": metadata}
        writer = self._writer(target, options, "Update")
        new["metadata"]["managedFields"] = after_update(before, new, self._scope(target), writer)
        return self._store(target, current, new, body.missing, options)

    def _store(self, target: Target, current: Object, new: Object, missing: list[Cause], options: Options) -> Object:
        if not new["metadata"].get("managedFields"):
            new["metadata"].pop("managedFields", None)
        subresource = "status" if target.subresource == "status" else ""
        changed = revised(target.resource, current, new, subresource)
        if changed == current:
            return current
        self._refuse(target, changed, current, missing)
        if options.dry_run:
            return changed
        return self.store.update(changed, subresource=subresource)

    def patch(self, target: Target, request: Request, options: Options) -> tuple[Object, bool]:
        """PATCH: the object after the patch, and whether it was created by it."""
        kind = request.content_type
        if kind == APPLY:
            return self._apply(target, parse_yaml(request.body), options)
        if options.force:
            cause = Cause("FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force")
            raise invalid("PatchOptions", "meta.k8s.io", "", [cause])
        current = self.current(target)
        patched = own_copy(self.patched(target, current, request))
        identify(patched, target, target.name)
        body = decoded_patch(patched, target, self.types.of(target.resource), options)
        check_preconditions(target.resource, current, body.obj["metadata"])
        return self.updated(target, current, body, options), False

    def patched(self, target: Target, current: Object, request: Request) -> Object:
        """A copy of `current` after the patch of a request's body. Raises StatusError 400, 415 or 422."""
        kind = request.content_type
        resource = target.resource
        custom = self.types.schema(resource) is not None
        if kind not in PATCHES or (custom and kind == STRATEGIC):
            raise unsupported_media_type(kind, [name for name in PATCHES if not (custom and name == STRATEGIC)])
        if kind == JSON_PATCH:
            return _object(json_patched(current, _json(request.body)))
        patch = parse_json(request.body)
        if kind == MERGE_PATCH:
            return _object(merge_patched(current, patch))
        return _object(strategically_patched(current, patch, self.types.of(resource)))

    def _apply(self, target: Target, config: Object, options: Options) -> tuple[Object, bool]:
        if not options.manager:
            raise invalid("PatchOptions", "meta.k8s.io", "", [_MANAGERLESS])
        body = decoded_apply(config, target, self.types.of(target.resource))
        current = self._find(target)
        writer = self._writer(target, options, "Apply")
        scope = self._scope(target)
        if current is None:
            return self._apply_new(target, body, scope, writer, options), True
        check_preconditions(target.resource, current, body.obj["metadata"])
        new = applied(current, body.obj, scope, writer, force=options.force)
        if new is current:
            return current, False
        new = own_copy(new)
        missing = read(new, self.types.of(target.resource), prune=False).missing
        self._complete(target, new)
        new = readmitted(current, new, self.store)
        return self._store(target, current, new, missing, options), False

    def _apply_new(self, target: Target, body: Body, scope: Scope, writer: Writer, options: Options) -> Object:
        if target.subresource:
            raise not_found(target.resource.plural, target.resource.group, target.name)
        config = _initial(target, body.obj)
        metadata = {name: config["metadata"][name] for name in ("name", "namespace") if name in config["metadata"]}
        bare = {"apiVersion": config["apiVersion"], "kind": config["kind"], "metadata": metadata}
        new = applied(bare, config, scope, writer, force=True)
        new = own_copy({**config, **new})
        self._complete(target, new)
        return self._insert(target, new, body.missing, options)

    # -- inside

    def current(self, target: Target) -> Object:
        """The object of a target. Raises StatusError 404."""
        found = self._find(target)
        if found is None:
            raise not_found(target.resource.plural, target.resource.group, target.name)
        return found

    def _find(self, target: Target) -> Object | None:
        namespace = target.namespace if target.resource.namespaced else ""
        return self.store.collection(target.resource).objects.get((namespace, target.name))

    def _refuse(self, target: Target, obj: Object, old: Object | None, missing: list[Cause]) -> None:
        problems = problems_of(obj, old)
        schema = self.types.schema(target.resource)
        if schema is not None:
            problems += schema_problems(obj, schema)
        stated = {problem.field for problem in problems}
        problems = [one for one in missing if one.field not in stated and is_missing(obj, one.field)] + problems
        if problems:
            resource = target.resource
            raise invalid(resource.kind, resource.group, obj["metadata"].get("name", ""), problems)

    def _complete(self, target: Target, obj: Object) -> None:
        set_defaults(obj)
        schema = self.types.schema(target.resource)
        if schema is not None:
            fill_schema_defaults(obj, schema)

    def _scope(self, target: Target) -> Scope:
        resource = target.resource
        subresource = "status" if target.subresource == "status" else ""
        return Scope(self.types.of(resource), subresource, "status" in resource.subresources)

    def _writer(self, target: Target, options: Options, operation: str) -> Writer:
        return Writer(
            manager=options.manager,
            operation=operation,
            api_version=target.resource.api_version,
            time=self.store.now(),
            subresource=target.subresource if target.subresource != "finalize" else "",
        )


_MANAGERLESS = Cause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")


def _initial(target: Target, obj: Object) -> Object:
    if "status" in target.resource.subresources:
        obj.pop("status", None)
    return obj


def own_copy(value: Any) -> Any:
    """A copy that shares nothing, so that defaults can be filled in without touching what is stored."""
    if value.__class__ is dict:
        return {
            name: own_copy(part) if part.__class__ is dict or part.__class__ is list else part
            for name, part in value.items()
        }
    return [own_copy(item) if item.__class__ is dict or item.__class__ is list else item for item in value]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise bad_request(f"error decoding patch: {error}") from None


def _object(value: Any) -> Object:
    if not isinstance(value, dict):
        raise bad_request("the patch does not leave an object")
    return value
