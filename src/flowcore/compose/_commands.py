"""What a container runs: image, entrypoint and command, and how it is attached."""

from __future__ import annotations

from flowcore.compose._arguments import without_secrets
from flowcore.compose._marks import Value
from flowcore.compose._scope import Scope

_PULL = {
    "always": "Always",
    "never": "Never",
    "missing": "IfNotPresent",
    "if_not_present": "IfNotPresent",
    "build": "IfNotPresent",
}


def draw_command(scope: Scope) -> None:
    """Set image, pull policy, command, arguments and working directory."""
    _image(scope)
    _pull_policy(scope)
    _command(scope)
    for key, name in (("working_dir", "workingDir"), ("tty", "tty"), ("stdin_open", "stdin")):
        if scope.get(key):
            scope.data[name] = scope.get(key)


def _image(scope: Scope) -> None:
    build: Value = scope.get("build")
    image = scope.get("image") or f"{scope.project.name}-{scope.name}:latest".lower()
    scope.data["image"] = image
    if build is None:
        return
    context = build.get("context") or "."
    scope.warn(
        "build",
        f"the image {image} is built from {context}; the cluster can only run it after it was built and pushed",
        scope.place("build"),
        why="a cluster pulls images from a registry and builds none",
        fix=f"build and push it (docker build -t REGISTRY/{image} {context}), then set that image on the node",
    )


def _pull_policy(scope: Scope) -> None:
    wish = scope.label("kompose.image-pull-policy") or scope.get("pull_policy")
    if not wish:
        return
    policy = _PULL.get(wish.lower().replace("ifnotpresent", "if_not_present"))
    if policy:
        scope.data["imagePullPolicy"] = policy
    else:
        scope.info(
            "pull-policy",
            f"the pull policy {wish} has no counterpart; the cluster's default holds",
            scope.place("pull_policy"),
        )


def _command(scope: Scope) -> None:
    entrypoint: Value = scope.get("entrypoint")
    command: Value = scope.get("command")
    if entrypoint:
        scope.data["command"] = without_secrets(scope, "entrypoint")
        if command:
            scope.data["args"] = without_secrets(scope, "command")
    elif entrypoint is not None:
        _without_entrypoint(scope, command)
    elif command:
        scope.data["args"] = without_secrets(scope, "command")


def _without_entrypoint(scope: Scope, command: Value) -> None:
    """An empty entrypoint takes the image's away, so the command's first word is what runs."""
    if command:
        scope.data["command"] = without_secrets(scope, "command")
        return
    scope.warn(
        "entrypoint",
        "the entrypoint is reset without a command; the cluster runs the image's own entrypoint all the same",
        scope.place("entrypoint"),
        fix="write what should run under command",
    )
