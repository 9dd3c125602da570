"""Reads environment variables one by one, and remembers every problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from attrs import define, field

from entrypoints.settings.keys import KeySettings, read_keys
from entrypoints.settings.modes import Mode, Risk, usual_mode
from entrypoints.settings.oauth import ProviderSettings, is_address, read_providers, variables_of
from flowcore.addresses import AddressPolicy
from flowcore.errors import Finding, InvalidInputError, Place

T = TypeVar("T")

PREFIX = "FLOWCORE_"
#: What the commands that ask a service read; a service may be started beside them.
_OF_CLIENTS = {"FLOWCORE_SERVER", "FLOWCORE_TOKEN"}
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_WITHOUT = {False: "a path, query or fragment", True: "a query or fragment"}
_STORES = ("memory://", "sqlite:///", "mongodb://", "mongodb+srv://")


@define
class Reader:
    """Reads values one by one and remembers every problem."""

    env: Mapping[str, str]
    _asked: set[str] = field(factory=set)
    _findings: list[Finding] = field(factory=list)

    def text(self, name: str, default: str) -> str:
        variable = PREFIX + name.upper()
        self._asked.add(variable)
        return self.env.get(variable, "").strip() or default

    def folder(self, name: str) -> Path | None:
        text = self.text(name, "")
        if text and not Path(text).is_dir():
            self._problem(name, "must be a folder")
        return Path(text) if text else None

    def file(self, name: str) -> Path | None:
        text = self.text(name, "")
        if text and not Path(text).is_file():
            self._problem(name, "must be a file")
        return Path(text) if text else None

    def mode(self, name: str) -> Mode:
        usual = usual_mode(self.text("host", "127.0.0.1"), self.text("public_url", ""))
        return Mode(self.choice(name, usual, tuple(Mode)))

    def risks(self, name: str) -> tuple[Risk, ...]:
        words = self.words(name)
        if not set(words) <= set(Risk):
            self._problem(name, f"must be some of {', '.join(Risk)}")
        return tuple(risk for risk in Risk if risk in words)

    def keys(self) -> KeySettings:
        return read_keys(lambda name: self.text(name, ""), self._findings)

    def schemes(self, name: str) -> tuple[str, ...]:
        found = self.words(name) or ("https",)
        if not set(found) <= {"https", "http", "ssh"}:
            self._problem(name, "must be some of https, http and ssh")
        if "ssh" in found and not self.env.get(f"{PREFIX}GIT_KNOWN_HOSTS"):
            self._problem(name, f"allows ssh, which needs {PREFIX}GIT_KNOWN_HOSTS")
        return found

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(word for part in self.text(name, "").split(",") if (word := part.strip()))

    def listed(self, name: str, read: Callable[[Sequence[str]], T], default: T) -> T:
        try:
            return read(self.words(name))
        except ValueError as error:
            self._problem(name, str(error))
            return default

    def addresses(self, name: str) -> tuple[str, ...]:
        entries = self.words(name)
        try:
            AddressPolicy.of(entries)
        except InvalidInputError as error:
            for finding in error.findings:
                self._problem(name, f"has an entry that will not do: {finding.message}; {finding.fix}")
        return entries

    def flag(self, name: str, *, default: bool) -> bool:
        word = self.text(name, str(default)).lower()
        if word not in _TRUE + _FALSE:
            self._problem(name, "must be true or false")
        return word in _TRUE

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        found = {choice.lower(): choice for choice in choices}.get(self.text(name, default).lower())
        if found is None:
            self._problem(name, f"must be one of {', '.join(choices)}")
        return found or default

    def number(self, name: str, default: T, parse: Callable[[str], T], low: float, high: float) -> T:
        text = self.text(name, str(default))
        try:
            value = parse(text)
            if not low <= float(text) <= high:
                raise ValueError(text)
        except ValueError:
            self._problem(name, f"must be a number from {low:g} to {high:g}")
            return default
        return value

    def store(self, name: str) -> str:
        url = self.text(name, "")
        if url and not url.startswith(_STORES):
            self._problem(name, f"must start with one of {', '.join(_STORES)}")
        return url

    def url(self, name: str, *, with_path: bool = False) -> str:
        url = self.text(name, "").rstrip("/")
        if url and not is_address(url, with_path=with_path):
            self._problem(name, "must be an https address (http only on this machine), without " + _WITHOUT[with_path])
        return url

    def providers(self, name: str) -> tuple[ProviderSettings, ...]:
        text = self.text(name, "")
        if not text:
            return ()
        self._asked |= variables_of(Path(text))
        if not self.text("public_url", ""):
            self._problem("public_url", f"is needed with {PREFIX}{name.upper()}")
        try:
            return read_providers(Path(text), self.env)
        except InvalidInputError as error:
            self._findings += error.findings
            return ()

    def finish(self) -> None:
        for variable in sorted(set(self.env) - self._asked - _OF_CLIENTS):
            if variable.startswith(PREFIX) and not variable.startswith(f"{PREFIX}TEST_"):
                self._problem(variable.removeprefix(PREFIX), "is not a setting")
        if self._findings:
            raise InvalidInputError(self._findings, code="settings.invalid")

    def _problem(self, name: str, problem: str) -> None:
        variable = PREFIX + name.upper()
        self._findings.append(Finding(rule="setting", message=f"{variable} {problem}", place=Place(path=variable)))
