"""What a client of exec asks for, and how it is refused."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, TypeAlias

from attrs import frozen

from adapters.sandbox._controllers._objects import spec, status
from adapters.sandbox._controllers._seams import Store
from adapters.sandbox._status import Object, StatusError, bad_request, not_found
from flowcore.model import Manifest

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
_DENIAL = "websocket.http.response"


@frozen(kw_only=True)
class ExecOptions:
    """What a client asks for: the command, and which streams it wants."""

    command: tuple[str, ...]
    container: str = ""
    stdin: bool = False
    stdout: bool = False
    stderr: bool = False
    tty: bool = False

    @classmethod
    def of(cls, query: Mapping[str, Sequence[str]]) -> ExecOptions:
        """Read the query of a request.

        Raises:
            StatusError: 400 without a command or without any stream.
        """
        flags = {name: _flag(query, name) for name in ("stdin", "stdout", "stderr", "tty")}
        command = _values(query, "command")
        if not command:
            raise bad_request("you must specify at least one command for the container")
        if not (flags["stdin"] or flags["stdout"] or flags["stderr"]):
            raise bad_request("you must specify at least one of stdin, stdout, stderr")
        names = _values(query, "container")
        return cls(command=command, container=names[-1] if names else "", **flags)


def _values(query: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    given = query.get(name, ())
    return (given,) if isinstance(given, str) else tuple(given)


def _flag(query: Mapping[str, Sequence[str]], name: str) -> bool:
    values = _values(query, name)
    return bool(values) and values[-1].lower() in ("true", "1")


def spdy_refusal(store: Store, namespace: str, name: str, query: Mapping[str, Sequence[str]]) -> StatusError:
    """Return the answer to an exec request that is no WebSocket: what is wrong with it, else that SPDY is not spoken.

    kubectl asks that way again when the WebSocket was refused, and shows this answer.
    """
    try:
        wanted_container(store, namespace, name, ExecOptions.of(query))
    except StatusError as error:
        return error
    return bad_request(f"the sandbox speaks exec over WebSockets only ({V5}, {V4}), not SPDY")


def wanted_container(store: Store, namespace: str, name: str, options: ExecOptions) -> tuple[Manifest, Manifest]:
    """Return the pod and the container that are meant.

    Raises:
        StatusError: 404 for an unknown pod; 400 for a container that is ambiguous, unknown or does not run.
    """
    pod = store.get("v1", "Pod", namespace, name)
    if pod is None:
        raise not_found("pods", "", name)
    return pod, running_container(pod, options.container)


async def refuse(scope: Scope, send: Send, error: StatusError) -> None:
    """Refuse a WebSocket's handshake with a Status body (or, where the server cannot, with a plain refusal)."""
    if _DENIAL not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008, "reason": error.message[:120]})
        return
    body = json.dumps(error.to_dict()).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": f"{_DENIAL}.start", "status": error.code, "headers": headers})
    await send({"type": f"{_DENIAL}.body", "body": body})


def negotiated(scope: Scope) -> str:
    """Return the sub-protocol to speak, v5 before v4; empty when the client offers none.

    Raises:
        StatusError: 403 when it offers only others.
    """
    offered = list(scope.get("subprotocols") or ())
    if not offered:
        return ""
    found = next((protocol for protocol in (V5, V4) if protocol in offered), None)
    if found is None:
        text = "unable to upgrade: unable to negotiate protocol: client supports {}, server accepts {}"
        raise StatusError(403, "Forbidden", text.format(offered, [V5, V4]))
    return found


def running_container(pod: Manifest, name: str) -> Manifest:
    """Return the container that is meant.

    Raises:
        StatusError: 400 when it is ambiguous, unknown or does not run.
    """
    containers = [*(spec(pod).get("containers") or ()), *(spec(pod).get("initContainers") or ())]
    pod_name = pod["metadata"]["name"]
    if not name and len(spec(pod).get("containers") or ()) > 1:
        names = " ".join(str(one.get("name")) for one in spec(pod)["containers"])
        raise bad_request(f"a container name must be specified for pod {pod_name}, choose one of: [{names}]")
    found: Manifest | None = next((one for one in containers if not name or one.get("name") == name), None)
    if found is None:
        raise bad_request(f"container {name} is not valid for pod {pod_name}")
    if status(pod).get("phase") in ("Succeeded", "Failed"):
        phase = status(pod)["phase"]
        text = f"cannot exec into a container in a completed pod; current phase is {phase}"
        raise bad_request(text)
    if "running" not in (container_status(pod, str(found.get("name"))).get("state") or {}):
        raise bad_request(f'container not found ("{found.get("name")}"): it is not running')
    return found


def container_status(pod: Manifest, name: str) -> Manifest:
    """Return the status of a container, empty when there is none yet."""
    runs = (*(status(pod).get("containerStatuses") or ()), *(status(pod).get("initContainerStatuses") or ()))
    found: Manifest = next((run for run in runs if run.get("name") == name), {})
    return found


def outcome(code: int) -> Object:
    """Return the Status that tells how a command ended."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: command terminated with exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }
