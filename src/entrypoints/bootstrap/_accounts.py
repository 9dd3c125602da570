"""Accounts, sessions and tokens: from the settings to what can be asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import frozen

from entrypoints.bootstrap._ports import Ports
from entrypoints.settings import Settings
from flowcore.model import User
from flowcore.ports.storage import API_TOKENS, ATTEMPTS, HOUSE_CODES, INVITES, SESSIONS, USERS
from flowcore.usecases.accounts.api_tokens import ApiTokens
from flowcore.usecases.accounts.authenticating import Authenticate, Identify, RefreshToken
from flowcore.usecases.accounts.enrolling import Enrol, SignUpPolicy
from flowcore.usecases.accounts.invites import Admission, HouseCodes, Invites
from flowcore.usecases.accounts.local_account import ActLocally
from flowcore.usecases.accounts.locking import Lockout
from flowcore.usecases.accounts.passwords import LONGEST, PasswordRules, Passwords
from flowcore.usecases.accounts.profiles import ChangeEmail, ChangePassword, ChangeProfile, ConfirmPassword
from flowcore.usecases.accounts.registering import Register
from flowcore.usecases.accounts.sessions import Sessions, SignOutEverywhere
from flowcore.usecases.accounts.signing_in import SignIn
from flowcore.usecases.accounts.throttling import Throttle

#: Most bytes of a password; bcrypt looks at no more.
_LONGEST = {"argon2id": LONGEST, "bcrypt": 72}


@frozen(kw_only=True)
class Accounts:
    """The use cases of accounts, sessions and tokens."""

    register: Register
    sign_in: SignIn
    lockout: Lockout
    change_profile: ChangeProfile
    change_email: ChangeEmail
    change_password: ChangePassword
    confirm_password: ConfirmPassword
    invites: Invites
    house_codes: HouseCodes
    act_locally: ActLocally
    authenticate: Authenticate
    identify: Identify
    sessions: Sessions
    sign_out_everywhere: SignOutEverywhere
    refresh_token: RefreshToken
    api_tokens: ApiTokens


def wire_accounts(ports: Ports, settings: Settings, welcome: Callable[[User], Awaitable[None]]) -> Accounts:
    """Put the use cases together.

    Args:
        ports: what stands behind every port.
        settings: of this process.
        welcome: what is given to everybody who signs up or in.
    """
    store, clock, ids = ports.store, ports.clock, ports.ids
    users, kept = store.repository(USERS), store.repository(INVITES)
    house = HouseCodes(kept=store.repository(HOUSE_CODES), cipher=ports.cipher, clock=clock, ids=ids)
    throttle = Throttle(kept=store.repository(ATTEMPTS), clock=clock)
    admission = Admission(
        invites=kept,
        house=house,
        throttle=throttle,
        clock=clock,
        is_required=settings.invite_required,
        fixed_code=settings.invite_code,
    )
    policy = SignUpPolicy(is_enabled=settings.signup_enabled, allowed_domains=settings.allowed_domains)
    passwords = Passwords(hasher=ports.hasher, rules=rules_of(settings, ports.is_common_password))
    lockout = Lockout(throttle=throttle)
    sessions = Sessions(kept=store.repository(SESSIONS), tokens=ports.tokens, clock=clock, ids=ids)
    authenticate = Authenticate(users=users, sessions=sessions.kept, tokens=ports.tokens, clock=clock)
    api_tokens = ApiTokens(kept=store.repository(API_TOKENS), clock=clock, ids=ids)
    confirm = ConfirmPassword(users=users, passwords=passwords, lockout=lockout)
    return Accounts(
        register=Register(
            enrol=Enrol(users=users, admission=admission, policy=policy),
            passwords=passwords,
            sessions=sessions,
            clock=clock,
            ids=ids,
            welcome=welcome,
        ),
        sign_in=SignIn(users=users, passwords=passwords, sessions=sessions, lockout=lockout, welcome=welcome),
        lockout=lockout,
        change_profile=ChangeProfile(users=users, clock=clock),
        change_email=ChangeEmail(users=users, confirm=confirm, policy=policy, clock=clock),
        change_password=ChangePassword(users=users, confirm=confirm, sessions=sessions, clock=clock),
        confirm_password=confirm,
        invites=Invites(kept=kept, clock=clock, ids=ids),
        house_codes=house,
        act_locally=ActLocally(users=users, clock=clock, ids=ids, welcome=welcome),
        authenticate=authenticate,
        identify=Identify(authenticate=authenticate, api_tokens=api_tokens, users=users),
        sessions=sessions,
        sign_out_everywhere=SignOutEverywhere(users=users, sessions=sessions, clock=clock),
        refresh_token=RefreshToken(authenticate=authenticate, sessions=sessions, clock=clock, ids=ids),
        api_tokens=api_tokens,
    )


def rules_of(settings: Settings, is_common: Callable[[str], bool]) -> PasswordRules:
    """Return which new passwords will do; *is_common* says whether many people use one."""
    longest = _LONGEST[settings.password_hash]
    return PasswordRules(shortest=settings.password_min, longest=longest, is_common=is_common)
