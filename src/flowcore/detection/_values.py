"""What detection finds, as plain values."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class BuildMethod(StrEnum):
    """How an image can be made from a folder."""

    DOCKERFILE = "dockerfile"
    NIXPACKS = "nixpacks"


@frozen(kw_only=True)
class ComposeCandidate:
    """A Compose file in a tree.

    Attributes:
        path: the file, relative to the tree's root.
        overrides: files that Compose, started in the folder, reads on top of it by itself; at most one.
        variants: other Compose files of the folder that are read only when they are named (``compose.prod.yaml``).
        env_files: ``.env`` of the folder, then files that show what it may hold (``.env.example``).
        depth: folders between the root and the file; 0 at the root.
        is_default: whether Compose finds it by its name alone.
    """

    path: str
    overrides: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    depth: int = 0
    is_default: bool = True


@frozen(kw_only=True)
class Dockerfile:
    """What a Dockerfile says about the image it makes; of several stages, the last one counts.

    Attributes:
        path: the file, relative to the tree's root.
        base: image of the last stage, as written; the name of an earlier stage is followed to its image.
        targets: names of the stages in their order.
        ports: TCP ports of ``EXPOSE``, in their order.
        command: ``CMD`` of the last stage as one line; empty when there is none.
        entrypoint: ``ENTRYPOINT`` of the last stage as one line; empty when there is none.
        user: ``USER`` of the last stage; empty when there is none.
    """

    path: str
    base: str = ""
    targets: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    command: str = ""
    entrypoint: str = ""
    user: str = ""


@frozen(kw_only=True)
class Detected:
    """A project in a folder, and how it can be built and started.

    Attributes:
        path: the folder, relative to the tree's root; empty for the root.
        provider: the language, as Nixpacks names it (``node``, ``go``); empty when only a Dockerfile is there.
        framework: like ``django`` or ``next``; empty when none is known.
        version: of the language, as the project pins it (``20``, ``>=3.11``); empty when it does not.
        package_manager: like ``pnpm``, ``poetry``, ``maven``; empty when there is none.
        install: command that fetches the dependencies; empty when none is needed.
        build: command that builds; empty when none is needed.
        start: command that starts; empty when it is not known.
        port: TCP port it listens on; 0 when it is not known.
        port_reason: where the port is from.
        method: how to build it; a Dockerfile is preferred.
        dockerfiles: every Dockerfile of the folder; the first is the one to build.
        others: further providers whose files are there too.
        reasons: why, in sentences for people; also which files are broken.
    """

    path: str = ""
    provider: str = ""
    framework: str = ""
    version: str = ""
    package_manager: str = ""
    install: str = ""
    build: str = ""
    start: str = ""
    port: int = 0
    port_reason: str = ""
    method: BuildMethod = BuildMethod.NIXPACKS
    dockerfiles: tuple[Dockerfile, ...] = ()
    others: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
