"""Uploaded kubeconfigs: data is read, commands and files are refused."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, Event, NodeEvent

from adapters.kubernetes._access import Access
from adapters.kubernetes._credentials import Problems, Reader, bearer, checked_server
from flowcore.errors import InvalidInputError

_LARGEST = 2**18
_DEEPEST = 16
#: Parsing events; a kubeconfig of 300 clusters has fewer.
_MOST = 20_000
#: Bits of the widest number that is written out; Python refuses to do so with very wide ones.
_WIDEST = 64

#: The name of a user, cluster or context, and what is under it.
Entry: TypeAlias = tuple[str, Mapping[str, Any]]

_COMMAND = "it would run a command on the server"
_FILE = "it would read a file on the server"
_OTHERS = "it would act as somebody else"
_INLINE = "write the data into the file: kubectl config view --minify --flatten --raw"
_TOKEN = "put a service account's token there instead"  # noqa: S105 - advice, not a token

#: What entries may not have: the reason and what to do.
_REFUSED_OF_USERS: dict[str, tuple[str, str]] = {
    "exec": (_COMMAND, _TOKEN),
    "auth-provider": (_COMMAND, _TOKEN),
    "tokenFile": (_FILE, _INLINE),
    "client-certificate": (_FILE, _INLINE),
    "client-key": (_FILE, _INLINE),
    "as": (_OTHERS, _TOKEN),
    "as-uid": (_OTHERS, _TOKEN),
    "as-groups": (_OTHERS, _TOKEN),
    "as-user-extra": (_OTHERS, _TOKEN),
}
_REFUSED_OF_CLUSTERS: dict[str, tuple[str, str]] = {
    "certificate-authority": (_FILE, _INLINE),
    "proxy-url": ("it would send everything to another address", "leave it out"),
}


def kubeconfig_access(text: str, context: str = "") -> Access:
    """Return the access that a kubeconfig's *context* (empty: its current one) describes.

    Raises:
        InvalidInputError: it cannot be read, or any of its users or clusters wants what is not allowed; every problem
            at once.
    """
    problems = Problems()
    document = _parsed(text)
    users, clusters = _entries(document, "users", "user"), _entries(document, "clusters", "cluster")
    for section, entries, refused in (
        ("users", users, _REFUSED_OF_USERS),
        ("clusters", clusters, _REFUSED_OF_CLUSTERS),
    ):
        _refuse(section, entries, refused, problems)
    contexts = dict(_entries(document, "contexts", "context"))
    name = context or _name(document, "current-context") or (next(iter(contexts)) if len(contexts) == 1 else "")
    if name not in contexts:
        problems.add(
            "kubeconfig.current-context", f'there is no context "{name[:100]}"', fix="name one of its contexts"
        )
    problems.stop()
    chosen = contexts[name]
    cluster = _linked("cluster", chosen, dict(clusters), problems)
    user = _linked("user", chosen, dict(users), problems)
    access = _access(cluster, user, _name(chosen, "namespace") or "default", problems)
    problems.stop()
    return access


def _parsed(text: str) -> Mapping[str, Any]:
    document: object = None
    if len(text) <= _LARGEST:
        try:
            if _is_plain(YAML(typ="safe", pure=True).parse(text)):
                document = YAML(typ="safe", pure=True).load(text)
        except (YAMLError, ValueError, OverflowError):
            document = None
    if not isinstance(document, dict):
        raise InvalidInputError.of(
            "it is not a kubeconfig, or it is too large",
            rule="credentials-invalid",
            path="kubeconfig",
            code="cluster.credentials",
            fix="give the whole YAML text of one with a single context: kubectl config view --minify --flatten --raw",
        )
    return document


def _is_plain(events: Iterable[Event]) -> bool:
    """Say whether a text is data as tools write it, which is read in no time: deep nesting, aliases and tags, which
    cost more than they look, are in none. Nothing is read further than the answer needs."""
    depth = 0
    for count, event in enumerate(events):
        depth += event.__class__.__name__.endswith("StartEvent") - event.__class__.__name__.endswith("EndEvent")
        if depth > _DEEPEST or count > _MOST or isinstance(event, AliasEvent):
            return False
        if isinstance(event, NodeEvent) and getattr(event, "tag", None) is not None:
            return False
    return True


def _name(mapping: Mapping[str, Any], key: str) -> str:
    """Return a name; people write numbers there, too."""
    value = mapping.get(key) or ""
    return hex(value) if isinstance(value, int) and value.bit_length() > _WIDEST else str(value)


def _entries(document: Mapping[str, Any], section: str, kind: str) -> list[Entry]:
    entries = document.get(section)
    return [
        (entry["name"], entry[kind] if isinstance(entry.get(kind), dict) else {})
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    ]


def _refuse(section: str, entries: list[Entry], refused: Mapping[str, tuple[str, str]], problems: Problems) -> None:
    for name, entry in entries:
        for key in refused.keys() & entry.keys():
            why, fix = refused[key]
            problems.add(f"kubeconfig.{section}[{name[:100]}].{key}", why, rule="kubeconfig-not-allowed", fix=fix)
    for name, count in Counter(name for name, _ in entries).items():
        if count > 1:
            problems.add(f"kubeconfig.{section}[{name[:100]}]", "the name is there twice", fix="take one away")


def _linked(
    kind: str, context: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]], problems: Problems
) -> Mapping[str, Any]:
    name = _name(context, kind)
    if name not in entries:
        problems.add(f"kubeconfig.contexts.{kind}", f'there is no {kind} "{name[:100]}"')
    return entries.get(name, {})


def _access(cluster: Mapping[str, Any], user: Mapping[str, Any], namespace: str, problems: Problems) -> Access:
    of_cluster = Reader(cluster, problems, "kubeconfig.cluster.")
    of_user = Reader(user, problems, "kubeconfig.user.")
    is_insecure = cluster.get("insecure-skip-tls-verify") is True
    has_certificate = bool(user.get("client-certificate-data"))
    certificate = of_user.pem("client-certificate-data", "CERTIFICATE")
    key = of_user.pem("client-key-data", "PRIVATE KEY", is_needed=has_certificate)
    return Access(
        server=checked_server(of_cluster.text("server"), "kubeconfig.cluster.server", problems),
        authorization=_authorization(of_user, problems),
        ca="" if is_insecure else of_cluster.pem("certificate-authority-data", "CERTIFICATE"),
        certificate=certificate,
        key=key,
        is_insecure=is_insecure,
        tls_server_name=of_cluster.text("tls-server-name"),
        namespace=namespace,
    )


def _authorization(user: Reader, problems: Problems) -> str:
    token = user.text("token")
    if token:
        return bearer(token, "kubeconfig.user.token", problems)
    name, password = user.text("username"), user.text("password")
    return f"Basic {b64encode(f'{name}:{password}'.encode()).decode('ascii')}" if name else ""
