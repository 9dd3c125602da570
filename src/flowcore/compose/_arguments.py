"""Passwords in what a container runs: moved into its secret, and read back by the cluster as ``$(NAME)``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flowcore.compose._environment import escape
from flowcore.compose._names import is_config_key
from flowcore.compose._scope import Scope
from flowcore.compose._sensitive import why_sensitive

#: An option with its value in one word: ``--api-key=x``, ``DB_PASSWORD=x``, or ``--requirepass x`` in a script.
_OPTION = re.compile(
    r"(?<![\w-])(?P<name>--?[A-Za-z][\w.-]*(?=[=\s])|[A-Za-z]\w*(?==))(?:=|\s+)"
    r"(?P<quote>[\"']?)(?P<value>[^\s\"'=-][^\s\"']*)(?P=quote)"
)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^/\s:@]*:(?P<value>[^/\s@]+)@")
_FLAG = re.compile(r"--?[A-Za-z][\w.-]*\Z")


_MYSQL = re.compile(
    r"\b(?:mysql|mysqladmin|mariadb|mariadb-admin)\b.{0,1000}?\s[\"']?(?P<name>-p)[\"']?(?P<value>[^\s\"'$]+)"
)


def secret_option(words: Sequence[str]) -> str:
    """Return the first option in a command whose value is a secret for everybody to read; empty when there is none."""
    for before, word in zip(["", *words], words, strict=False):
        if _is_own_value(before, word):
            return before
        for match in _matches(word):
            return _name(match)
    client = _MYSQL.search(" ".join(words))
    return client["name"] if client else ""


def without_secrets(scope: Scope, key: str) -> list[str]:
    """Return the words of ``command`` or ``entrypoint`` as a container takes them, secrets replaced by ``$(NAME)``."""
    words: Sequence[str] = scope.get(key)
    result: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        if _is_own_value(before, word):
            result.append(_hidden(scope, key, before, word))
        else:
            result.append(_replaced(scope, key, word))
    return result


def _is_own_value(before: str, word: str) -> bool:
    """Whether a word is the secret value of the option before it."""
    return bool(_FLAG.match(before)) and not re.search(r"^-|\s", word) and _is_secret(before, word)


def _replaced(scope: Scope, key: str, word: str) -> str:
    parts, at = [], 0
    for match in _matches(word):
        if match.start("value") >= at:
            parts += [escape(word[at : match.start("value")]), _hidden(scope, key, _name(match), match["value"])]
            at = match.end("value")
    return "".join([*parts, escape(word[at:])])


def _matches(word: str) -> list[re.Match[str]]:
    """Return where secrets are inside a word, in their order."""
    matches = [*_ADDRESS.finditer(word), *_OPTION.finditer(word)]
    found = [match for match in matches if _is_secret(_name(match), match["value"])]
    return sorted(found, key=lambda match: match.start("value"))


def _name(match: re.Match[str]) -> str:
    return match.groupdict().get("name") or "--url-password"


def _is_secret(flag: str, value: str) -> bool:
    return "$" not in value and bool(value) and "://" not in value and bool(why_sensitive(flag.strip("-"), value))


def _hidden(scope: Scope, key: str, flag: str, value: str) -> str:
    """Keep a value among the secret variables, under the name it has there already if there is one."""
    known = [name for name, text in scope.variables.items() if text == value and why_sensitive(name, text)]
    usable = [name for name in known if is_config_key(name)]
    name = usable[0] if usable else "ARG_" + re.sub(r"\W+", "_", flag.strip("-")).upper()
    while scope.variables.get(name, value) != value:
        name += "_"
    if name not in scope.variables:
        scope.variables[name] = value
        scope.arguments.add(name)
    scope.info(
        "secret-argument",
        f"the value of {flag} in {key} is kept in a secret; the cluster puts it in the place of $({name})",
        scope.place(key),
    )
    return f"$({name})"
