"""Sign-in with identity providers: what is remembered between two redirects, and who is who at which provider."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen


@frozen(kw_only=True)
class LinkedIdentity:
    """Somebody's account at an identity provider, as a way into an account here.

    Attributes:
        provider: slug of the provider.
        subject: the provider's own, unchanging name for the person; unique together with ``provider``.
        user_id: whose account it opens.
        email: the address the provider told when it was linked; for showing only.
    """

    id: str
    provider: str
    subject: str
    user_id: str
    email: str = ""
    created_at: datetime
    revision: int = 0


@frozen(kw_only=True)
class OAuthState:
    """A sign-in that was sent to a provider and has not come back.

    Nothing in it is a secret: the state and the browser's keepsake are hashed, and the PKCE verifier and the nonce
    are derived from the two.

    Attributes:
        id: SHA-256 of the state, in hexadecimal digits.
        provider: slug of the provider it was sent to.
        browser_key: SHA-256 of the keepsake in the browser that began it.
        next_path: page of the front end to show afterwards; empty for its own choice.
        link_user_id: who links an identity to the own account; empty when somebody signs in.
        expires_at: not accepted from this moment on.
    """

    id: str
    provider: str
    browser_key: str
    next_path: str = ""
    link_user_id: str = ""
    expires_at: datetime
    revision: int = 0


@frozen(kw_only=True)
class OAuthCode:
    """A finished sign-in that the front end has not picked up.

    Attributes:
        id: SHA-256 of the code, in hexadecimal digits.
        user_id: who signed in.
        browser_key: SHA-256 of the keepsake in the browser that signed in.
        expires_at: not accepted from this moment on.
    """

    id: str
    user_id: str
    browser_key: str
    expires_at: datetime
    revision: int = 0
