"""Registration, sign-in, and one's own profile."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.access import PUBLIC, bearer_of, needs
from flowcore.model import User
from flowcore.policy import Scope
from flowcore.usecases.accounts import Newcomer, Session


class RegisterIn(msgspec.Struct, rename="camel"):
    """What registering takes."""

    email: str
    password: str
    name: str
    invite_code: str = ""


class SignInIn(msgspec.Struct):
    """What signing in takes."""

    email: str
    password: str


class ProfileIn(msgspec.Struct):
    """What can be changed of a profile."""

    name: str


class PasswordIn(msgspec.Struct, rename="camel"):
    """What changing the password takes."""

    current_password: str
    new_password: str


class UserOut(msgspec.Struct, rename="camel"):
    """A user as the wire shows one."""

    id: str
    email: str
    name: str
    role: str
    avatar_url: str
    created_at: datetime
    auth_provider: str

    @classmethod
    def of(cls, user: User) -> UserOut:
        """Translate a user."""
        digest = hashlib.md5(user.email_key.encode(), usedforsecurity=False).hexdigest()
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            role=str(user.role),
            avatar_url=f"https://www.gravatar.com/avatar/{digest}?s=200&d=identicon",
            created_at=user.created_at,
            auth_provider=user.auth_provider,
        )


class SessionOut(msgspec.Struct):
    """A session: the token and whose it is."""

    token: str
    user: UserOut

    @classmethod
    def of(cls, session: Session) -> SessionOut:
        """Translate a session."""
        return cls(session.token, UserOut.of(session.user))


class ProfileOut(msgspec.Struct):
    """One's own profile."""

    user: UserOut


class PasswordOut(msgspec.Struct):
    """The answer to a changed password; older tokens are refused from now on, this one is not."""

    message: str
    token: str


class BuiltinOut(msgspec.Struct, rename="camel"):
    """What sign-in by password offers."""

    enabled: bool
    signup_enabled: bool
    invite_required: bool


class ProviderOut(msgspec.Struct, rename="camel"):
    """An identity provider that people can sign in with."""

    name: str
    display_name: str
    icon: str


class MethodsOut(msgspec.Struct):
    """The ways to sign in."""

    builtin: BuiltinOut
    providers: list[ProviderOut]


@post("/auth/register", opt=PUBLIC)
async def register(data: JSONBody[RegisterIn], app: NamedDependency[App]) -> SessionOut:
    """Make an account."""
    newcomer = Newcomer(email=data.email, password=data.password, name=data.name, invite_code=data.invite_code)
    return SessionOut.of(await app.register(newcomer))


@post("/auth/login", opt=PUBLIC, status_code=200)
async def login(data: JSONBody[SignInIn], request: Request[Any, Any, Any], app: NamedDependency[App]) -> SessionOut:
    """Trade e-mail and password for a token."""
    caller = request.client.host if request.client is not None else ""
    return SessionOut.of(await app.sign_in(data.email, data.password, caller=caller))


@post("/auth/refresh", opt=PUBLIC, status_code=200)
async def refresh(request: Request[Any, Any, Any], app: NamedDependency[App]) -> SessionOut:
    """Trade a token, even one that expired lately, for a new one."""
    return SessionOut.of(await app.refresh_token(bearer_of(request)))


@get("/auth/methods", opt=PUBLIC)
async def methods(app: NamedDependency[App]) -> MethodsOut:
    """List the ways to sign in."""
    settings = app.settings
    builtin = BuiltinOut(
        enabled=True, signup_enabled=settings.signup_enabled, invite_required=bool(settings.invite_code)
    )
    providers = [ProviderOut(each.name, each.display_name, each.icon) for each in app.providers.by_name.values()]
    return MethodsOut(builtin, providers)


@get("/profile", opt=needs(Scope.ACCOUNT))
async def profile(user: NamedDependency[User]) -> ProfileOut:
    """Show one's own profile."""
    return ProfileOut(UserOut.of(user))


@put("/profile", opt=needs(Scope.ACCOUNT))
async def change_profile(
    data: JSONBody[ProfileIn], user: NamedDependency[User], app: NamedDependency[App]
) -> ProfileOut:
    """Change one's own name."""
    return ProfileOut(UserOut.of(await app.change_profile(user, name=data.name)))


@put("/profile/password", opt=needs(Scope.ACCOUNT))
async def change_password(
    data: JSONBody[PasswordIn], user: NamedDependency[User], app: NamedDependency[App]
) -> PasswordOut:
    """Change one's own password."""
    session = await app.change_password(user, current=data.current_password, new=data.new_password)
    return PasswordOut("Password updated successfully", session.token)


router = Router(
    "/", route_handlers=[register, login, refresh, methods, profile, change_profile, change_password], tags=["accounts"]
)
