"""Reading Dockerfiles."""

from __future__ import annotations

import pytest

from flowcore.detection import Dockerfile
from flowcore.detection._dockerfile import parse_dockerfile

STAGED = """\
# syntax=docker/dockerfile:1
ARG VERSION=3.12
FROM --platform=$BUILDPLATFORM python:${VERSION}-slim AS builder
WORKDIR /app
EXPOSE 8000
RUN pip install \\
    # a comment between

    gunicorn
USER app
FROM builder as Dev
ENTRYPOINT ["python3"]
CMD ["app.py", "--reload"]
"""


def test_a_stage_inherits_from_the_one_it_is_built_on() -> None:
    assert parse_dockerfile(STAGED) == Dockerfile(
        path="Dockerfile",
        base="python:3.12-slim",
        targets=("builder", "Dev"),
        ports=(8000,),
        command="app.py --reload",
        entrypoint="python3",
        user="app",
    )


def test_only_the_last_stage_counts() -> None:
    found = parse_dockerfile("FROM a AS build\nEXPOSE 1234\nUSER root\nFROM b\nEXPOSE 80 443\n")

    assert (found.base, found.ports, found.user, found.targets) == ("b", (80, 443), "", ("build",))


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("EXPOSE 80/tcp 53/udp 80", (80,)),
        ("ENV PORT 8080\nEXPOSE $PORT", (8080,)),
        ("ENV A=1 PORT='9090'\nEXPOSE ${PORT}/tcp", (9090,)),
        ("EXPOSE ${PORT:-7070}", (7070,)),
        ("EXPOSE $UNKNOWN 0 99999 x", ()),
        ("expose 8000-8010", (8000,)),
        ("EXPOSE", ()),
        ("EXPOSE 80 \\\n  81", (80, 81)),
        ("EXPOSE 80 \\\n\n  81", (80, 81)),
        ("#EXPOSE 80", ()),
    ],
)
def test_reads_ports(text: str, ports: tuple[int, ...]) -> None:
    assert parse_dockerfile(f"FROM a\n{text}\n").ports == ports


@pytest.mark.parametrize(
    ("text", "command"),
    [('CMD ["a", "b c"]', "a b c"), ("CMD a && b", "a && b"), ("CMD [broken", "[broken"), ("CMD a\nENTRYPOINT b", "")],
)
def test_reads_commands(text: str, command: str) -> None:
    assert parse_dockerfile(f"FROM a\n{text}\n").command == command


def test_the_escape_character_can_be_another() -> None:
    assert parse_dockerfile("# escape=`\nFROM a\nEXPOSE 80 `\n 81\nUSER C:\\\n").ports == (80, 81)


def test_variables_do_not_grow_without_end() -> None:
    text = f"FROM a\nENV A={'x' * 100_000}\nCMD {'$A' * 100_000}\n"

    assert len(parse_dockerfile(text).command) == 500
