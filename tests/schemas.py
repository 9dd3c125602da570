"""Kubernetes' own schemas (1.37, strict) for tests: loaded once, from the installed package, never from the network."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource

FOLDER = files("kubernetes_validate") / "kubernetes-json-schema" / "v1.37.0-local-strict"


def _refuse(uri: str) -> Resource[Any]:
    raise NoSuchResource(ref=uri)


@cache
def _registry() -> Registry[Any]:
    """Hold the file that every reference of every schema leads to."""
    definitions = json.loads((FOLDER / "_definitions.json").read_text(encoding="utf-8"))
    registry: Registry[Any] = Registry(retrieve=_refuse)
    return registry.with_resource(definitions["$id"], Resource.from_contents(definitions)).crawl()


@cache
def _validator(api_version: str, kind: str) -> Draft202012Validator:
    group, _, version = api_version.rpartition("/")
    stem = "-".join(part for part in (kind.lower(), group.partition(".")[0], version) if part)
    schema = json.loads((FOLDER / f"{stem}.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema, registry=_registry())


def violations(manifest: dict[str, Any]) -> list[str]:
    """Return what the API's schema says against a manifest, each with its path; nothing when it is valid."""
    validator = _validator(manifest["apiVersion"], manifest["kind"])
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest)]
