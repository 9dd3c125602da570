"""Lists in pages, and what selects objects."""

from __future__ import annotations

import re

from attrs import frozen

from adapters.kubernetes._discovery import Discovery, Resource
from adapters.kubernetes._errors import error_of, must_list_again
from adapters.kubernetes._transport import Answer, Request, Transport
from flowcore.model import Manifest
from flowcore.ports.cluster import RejectedError, Selection

PAGE = 500

#: How often an expired list is begun again in pages, before it is asked for in one piece.
_RESTARTS = 2

_KEY = re.compile(r"(?:[a-z0-9.-]{1,253}/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", re.ASCII)
_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?", re.ASCII)


@frozen
class Listed:
    """Every selected object, and the resource version from which a watch goes on."""

    objects: tuple[Manifest, ...]
    version: str


def selector_query(selection: Selection) -> dict[str, str]:
    """Return the query that selects by labels.

    Raises:
        RejectedError: a label is not one; it could select something else.
    """
    terms = []
    for key, value in selection.labels.items():
        if not (_KEY.fullmatch(key) and _VALUE.fullmatch(value)):
            raise RejectedError(f'"{key}={value}" is not a label', reason="BadRequest")
        terms.append(f"{key}={value}" if value else key)
    return {"labelSelector": ",".join(terms)} if terms else {}


async def list_selected(transport: Transport, discovery: Discovery, selection: Selection) -> Listed:
    """Read every selected object.

    Raises:
        RejectedError: the cluster does not know the kind.
    """
    resource = await discovery.resource(selection.api_version, selection.kind)
    try:
        return await _list_all(transport, resource, selection)
    except RejectedError:
        # The kind may be gone or served elsewhere since it was looked up; if nothing has changed, this fails alike.
        discovery.forget(selection.api_version)
        resource = await discovery.resource(selection.api_version, selection.kind)
        return await _list_all(transport, resource, selection)


async def _list_all(transport: Transport, resource: Resource, selection: Selection) -> Listed:
    path, query = resource.collection(selection.namespace), selector_query(selection)
    for _ in range(_RESTARTS):
        listed = await _in_pages(transport, path, {**query, "limit": str(PAGE)}, selection)
        if listed is not None:
            return listed
    answer = await transport.call(Request(method="GET", path=path, query=query))
    return Listed(_objects(answer, selection), _metadata(answer, "resourceVersion"))


async def _in_pages(transport: Transport, path: str, query: dict[str, str], selection: Selection) -> Listed | None:
    objects: list[Manifest] = []
    rest: dict[str, str] = {}
    while True:
        answer = await transport.ask(Request(method="GET", path=path, query={**query, **rest}))
        if rest and must_list_again(answer.status, answer.body):
            return None
        if answer.status >= 400:
            raise error_of(answer.status, answer.body)
        objects += _objects(answer, selection)
        rest = {"continue": _metadata(answer, "continue")}
        if not rest["continue"]:
            return Listed(tuple(objects), _metadata(answer, "resourceVersion"))


def _objects(answer: Answer, selection: Selection) -> tuple[Manifest, ...]:
    # Items of a list do not say what they are; everybody else's objects do.
    kind = {"apiVersion": selection.api_version, "kind": selection.kind}
    items = answer.body.get("items") if isinstance(answer.body, dict) else None
    return tuple({**kind, **item} for item in items or () if isinstance(item, dict))


def _metadata(answer: Answer, name: str) -> str:
    metadata = answer.body.get("metadata") if isinstance(answer.body, dict) else None
    return str((metadata or {}).get(name) or "")
