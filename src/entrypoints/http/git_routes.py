"""Credentials for Git hosts: stored encrypted, shown to their host only, never returned."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import Router, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.access import needs
from entrypoints.http.auditing import audited
from flowcore.model import GitAccess, User
from flowcore.policy import Scope


class CredentialIn(msgspec.Struct):
    """What imports show to a host."""

    secret: str
    username: str = "git"


class CredentialOut(msgspec.Struct, rename="camel"):
    """That there are credentials for a host."""

    host: str
    username: str
    created_at: datetime
    updated_at: datetime | None

    @classmethod
    def of(cls, kept: GitAccess) -> CredentialOut:
        """Translate what is stored."""
        return cls(kept.host, kept.username, kept.created_at, kept.updated_at)


class CredentialsOut(msgspec.Struct):
    """One's own credentials."""

    credentials: list[CredentialOut]


@get("/git/credentials", opt=needs(Scope.ACCOUNT))
async def list_credentials(user: NamedDependency[User], app: NamedDependency[App]) -> CredentialsOut:
    """List the hosts that one has credentials for."""
    return CredentialsOut([CredentialOut.of(kept) for kept in await app.imports.credentials.list(user)])


@put("/git/credentials/{host:str}", opt=needs(Scope.ACCOUNT) | audited("git_credential.store"))
async def put_credential(
    host: FromPath[str], data: JSONBody[CredentialIn], user: NamedDependency[User], app: NamedDependency[App]
) -> CredentialOut:
    """Store what one's imports show to a host."""
    kept = await app.imports.credentials.put(user, host, username=data.username, secret=data.secret)
    return CredentialOut.of(kept)


@delete("/git/credentials/{host:str}", opt=needs(Scope.ACCOUNT) | audited("git_credential.delete"))
async def delete_credential(host: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> None:
    """Forget what is stored for a host."""
    await app.imports.credentials.remove(user, host)


router = Router("/", route_handlers=[list_credentials, put_credential, delete_credential], tags=["imports"])
