"""A running sandbox: the cluster's first objects, the controllers, and uvicorn on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from attrs import define, field

from adapters.sandbox._app import DOOR, Api
from adapters.sandbox._bootstrap import NAMESPACES, create_namespace, follow_namespaces
from adapters.sandbox._controllers import Controllers, LoopClock, seed_cluster
from adapters.sandbox._garbage import follow_owners
from adapters.sandbox._http import encode
from adapters.sandbox._store import Store

CLUSTER = "flowcore-sandbox"


@define
class Sandbox:
    """A simulated cluster that answers the Kubernetes API. It runs no containers and says so in its version.

    `app` is the ASGI callable; `url` is empty until it is served; `token` is the only credential that is known.
    """

    store: Store
    app: Api
    controllers: Controllers
    token: str = field(repr=False)
    url: str = ""

    def kubeconfig(self) -> str:
        """A kubeconfig with one context that leads here, as YAML text. It holds the token."""
        context = {"cluster": CLUSTER, "user": CLUSTER, "namespace": "default"}
        return encode(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": CLUSTER, "cluster": {"server": f"{self.url}{DOOR}{self.token}"}}],
                "users": [{"name": CLUSTER, "user": {"token": self.token}}],
                "contexts": [{"name": CLUSTER, "context": context}],
                "current-context": CLUSTER,
            },
            "application/yaml",
        ).decode()


def create_sandbox(*, seed: int = 0, speed: float = 1.0, token: str = "") -> Sandbox:
    """A sandbox with its first objects, not yet served and with its controllers not yet at work."""
    # One clock for both, so that what the server stamps and what the controllers stamp agree at any speed.
    clock = LoopClock(speed)
    store = Store(seed=seed, clock=clock.now)
    controllers = Controllers(store, seed=seed, clock=clock)
    token = token or secrets.token_urlsafe(24)
    app = Api(store=store, controllers=controllers, token=token)
    follow_namespaces(store)
    follow_owners(store)
    for name in NAMESPACES:
        create_namespace(store, name)
    seed_cluster(store)
    return Sandbox(store, app, controllers, token)


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: the surrounding program owns the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let the signals be."""
        yield


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket that names its protocol: only then asyncio switches Nagle's delays of 40 ms off."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    return listener


@asynccontextmanager
async def open_sandbox(
    *, host: str = "127.0.0.1", port: int = 0, seed: int = 0, speed: float = 1.0, token: str = ""
) -> AsyncIterator[Sandbox]:
    """Serve a sandbox in the current event loop; port 0 takes a free one. Raises OSError when it cannot listen.

    `seed` makes names and chance repeatable, `speed` is how much faster than a real cluster the simulation runs.
    """
    sandbox = create_sandbox(seed=seed, speed=speed, token=token)
    listener = _listen(host, port)
    sandbox.url = f"http://{host}:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        sandbox.app,
        log_level="warning",
        log_config=None,
        lifespan="off",
        ws="websockets-sansio",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    working = asyncio.create_task(sandbox.controllers.run())
    try:
        yield sandbox
    finally:
        sandbox.app.closing.set()
        working.cancel()
        server.should_exit = True
        await asyncio.gather(serving, working, return_exceptions=True)
        listener.close()
