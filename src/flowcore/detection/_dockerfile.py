"""Reading a Dockerfile: stages, ports, commands and user of the image it makes."""

from __future__ import annotations

import json
import re

from attrs import evolve

from flowcore.detection._project_files import ProjectFiles, line, port
from flowcore.detection._values import Dockerfile
from flowcore.detection._walk import join

#: Names of Dockerfiles in the order in which one is taken to build.
DOCKERFILE_NAMES = ("Dockerfile", "dockerfile", "Containerfile", "Dockerfile.*", "*.Dockerfile", "*.dockerfile")
_MOST = 10  # Dockerfiles of a folder that are read
_MOST_PORTS = 100
_LONGEST = 2_000  # characters of a value in which variables are replaced, and of a variable
_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)", re.DOTALL)
_FROM = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+[Aa][Ss]\s+(\S+))?\s*")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::?-([^}]*))?\}|([A-Za-z_]\w*))")


def dockerfiles_of(project: ProjectFiles) -> tuple[Dockerfile, ...]:
    """Return the Dockerfiles of a folder, the one to build first."""
    names = [name for name in project.matching(*DOCKERFILE_NAMES) if not name.endswith(".dockerignore")]
    names = [name for name in names if project.has(name)]
    # Production files are built before those of development and tests.
    names.sort(key=lambda name: any(word in name.lower() for word in ("dev", "test", "debug", "ci", "local")))
    return tuple(parse_dockerfile(project.text(name), join(project.path, name)) for name in names[:_MOST])


def parse_dockerfile(text: str, path: str = "Dockerfile") -> Dockerfile:
    """Return what a Dockerfile says; lines that are no instructions are passed over, as they are for the builder."""
    variables: dict[str, str] = {}
    stages: dict[str, Dockerfile] = {}
    targets: list[str] = []
    now = Dockerfile(path=path)
    for word, value in _instructions(text):
        if word == "FROM":
            image, name = _from(value, variables)
            # A stage built on an earlier one inherits what that one says.
            now = stages.get(image.lower(), Dockerfile(path=path, base=image))
            targets += [name] if name else []
        elif word in ("ARG", "ENV"):
            variables.update(_assigned(value))
        else:
            now = _with(now, word, _filled(value, variables))
        if targets:
            stages[targets[-1].lower()] = now
    return evolve(now, targets=tuple(targets))


def _instructions(text: str) -> list[tuple[str, str]]:
    escape = "`" if re.search(r"\A(?:#.*\n)*#\s*escape\s*=\s*`", text) else "\\"
    found: list[tuple[str, str]] = []
    held = ""
    for row in text.splitlines()[:10_000]:
        if row.lstrip().startswith("#") or (held and not row.strip()):
            continue
        if row.rstrip().endswith(escape):
            held += row.rstrip()[:-1] + " "
            continue
        match = _INSTRUCTION.match(held + row)
        held = ""
        if match:
            found.append((match[1].upper(), match[2].strip()))
    return found


def _from(value: str, variables: dict[str, str]) -> tuple[str, str]:
    match = _FROM.match(value)
    if match is None:
        return "", ""
    return line(_filled(match[1], variables)), line(match[2] or "")


def _assigned(value: str) -> dict[str, str]:
    pairs = re.findall(r"(?<!\w)([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S*)", value)
    if not pairs and re.match(r"[A-Za-z_]\w*\s+\S", value):
        pairs = [tuple(value.split(None, 1))]  # the old form: ENV name value
    return {name: text.strip("\"'")[:_LONGEST] for name, text in pairs}


def _filled(value: str, variables: dict[str, str]) -> str:
    """Return the text with its variables replaced once; unknown ones stay as they are."""
    return _VARIABLE.sub(lambda match: variables.get(match[1] or match[3], match[2] or match[0]), value[:_LONGEST])


def _with(now: Dockerfile, word: str, value: str) -> Dockerfile:
    if word == "EXPOSE":
        ports = [port(item.partition("/")[0].partition("-")[0]) for item in value.split() if _is_tcp(item)]
        known = dict.fromkeys((*now.ports, *(number for number in ports if number)))
        return evolve(now, ports=tuple(known)[:_MOST_PORTS])
    if word == "USER":
        return evolve(now, user=line(value))
    if word == "CMD":
        return evolve(now, command=_command(value))
    if word == "ENTRYPOINT":
        return evolve(now, entrypoint=_command(value), command="")
    return now


def _is_tcp(item: str) -> bool:
    return item.partition("/")[2].lower() in ("", "tcp")


def _command(value: str) -> str:
    """Return a command of either form as one line."""
    if value.startswith("["):
        try:
            words = json.loads(value)
        except (ValueError, RecursionError):
            return line(value)
        if isinstance(words, list):
            return line(" ".join(word for word in words if isinstance(word, str)))
    return line(value)
