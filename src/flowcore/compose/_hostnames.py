"""Names under which services find each other: kept where the cluster allows them, rewritten where it does not."""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import define, field

from flowcore.compose._marks import Value
from flowcore.compose._names import clean_name
from flowcore.compose._scope import Scope
from flowcore.compose._sensitive import why_sensitive

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
#: A host with its port; neither a tag of an image (``nginx:1.27``) nor a user with a password (``app:1234@``).
_AT_PORT = re.compile(r"(?<![\w.-])([A-Za-z0-9][\w.-]*):(\d{1,5})(?![\w.-]|[^\s/]{0,300}@)")
_DOCKER_HOST = "host.docker.internal"
_LONGEST_HOST = 300
#: Last words of variables whose whole value is a host name.
_HOST_WORD = re.compile(
    r"(?:HOST|HOSTS|HOSTNAME|SERVER|SERVERS|ADDR|ADDRESS|ENDPOINT|UPSTREAM|BROKER|NODES?)\Z", re.IGNORECASE
)


@define
class Hostnames:
    """What the services of a project are called, and which of these names others use.

    Attributes:
        renamed: new name by old name, for names that no cluster accepts.
        aliases: further names by service, those that need a service node of their own.
    """

    scopes: dict[str, Scope]
    renamed: dict[str, str] = field(factory=dict)
    aliases: dict[str, list[str]] = field(factory=dict)

    def find(self) -> None:
        """Look for names that must change, and for aliases that somebody uses."""
        for scope in self.scopes.values():
            if scope.name.lower() != scope.id:
                self.renamed[scope.name] = scope.id
        wishes = self._wishes()
        self._find_ports({alias: scope for alias, (scope, _) in wishes.items()})
        mentioned = self._mentioned(wishes) if wishes else set()
        taken = set(self.scopes) | {scope.id for scope in self.scopes.values()}
        for alias, (scope, is_explicit) in wishes.items():
            if alias in taken or not (is_explicit or alias in mentioned):
                continue
            clean = clean_name(alias)
            if clean != alias.lower():
                self.renamed.setdefault(alias, clean)
                scope.info(
                    "renamed", f"the name {alias} is not one a cluster accepts, so it is {clean} there", scope.place()
                )
            if clean not in taken:
                taken.add(clean)
                self.aliases.setdefault(scope.name, []).append(clean)

    def _wishes(self) -> dict[str, tuple[Scope, bool]]:
        """Return every further name with its service, and whether the file gives it as a network name."""
        found: dict[str, tuple[Scope, bool]] = {}
        for scope in self.scopes.values():
            for link in scope.get("links") or []:
                name, _, alias = link.partition(":")
                if alias and name in self.scopes:
                    found.setdefault(alias, (self.scopes[name], True))
            networks: Value = scope.get("networks") or {}
            for options in networks.values():
                for alias in _aliases(options):
                    found.setdefault(alias, (scope, True))
            for key in ("container_name", "hostname"):
                if scope.get(key):
                    found.setdefault(scope.get(key), (scope, False))
        return found

    def _mentioned(self, wishes: dict[str, tuple[Scope, bool]]) -> set[str]:
        """Return the wished names that another service's variables or command mention."""
        found: set[str] = set()
        for scope in self.scopes.values():
            for _, text in _texts(scope):
                found.update(t for t in _tokens(text) if t in wishes and wishes[t][0] is not scope)
        return found

    def _find_ports(self, aliases: dict[str, Scope]) -> None:
        """Note on each service the ports at which variables and commands reach it; under Compose every port is open."""
        names = aliases | {name: scope for scope in self.scopes.values() for name in (scope.id, scope.name)}
        for scope in self.scopes.values():
            for name, text in _texts(scope):
                is_secret = bool(why_sensitive(name, text))
                for match in _AT_PORT.finditer(text):
                    host, port, before = match[1], int(match[2]), text[max(match.start() - 1, 0) : match.start()]
                    # In a secret, what is not in an address may be a user with a password.
                    if host in names and 0 < port <= 65535 and (not is_secret or before.endswith(("/", "@"))):
                        names[host].reached.setdefault(port, scope.name)

    def apply(self, scope: Scope) -> None:
        """Rewrite renamed hosts in a service's variables, command and healthcheck, and tell what was left alone."""
        old = scope.name
        if old in self.renamed:
            scope.info(
                "renamed", f"the name {old} is not one a cluster accepts, so it is {scope.id} there", scope.place()
            )
        for name, value in scope.variables.items():
            if _DOCKER_HOST in value:
                self._tell_docker_host(scope, name)
        if not self.renamed:
            return
        for name, value in scope.variables.items():
            scope.variables[name] = self._rewritten(scope, name, value)
        for key in ("command", "entrypoint"):
            words: Value = scope.get(key)
            for position, word in enumerate(words or ()):
                words[position] = self._rewritten(scope, key, word)
        check: Value = scope.get("healthcheck") or {}
        for position, word in enumerate(check.get("test") or ()):
            check["test"][position] = self._rewritten(scope, "healthcheck", word)

    def _rewritten(self, scope: Scope, name: str, text: str) -> str:
        matches = [match for match in _TOKEN.finditer(text) if match.group() in self.renamed]
        if not matches:
            return text
        parts, at, changed, left = [], 0, [], []
        for match in matches:
            old = match.group()
            if _is_host(name, text, match):
                parts += [text[at : match.start()], self.renamed[old]]
                at = match.end()
                changed.append(old)
            else:
                left.append(old)
        self._tell(scope, name, changed, left)
        return "".join([*parts, text[at:]])

    def _tell_docker_host(self, scope: Scope, name: str) -> None:
        mark = scope.env_marks.get(name)
        place = mark.place(f"services.{scope.name}.environment.{name}") if mark else scope.place()
        scope.warn(
            "docker-host",
            f"{name} mentions {_DOCKER_HOST}, the machine Docker runs on, which a cluster does not know",
            place,
            fix="give the address of the machine that is meant, or run what is on it in the cluster",
        )

    def _tell(self, scope: Scope, name: str, changed: Iterable[str], left: Iterable[str]) -> None:
        mark = scope.env_marks.get(name)
        place = mark.place(f"services.{scope.name}.environment.{name}") if mark else scope.place(name)
        for old in dict.fromkeys(changed):
            new = self.renamed[old]
            scope.info(
                "host-rewritten", f"in {name} the host {old} was rewritten to {new}, its name in the cluster", place
            )
        for old in dict.fromkeys(left):
            scope.warn(
                "host-left",
                f"{name} mentions {old}; it was left as it is, because it may mean something else than the host",
                place,
                fix=f"if the host is meant, write {self.renamed[old]}",
            )


def _aliases(options: Value) -> list[str]:
    aliases = options.get("aliases") if isinstance(options, dict) else None
    return [alias for alias in aliases if isinstance(alias, str)] if isinstance(aliases, list) else []


def _texts(scope: Scope) -> Iterable[tuple[str, str]]:
    """Yield what can mention hosts: each variable with its name, and each word of what is run, with the key's."""
    yield from scope.variables.items()
    for key in ("command", "entrypoint"):
        yield from ((key, word) for word in scope.get(key) or ())


def _tokens(text: str) -> Iterable[str]:
    return (match.group().rstrip(".-") for match in _TOKEN.finditer(text))


def _is_host(name: str, text: str, match: re.Match[str]) -> bool:
    """Whether a name stands where only a host can: in an address, before a port, or as the whole of a HOST variable."""
    before, after = text[max(match.start() - 3, 0) : match.start()], text[match.end() : match.end() + 2]
    if before.endswith(("://", "@")) or re.match(r":\d", after):
        return True
    is_whole = len(text) < _LONGEST_HOST and text.strip() == match.group()
    return is_whole and bool(_HOST_WORD.search(name))
