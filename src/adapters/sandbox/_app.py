"""The API server: an ASGI app that authenticates, routes and answers."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from urllib.parse import parse_qs

from attrs import define, evolve, field

from adapters.sandbox import _discovery as discovery
from adapters.sandbox._controllers import Controllers
from adapters.sandbox._customs import CustomResources
from adapters.sandbox._endpoints import Endpoints
from adapters.sandbox._exec import refuse_port_forward
from adapters.sandbox._http import Receive, Request, Response, Scope, Send, read_request, send_response
from adapters.sandbox._openapi import OpenApi, legacy_document
from adapters.sandbox._pod_access import exec_in_pod, follow_log
from adapters.sandbox._routes import Target, target_of
from adapters.sandbox._schema import KUBERNETES_VERSION
from adapters.sandbox._status import Object, StatusError, unauthorized, unknown_path
from adapters.sandbox._store import Store
from adapters.sandbox._types import Types
from adapters.sandbox._writing import Writing

GIT_VERSION = f"{KUBERNETES_VERSION}+flowcore-sandbox"
DOOR = "/token/"
_PUBLIC = ("/healthz", "/livez", "/readyz", "/version")
VERSION: Object = {
    "major": "1",
    "minor": KUBERNETES_VERSION.split(".")[1],
    "gitVersion": GIT_VERSION,
    "gitCommit": "flowcore",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": "sandbox/simulated",
}


@define(kw_only=True)
class Api:
    """The Kubernetes API over one store, for callers that know the token."""

    store: Store
    controllers: Controllers
    token: str = field(repr=False)
    bookmark_seconds: float = 60.0
    types: Types = field(factory=Types)
    closing: asyncio.Event = field(factory=asyncio.Event)
    _openapi: OpenApi = field(init=False)
    _endpoints: Endpoints = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._openapi = OpenApi(self.store.registry, self.types)
        self._endpoints = Endpoints(
            store=self.store,
            writing=Writing(self.store, self.types),
            closing=self.closing,
            bookmark_seconds=self.bookmark_seconds,
        )
        CustomResources(self.store, self.types, self._openapi.forget).follow()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection: a request, or a WebSocket to a pod's exec. Other scopes are ignored."""
        if scope["type"] == "http":
            await send_response(send, await self._respond(scope, receive))
        elif scope["type"] == "websocket":
            await self._open_socket(scope, receive, send)

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        try:
            request = await read_request(scope, receive)
            root, path = self._entrance(request.path, request.headers)
            return await self._route(evolve(request, root=root, path=path))
        except StatusError as error:
            return Response(status=error.code, value=error.to_dict())

    async def _open_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            _, path = self._entrance(scope["path"], headers)
            target = target_of(path, self.store.registry)
            if target.subresource not in ("exec", "portforward"):
                raise unknown_path()
        except StatusError:
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        if target.subresource == "portforward":
            await refuse_port_forward(scope, receive, send)
            return
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        await exec_in_pod(self.store, self.controllers, scope, receive, send, target, query)

    def _entrance(self, path: str, headers: dict[str, str]) -> tuple[str, str]:
        """The root and the path below it, for a caller who knows the token from a header or from the path's front.

        kubectl sends no credentials over plain HTTP, so a kubeconfig carries the token in the server's address.
        """
        if path.startswith(DOOR):
            given, slash, rest = path.removeprefix(DOOR).partition("/")
            if self._is_token(given):
                return DOOR + given, slash + rest
        scheme, _, given = headers.get("authorization", "").partition(" ")
        known = scheme.lower() == "bearer" and self._is_token(given.strip())
        if not known and not path.startswith(_PUBLIC):
            raise unauthorized()
        return "", path

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())

    async def _route(self, request: Request) -> Response:
        path = request.path.rstrip("/")
        fixed = self._fixed(request, path)
        if fixed is not None:
            return fixed
        if not path.startswith(("/api/v1/", "/apis/")):
            raise unknown_path()
        parts = path.split("/")
        if parts[1] == "apis" and len(parts) <= 4:
            return Response(value=self._group(parts[2:]))
        target = target_of(path, self.store.registry)
        if target.subresource == "log" and request.method == "GET":
            return await self._log(target, request)
        return self._endpoints.answer(target, request)

    def _group(self, parts: list[str]) -> Object:
        registry = self.store.registry
        return discovery.one_group(registry, parts[0]) if len(parts) == 1 else discovery.resource_list(registry, *parts)

    def _fixed(self, request: Request, path: str) -> Response | None:
        if path.startswith(("/healthz", "/livez", "/readyz")):
            return Response(body=b"ok", media_type="text/plain; charset=utf-8")
        if path == "/openapi/v2":
            body, media_type = legacy_document(request.headers.get("accept", ""))
            return Response(body=body, media_type=media_type)
        if path.startswith("/openapi/v3/"):
            return Response(body=self._openapi.document(path.removeprefix("/openapi/v3/")))
        pages: dict[str, Callable[[], Object]] = {
            "/version": lambda: VERSION,
            "/openapi/v3": lambda: self._openapi.index(request.root),
            "/api/v1": lambda: discovery.resource_list(self.store.registry, "", "v1"),
            "": lambda: {"paths": ["/api", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"]},
        }
        if path in pages:
            return Response(value=pages[path]())
        return self._discovered(request, core=path == "/api") if path in ("/api", "/apis") else None

    def _discovered(self, request: Request, *, core: bool) -> Response:
        registry = self.store.registry
        if discovery.wants_aggregated(request.headers.get("accept", "")):
            return Response(value=discovery.aggregated(registry, core=core), media_type=discovery.AGGREGATED)
        value = discovery.core_versions(request.headers.get("host", "")) if core else discovery.group_list(registry)
        return Response(value=value)

    async def _log(self, target: Target, request: Request) -> Response:
        query = request.values
        stream = await follow_log(self.store, self.controllers, target, query, request.receive, self.closing)
        return Response(stream=stream, media_type="text/plain")
