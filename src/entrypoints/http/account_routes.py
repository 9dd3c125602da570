"""Registration, sign-in, and one's own profile."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.access import PUBLIC, needs, shown_by
from entrypoints.http.account_shapes import NOT_STORED, SignedInOut, UserOut, answer_with, with_cookie
from entrypoints.http.auditing import audited, tell_attempt, tell_signed_in, tell_target
from entrypoints.http.client_address import device_of
from entrypoints.http.cookies import require_own_origin
from entrypoints.http.ids import checked_id
from flowcore.model import User
from flowcore.policy import Scope
from flowcore.usecases.accounts.authenticating import Caller
from flowcore.usecases.accounts.registering import Newcomer


class RegisterIn(msgspec.Struct, rename="camel"):
    """What registering takes; ``cookie`` asks for the session's token in a cookie instead of the answer."""

    email: str
    password: str
    name: str
    invite_code: str = ""
    cookie: bool = False


class SignInIn(msgspec.Struct):
    """What signing in takes; ``cookie`` asks for the session's token in a cookie instead of the answer."""

    email: str
    password: str
    cookie: bool = False


class ProfileIn(msgspec.Struct):
    """What can be changed of a profile."""

    name: str


class EmailIn(msgspec.Struct, rename="camel"):
    """What changing the address takes."""

    email: str
    current_password: str


class LeavingIn(msgspec.Struct, rename="camel"):
    """What deleting one's own account takes; ``transferTo`` is the user or team that gets workflows and clusters."""

    current_password: str
    transfer_to: str = ""


class LeftOut(msgspec.Struct):
    """The answer to who has left."""

    message: str


class PasswordIn(msgspec.Struct, rename="camel"):
    """What changing the password takes."""

    current_password: str
    new_password: str


class ProfileOut(msgspec.Struct):
    """One's own profile."""

    user: UserOut


class PasswordOut(msgspec.Struct, rename="camel"):
    """The answer to a changed password; older tokens are refused from now on, this one is not."""

    message: str
    token: str | msgspec.UnsetType
    csrf_token: str | msgspec.UnsetType


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


@post("/auth/register", opt=PUBLIC | audited("auth.register"))
async def register(
    data: JSONBody[RegisterIn], request: Request[Any, Any, Any], app: NamedDependency[App]
) -> Response[SignedInOut]:
    """Make an account."""
    if data.cookie:
        require_own_origin(request, app.settings)
    newcomer = Newcomer(email=data.email, password=data.password, name=data.name, invite_code=data.invite_code)
    tell_attempt(data.email)
    signed_in = await app.accounts.register(newcomer, device_of(request))
    tell_signed_in(signed_in)
    return answer_with(signed_in, app.settings, in_cookie=data.cookie, status_code=201)


@post("/auth/login", opt=PUBLIC | audited("auth.sign_in"), status_code=200)
async def login(
    data: JSONBody[SignInIn], request: Request[Any, Any, Any], app: NamedDependency[App]
) -> Response[SignedInOut]:
    """Trade e-mail and password for a token."""
    if data.cookie:
        require_own_origin(request, app.settings)
    tell_attempt(data.email)
    signed_in = await app.accounts.sign_in(data.email, data.password, device=device_of(request))
    tell_signed_in(signed_in)
    return answer_with(signed_in, app.settings, in_cookie=data.cookie)


@get("/auth/methods", opt=PUBLIC)
async def methods(app: NamedDependency[App]) -> MethodsOut:
    """List the ways to sign in."""
    enrol = app.accounts.register.enrol
    builtin = BuiltinOut(enabled=True, signup_enabled=enrol.policy.is_enabled, invite_required=enrol.admission.asks)
    providers = [ProviderOut(each.name, each.display_name, each.icon) for each in app.oauth.providers.by_name.values()]
    return MethodsOut(builtin, providers)


@get("/profile", opt=needs(Scope.ACCOUNT))
async def profile(user: NamedDependency[User]) -> ProfileOut:
    """Show one's own profile."""
    return ProfileOut(UserOut.of(user))


@put("/profile", opt=needs(Scope.ACCOUNT) | audited("profile.change"))
async def change_profile(
    data: JSONBody[ProfileIn], user: NamedDependency[User], app: NamedDependency[App]
) -> ProfileOut:
    """Change one's own name."""
    return ProfileOut(UserOut.of(await app.accounts.change_profile(user, name=data.name)))


@put("/profile/email", opt=needs(Scope.ACCOUNT) | audited("profile.email.change"))
async def change_email(
    data: JSONBody[EmailIn], request: Request[User, Caller, Any], user: NamedDependency[User], app: NamedDependency[App]
) -> ProfileOut:
    """Change the address that one signs in with."""
    device = device_of(request)
    changed = await app.accounts.change_email(user, email=data.email, password=data.current_password, device=device)
    return ProfileOut(UserOut.of(changed))


@post("/profile/delete", status_code=200, opt=needs(Scope.ACCOUNT) | audited("profile.delete"))
async def delete_account(
    data: JSONBody[LeavingIn],
    request: Request[User, Caller, Any],
    user: NamedDependency[User],
    app: NamedDependency[App],
) -> LeftOut:
    """Delete one's own account; what belongs to it must have been deleted before, or goes to somebody else."""
    tell_target("user", user.id, user.email_key, transfer_to=data.transfer_to)
    heir = checked_id(data.transfer_to, "transferTo") if data.transfer_to else ""
    await app.accounts.confirm_password(user, data.current_password, path="currentPassword", device=device_of(request))
    await app.administration.delete.own(user, transfer_to=heir)
    return LeftOut("Your account was deleted")


@put("/profile/password", opt=needs(Scope.ACCOUNT) | audited("profile.password.change"))
async def change_password(
    data: JSONBody[PasswordIn],
    request: Request[User, Caller, Any],
    user: NamedDependency[User],
    app: NamedDependency[App],
) -> Response[PasswordOut]:
    """Change one's own password; every other session and API token ends."""
    signed_in = await app.accounts.change_password(
        user, current=data.current_password, new=data.new_password, device=device_of(request)
    )
    in_cookie = shown_by(request, request.route_handler, app.settings).is_cookie
    session = SignedInOut.of(signed_in, in_cookie=in_cookie)
    told = PasswordOut("Password updated successfully", session.token, session.csrf_token)
    return with_cookie(Response(told, headers=NOT_STORED), signed_in, app.settings, in_cookie=in_cookie)


router = Router(
    "/",
    route_handlers=[register, login, methods, profile, change_profile, change_email, change_password, delete_account],
    tags=["accounts"],
)
