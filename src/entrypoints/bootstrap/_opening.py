"""Open what the settings ask for: the only module that knows adapters."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Unpack
from urllib.parse import urlsplit

from attrs import evolve

from adapters.kubernetes import KubernetesClusters, LocalClusters, chosen_context, local_server
from adapters.memory import open_memory
from adapters.security import Argon2BcryptHasher, PasswordScheme, is_common_password
from adapters.sqlite import open_sqlite
from adapters.sse import InProcessEventFeed
from adapters.system import SystemClock, SystemIds
from entrypoints.bootstrap._app import App
from entrypoints.bootstrap._guarding import guard_of_clusters, guard_of_named, open_guard
from entrypoints.bootstrap._identity import open_providers, provider_hosts
from entrypoints.bootstrap._importing import open_git
from entrypoints.bootstrap._keys import open_keys
from entrypoints.bootstrap._ports import Overrides, Ports
from entrypoints.bootstrap._wiring import wire
from entrypoints.settings import Settings
from entrypoints.settings.modes import Mode, Risk
from flowcore.errors import UnavailableError
from flowcore.kinds import Catalogue, core_catalogue
from flowcore.library import load_kinds
from flowcore.ports.storage import Store
from flowcore.usecases.clusters import keeping
from flowcore.usecases.imports.repositories import AnalyzeRepository

#: Name and mark of the cluster that everybody gets when the sandbox is on.
SANDBOX = "sandbox"
_SANDBOX_LABELS = {"flowcore.dev/sandbox": "true"}
_NOT_IN_NAMES = re.compile(r"[^-_.A-Za-z0-9]")


@asynccontextmanager
async def open_app(settings: Settings, **overrides: Unpack[Overrides]) -> AsyncIterator[App]:
    """Open what the settings ask for, start the work in the background, and close it all in reverse.

    Args:
        settings: of this process.
        overrides: fields of ``Ports`` that stand in for what the settings would open.

    Raises:
        InvalidInputError: a setting, the keyring or the database file cannot be used.
        UnavailableError: something that is asked for does not answer.
    """
    async with AsyncExitStack() as stack:
        ports = evolve(await _open_ports(stack, settings, overrides), **overrides)
        app = wire(ports, settings)
        if app.clusters.provide is not None:
            await app.clusters.provide.refresh()
        # Opened first and closed last: what ends with the service is recorded, too.
        await stack.enter_async_context(app.audit.recorder)
        await stack.enter_async_context(app.runs.watching)
        await stack.enter_async_context(app.runs.executor)
        await stack.enter_async_context(app.imports.executor)
        yield app


@asynccontextmanager
async def open_local_app(settings: Settings, context: str = "", **overrides: Unpack[Overrides]) -> AsyncIterator[App]:
    """Open what one person at one machine needs to deploy to a context of their own kubeconfig.

    The versions of what they deploy are kept in ``deployments.db`` in the data folder.

    Args:
        settings: of this process; its store is not used.
        context: name of the context; the current one when empty.
        overrides: as for ``open_app``.

    Raises:
        InvalidInputError: the kubeconfig or the database file cannot be used.
    """
    context = chosen_context(context)
    gift = keeping.ClusterDraft(
        name=_NOT_IN_NAMES.sub("-", context).strip("-_.") or "context",
        display_name=context,
        server=local_server(context),
        labels={"flowcore.dev/local": "true"},
    )
    kept = evolve(settings, store_url=f"sqlite:///{settings.data_dir / 'deployments.db'}", sandbox=False)
    given: Overrides = {"access": LocalClusters(SystemClock()), "gift": gift, **overrides}
    async with open_app(kept, **given) as app:
        yield app


def open_repositories(settings: Settings, host: str) -> AnalyzeRepository:
    """Return what looks at a repository for the person at this machine, who may name any host but a metadata service.

    Args:
        settings: of this process.
        host: of the repository, without the port.
    """
    return AnalyzeRepository(git=open_git(settings, guard_of_named(settings, [host])))


async def serve_sandbox(
    *, port: int, seed: int, speed: float, started: Callable[[str, str], None], stop: asyncio.Event
) -> None:
    """Serve a sandbox cluster alone.

    Args:
        port: on loopback; 0 takes a free one.
        seed: makes names and delays repeatable.
        speed: how much faster than usual things happen.
        started: told the kubeconfig and the address.
        stop: set when it is time to end.

    Raises:
        UnavailableError: the port is taken.
    """
    from adapters.sandbox import open_sandbox

    try:
        async with open_sandbox(port=port, seed=seed, speed=speed) as sandbox:
            started(sandbox.kubeconfig(), sandbox.url)
            await stop.wait()
    except OSError as error:
        raise UnavailableError(f"cannot listen on port {port}: {error.strerror}") from error


async def _open_ports(stack: AsyncExitStack, settings: Settings, overrides: Overrides) -> Ports:
    clock, ids = overrides.get("clock") or SystemClock(), SystemIds()
    keys = await open_keys(settings, clock)
    feed = InProcessEventFeed()
    stack.push_async_callback(feed.close)
    hasher = Argon2BcryptHasher(scheme=PasswordScheme(settings.password_hash), keep_bcrypt=settings.keep_bcrypt)
    stack.callback(hasher.close)
    cipher = keys.cipher()
    gift, kubeconfig = await _open_sandbox(stack, settings)
    guard = overrides.get("guard") or open_guard(settings)
    return Ports(
        catalogue=overrides.get("catalogue") or _catalogue(settings),
        store=await open_store(stack, settings, overrides),
        feed=feed,
        access=KubernetesClusters(
            cipher,
            clock,
            guard=guard_of_clusters(guard, overrides.get("gift", gift)),
            verifies_tls=settings.mode is Mode.PRODUCTION and Risk.UNVERIFIED_TLS not in settings.accepted_risks,
        ),
        hasher=hasher,
        is_common_password=is_common_password,
        tokens=keys.tokens(settings, clock),
        clock=clock,
        ids=ids,
        guard=guard,
        git=overrides.get("git") or open_git(settings, guard),
        cipher=cipher,
        gift=gift,
        sandbox_kubeconfig=kubeconfig,
        identity_providers=open_providers(settings, guard_of_named(settings, provider_hosts(settings)), clock),
    )


def _catalogue(settings: Settings) -> Catalogue:
    """Return the kinds of nodes: the core's, and those of the folder that the settings name or that is there."""
    own = settings.data_dir / "kinds"
    folder = settings.kinds_dir or (own if own.is_dir() else None)
    return load_kinds(folder) if folder is not None else core_catalogue()


async def open_store(stack: AsyncExitStack, settings: Settings, overrides: Overrides) -> Store:
    url = settings.store
    if "store" in overrides or url.startswith("memory://"):
        return await stack.enter_async_context(open_memory())
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return await stack.enter_async_context(open_sqlite(str(path)))
    from adapters.mongo import open_mongo  # only who keeps things there needs the driver

    database = urlsplit(url).path.lstrip("/") or "flowcore"
    return await stack.enter_async_context(open_mongo(url, database=database))


async def _open_sandbox(stack: AsyncExitStack, settings: Settings) -> tuple[keeping.ClusterDraft | None, str]:
    if not settings.sandbox:
        return None, ""
    from adapters.sandbox import open_sandbox  # takes time to import, and most services do without

    sandbox = await stack.enter_async_context(open_sandbox(port=settings.sandbox_port))
    gift = keeping.ClusterDraft(
        name=SANDBOX,
        display_name="Sandbox",
        description="A simulated cluster inside flowcore; it runs no containers",
        server=sandbox.url,
        auth_type="token",
        credentials={"token": sandbox.token},
        labels=_SANDBOX_LABELS,
    )
    return gift, sandbox.kubeconfig()
