"""The first form of the language, and keys of old versions, in the words of today."""

from __future__ import annotations

import re

from flowcore.compose._marks import Block, Rows, Value, mark_of
from flowcore.compose._report import Report
from flowcore.compose._scalars import text_of
from flowcore.compose._yaml import read_yaml

#: Top-level keys of today; a file with one of them is not of the first form.
_TODAY = frozenset({"services", "version", "name", "include", "networks", "volumes", "configs", "secrets", "models"})
_SERVICE_SIGNS = ("image", "build", "extends")
_RENAMED = {"net": "network_mode"}
_LOGGING = {"log_driver": "driver", "log_opt": "options"}
_NAMED = re.compile(r"[a-zA-Z0-9][\w.-]*")


def read_documents(text: str, file: str, report: Report) -> list[Block]:
    """Return the documents of a text in today's form; problems go to *report*."""
    return [modern(document, report) for document in read_yaml(text, file, report)]


def modern(document: Block, report: Report) -> Block:
    """Return a document in today's form: services under ``services``, and old keys of services under their new names.

    In the first form of the language (no ``version``), the top-level keys were the services, and volumes were not
    declared.
    """
    if not _TODAY.isdisjoint(document):
        return _with_services(document)
    services = {key: value for key, value in document.items() if isinstance(value, Block) and not key.startswith("x-")}
    if not services or not any(sign in value for value in services.values() for sign in _SERVICE_SIGNS):
        return document
    first = document.marks[next(iter(services))]
    report.info(
        "compose-first-form",
        "the file has the first form of the language; its top-level keys are read as services",
        first,
        why="Compose itself has not read it since 2023",
        fix="put the services under the key services",
    )
    result, moved = Block(mark=document.mark), Block(mark=first)
    for key, value in document.items():
        (moved if key in services else result).put(key, value, document.marks[key])
    result.put("services", moved, first)
    volumes = _volumes_of(moved)
    if volumes:
        result.put("volumes", volumes, first)
    return _with_services(result)


def _with_services(document: Block) -> Block:
    services = document.get("services")
    if not isinstance(services, Block) or not any(_is_old(service) for service in services.values()):
        return document
    renewed = Block(services, mark=services.mark)
    for name, service in services.items():
        if _is_old(service):
            renewed[name] = _service(service)
    result = Block(document, mark=document.mark)
    result["services"] = renewed
    return result


def _is_old(service: Value) -> bool:
    return isinstance(service, Block) and not {*_RENAMED, *_LOGGING, "dockerfile"}.isdisjoint(service)


def _service(service: Block) -> Block:
    result, logging = Block(mark=service.mark), Block(mark=service.mark)
    for key, value in service.items():
        mark = mark_of(service, key)
        if key in _LOGGING and "logging" not in service:
            logging.put(_LOGGING[key], value, mark)
        elif key != "dockerfile" or not isinstance(service.get("build"), str):
            result.put(_RENAMED.get(key, key), value, mark)
    if logging:
        result.put("logging", logging, service.mark)
    if "dockerfile" in service and isinstance(service.get("build"), str):
        build = Block(mark=mark_of(service, "build"))
        build.put("context", service["build"], mark_of(service, "build"))
        build.put("dockerfile", service["dockerfile"], mark_of(service, "dockerfile"))
        result.put("build", build, mark_of(service, "build"))
    return result


def _volumes_of(services: Block) -> Block:
    """Return the volumes that mounts name; in the first form nobody declared them."""
    found = Block(mark=services.mark)
    for service in services.values():
        mounts = service.get("volumes") if isinstance(service, Block) else None
        for position, mount in enumerate(mounts if isinstance(mounts, Rows) else ()):
            source, sign, _ = text_of(mount).partition(":") if isinstance(mount, str) else ("", "", "")
            if sign and _NAMED.fullmatch(source) and len(source) > 1:
                found.put(source, None, mark_of(mounts, position))
    return found
