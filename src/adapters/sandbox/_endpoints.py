"""What each verb does to a resource: the answers of the API below `/api/v1` and `/apis/…`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from attrs import define, field

from adapters.sandbox._bodies import options_of
from adapters.sandbox._deleting import delete_collection, delete_one, deletion_of
from adapters.sandbox._exec import port_forward_refusal
from adapters.sandbox._exec_request import spdy_refusal
from adapters.sandbox._http import Accepted, Request, Response, negotiate, parse_body
from adapters.sandbox._listing import list_objects
from adapters.sandbox._metrics import GROUP as METRICS
from adapters.sandbox._metrics import usage_of
from adapters.sandbox._reviews import reviewed
from adapters.sandbox._routes import Target
from adapters.sandbox._shaping import shaped, shaped_list
from adapters.sandbox._status import Object, StatusError, method_not_allowed
from adapters.sandbox._store import Store
from adapters.sandbox._subresources import Subresources
from adapters.sandbox._watching import Watch
from adapters.sandbox._writing import Writing

Handler = Callable[[Target, Request, Accepted], Response]
#: Subresources that are parts of the object itself.
_PARTS = ("", "status", "finalize", "ephemeralcontainers")


@define(kw_only=True)
class Endpoints:
    """The verbs over one store. `closing` ends every watch."""

    store: Store
    writing: Writing
    closing: asyncio.Event
    bookmark_seconds: float
    _parts: Subresources = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._parts = Subresources(self.writing)

    def answer(self, target: Target, request: Request) -> Response:
        """Do what a request asks of its target. Raises StatusError."""
        accepted = negotiate(request.headers.get("accept", ""))
        if target.resource.verbs == ("create",):
            return self._review(target, request)
        if target.resource.group == METRICS:
            return self._measure(target, request)
        if target.subresource not in _PARTS:
            return self._answer_part(target, request)
        handlers: dict[tuple[str, bool], Handler] = {
            ("GET", True): self._get,
            ("GET", False): self._list,
            ("POST", False): self._create,
            ("PUT", True): self._replace,
            ("PATCH", True): self._patch,
            ("DELETE", True): self._delete,
            ("DELETE", False): self._delete_collection,
        }
        handler = handlers.get((request.method, bool(target.name)))
        if handler is None or (target.subresource and request.method == "DELETE"):
            raise method_not_allowed(target.resource.plural, target.resource.group)
        return handler(target, request, accepted)

    def _review(self, target: Target, request: Request) -> Response:
        if request.method != "POST":
            raise method_not_allowed(target.resource.plural, target.resource.group)
        return Response(status=201, value=reviewed(parse_body(request), target.resource.kind))

    def _measure(self, target: Target, request: Request) -> Response:
        if request.method != "GET":
            raise method_not_allowed(target.resource.plural, target.resource.group)
        return Response(value=usage_of(self.store, target, request.query.get("labelSelector", "")))

    def _answer_part(self, target: Target, request: Request) -> Response:
        asked = (request.method, target.subresource)
        if asked == ("GET", "scale"):
            return Response(value=self._parts.scale(target))
        options = options_of(request)
        if asked in (("PUT", "scale"), ("PATCH", "scale")):
            return Response(value=self._parts.rescale(target, request, options))
        if asked == ("POST", "eviction"):
            return Response(status=201, value=self._parts.evict(target, request, options))
        if asked == ("POST", "token"):
            return Response(status=201, value=self._parts.token(target, request))
        if target.subresource == "exec":
            raise spdy_refusal(self.store, target.namespace, target.name, request.values)
        if target.subresource == "portforward":
            raise port_forward_refusal()
        raise method_not_allowed(target.resource.plural, target.resource.group)

    def _answer(self, obj: Object, target: Target, request: Request, accepted: Accepted, **more: Any) -> Response:
        value = shaped(obj, target.resource, accepted.shape, self.store.clock(), request.query.get("includeObject", ""))
        return Response(value=value, media_type=accepted.media_type, **more)

    def _get(self, target: Target, request: Request, accepted: Accepted) -> Response:
        if request.flag("watch"):
            return self._watch(target, request, accepted)
        return self._answer(self.writing.current(target), target, request, accepted)

    def _list(self, target: Target, request: Request, accepted: Accepted) -> Response:
        if request.flag("watch"):
            return self._watch(target, request, accepted)
        chunk = list_objects(self.store, target, request)
        include = request.query.get("includeObject", "")
        value = shaped_list(chunk.items, chunk.metadata, target.resource, accepted.shape, self.store.clock(), include)
        return Response(value=value, media_type=accepted.media_type)

    def _watch(self, target: Target, request: Request, accepted: Accepted) -> Response:
        try:
            watch = Watch(
                store=self.store,
                target=target,
                request=request,
                shape=accepted.shape,
                closing=self.closing,
                bookmark_seconds=self.bookmark_seconds,
            )
        except StatusError as error:
            if error.code != 410:
                raise
            return Response(value={"type": "ERROR", "object": error.to_dict()})
        return Response(stream=watch.events())

    def _create(self, target: Target, request: Request, accepted: Accepted) -> Response:
        options = options_of(request)
        created = self.writing.create(target, request, options)
        return self._answer(created, target, request, accepted, status=201, warnings=tuple(options.warnings))

    def _replace(self, target: Target, request: Request, accepted: Accepted) -> Response:
        options = options_of(request)
        replaced = self.writing.replace(target, request, options)
        return self._answer(replaced, target, request, accepted, warnings=tuple(options.warnings))

    def _patch(self, target: Target, request: Request, accepted: Accepted) -> Response:
        options = options_of(request)
        patched, created = self.writing.patch(target, request, options)
        status = 201 if created else 200
        return self._answer(patched, target, request, accepted, status=status, warnings=tuple(options.warnings))

    def _delete(self, target: Target, request: Request, accepted: Accepted) -> Response:
        deletion = deletion_of(target, request, options_of(request))
        return Response(value=delete_one(self.writing, target, deletion), media_type=accepted.media_type)

    def _delete_collection(self, target: Target, request: Request, accepted: Accepted) -> Response:
        deletion = deletion_of(target, request, options_of(request))
        gone = delete_collection(self.writing, target, request, deletion)
        metadata = {"resourceVersion": str(self.store.revision)}
        return Response(value=shaped_list(gone, metadata, target.resource, accepted.shape, self.store.clock()))
