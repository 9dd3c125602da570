"""Accounts with passwords: from the settings to what can be asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypedDict

from entrypoints.bootstrap._ports import Ports
from entrypoints.settings import Settings
from flowcore.model import User
from flowcore.ports.storage import ATTEMPTS, HOUSE_CODES, INVITES, USERS
from flowcore.usecases.enrolling import Enrol, SignUpPolicy
from flowcore.usecases.invites import Admission, HouseCodes, Invites
from flowcore.usecases.locking import Lockout
from flowcore.usecases.passwords import LONGEST, PasswordRules, Passwords
from flowcore.usecases.profiles import ChangeEmail, ChangePassword, ChangeProfile, ConfirmPassword
from flowcore.usecases.registering import Register
from flowcore.usecases.sessions import Sessions
from flowcore.usecases.signing_in import SignIn
from flowcore.usecases.throttling import Throttle

#: Most bytes of a password; bcrypt looks at no more.
_LONGEST = {"argon2id": LONGEST, "bcrypt": 72}


class Accounts(TypedDict):
    """The use cases around accounts with passwords, by their names in ``App``."""

    register: Register
    sign_in: SignIn
    lockout: Lockout
    change_profile: ChangeProfile
    change_email: ChangeEmail
    change_password: ChangePassword
    confirm_password: ConfirmPassword
    invites: Invites
    house_codes: HouseCodes


def wire_accounts(
    ports: Ports, settings: Settings, sessions: Sessions, welcome: Callable[[User], Awaitable[None]]
) -> Accounts:
    """Put the use cases together.

    Args:
        ports: what stands behind every port.
        settings: of this process.
        sessions: everybody's.
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
    )


def rules_of(settings: Settings, is_common: Callable[[str], bool]) -> PasswordRules:
    """Return which new passwords will do; *is_common* says whether many people use one."""
    longest = _LONGEST[settings.password_hash]
    return PasswordRules(shortest=settings.password_min, longest=longest, is_common=is_common)
