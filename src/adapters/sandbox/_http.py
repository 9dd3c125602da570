"""Requests and responses over plain ASGI, and the negotiation of media types."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from io import StringIO
from typing import Any
from urllib.parse import parse_qsl

from attrs import field, frozen
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from adapters.sandbox._protobuf import MEDIA_TYPE as PROTOBUF
from adapters.sandbox._protobuf import read_protobuf
from adapters.sandbox._status import (
    Object,
    StatusError,
    bad_request,
    not_acceptable,
    too_large,
    unsupported_media_type,
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY_LIMIT = 3 * 1024 * 1024
JSON = "application/json"
YAML_TYPE = "application/yaml"
ACCEPTED = (JSON, YAML_TYPE, PROTOBUF)


@frozen(kw_only=True)
class Request:
    """One HTTP request with its whole body. `root` is what stood before the path and is no part of it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    receive: Receive
    pairs: list[tuple[str, str]]
    root: str = ""

    def flag(self, name: str) -> bool:
        """Whether a query parameter is set to a true word."""
        return self.query.get(name, "").lower() in ("true", "1")

    def whole_number(self, name: str) -> int | None:
        """A query parameter that is a number, or None when absent. Raises StatusError 400 when it is none."""
        text = self.query.get(name, "")
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None

    @property
    def values(self) -> dict[str, list[str]]:
        """Every value of each query parameter, in order."""
        values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            values.setdefault(name, []).append(value)
        return values

    @property
    def content_type(self) -> str:
        """The body's media type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@frozen(kw_only=True)
class Response:
    """What to answer: a value to encode, or text, or a stream of bytes."""

    status: int = 200
    value: Object | None = None
    body: bytes = b""
    media_type: str = JSON
    stream: AsyncIterator[bytes] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = field(default=(), converter=tuple)


async def read_request(scope: Scope, receive: Receive) -> Request:
    """The request of an ASGI scope. Raises StatusError 413 above the body limit."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > BODY_LIMIT:
            raise too_large(BODY_LIMIT)
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=dict(reversed(pairs)),
        headers=headers,
        body=body,
        receive=receive,
        pairs=pairs,
    )


async def send_response(send: Send, response: Response) -> None:
    """Answer with a whole body, or with a stream until it ends."""
    body = encode(response.value, response.media_type) if response.value is not None else response.body
    headers = [("content-type", response.media_type), ("cache-control", "no-cache, private"), *response.headers]
    headers += [("warning", f'299 - "{_quoted(text)}"') for text in response.warnings]
    if response.stream is None:
        headers.append(("content-length", str(len(body))))
    raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    if response.stream is None:
        await send({"type": "http.response.body", "body": body})
        return
    async for chunk in response.stream:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def encode(value: Object, media_type: str = JSON) -> bytes:
    """A value as JSON, or as YAML when that was asked for."""
    if media_type == YAML_TYPE:
        text = StringIO()
        writer = YAML(typ="safe", pure=True)
        writer.default_flow_style = False
        writer.dump(value, text)
        return text.getvalue().encode()
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@frozen
class Accepted:
    """What the caller wants: a media type, and the object itself (empty), a Table or PartialObjectMetadata."""

    media_type: str = JSON
    shape: str = ""


def negotiate(accept: str) -> Accepted:
    """The first offer of an Accept header that can be made. Raises StatusError 406 when there is none."""
    for offer in accept.split(",") if accept else ["*/*"]:
        media_type, *parameters = (part.strip() for part in offer.split(";"))
        given = dict(part.partition("=")[::2] for part in parameters)
        if media_type in ("*/*", "application/*", JSON, YAML_TYPE):
            shape = given.get("as", "")
            if shape and (given.get("g") != "meta.k8s.io" or given.get("v") not in ("v1", "v1beta1")):
                continue
            return Accepted(YAML_TYPE if media_type == YAML_TYPE else JSON, shape)
    raise not_acceptable(ACCEPTED[:2])


def parse_body(request: Request) -> Object:
    """The body's object. Raises StatusError 400 (unreadable) or 415 (another media type)."""
    media_type = request.content_type or JSON
    if media_type == JSON:
        return parse_json(request.body)
    if media_type == YAML_TYPE:
        return parse_yaml(request.body)
    if media_type == PROTOBUF:
        return read_protobuf(request.body)
    raise unsupported_media_type(media_type, ACCEPTED)


def parse_json(body: bytes) -> Object:
    """A JSON object. Raises StatusError 400."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad_request(f"couldn't get version/kind; json parse error: {error}") from None
    return _as_object(value)


def parse_yaml(body: bytes) -> Object:
    """A YAML (or JSON) object. Raises StatusError 400."""
    if body.lstrip()[:1] == b"{":
        try:
            return _as_object(json.loads(body))
        except ValueError:
            pass
    reader = YAML(typ="safe", pure=True)
    try:
        return _as_object(reader.load(body))
    except (YAMLError, RecursionError) as error:
        raise StatusError(400, "BadRequest", f"error decoding YAML: {error}") from None


def _as_object(value: Any) -> Object:
    if not isinstance(value, dict):
        raise bad_request("the object provided is unrecognized (must be of type object)")
    return value
