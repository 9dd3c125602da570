"""What is known about a provider before it is asked."""

from __future__ import annotations

from attrs import field, frozen


@frozen(kw_only=True)
class ClaimNames:
    """Where a provider tells what: a claim's name, or a dotted path into claims like ``realm_access.roles``.

    Attributes:
        email_verified: empty when nothing tells about the address that is used.
        groups: empty when groups are not asked for.
    """

    subject: str = "sub"
    email: str = "email"
    email_verified: str = "email_verified"
    name: str = "name"
    groups: str = ""


@frozen(kw_only=True)
class ProviderConfig:
    """How a service is registered at a provider, and where that is.

    Attributes:
        name: slug of the provider.
        is_oidc: whether its endpoints and keys are discovered from ``issuer`` and it signs ID tokens.
        issuer: exactly as the provider writes it; may be empty for plain OAuth 2.
        client_secret: empty for a public client.
        token_auth: ``client_secret_basic`` or ``client_secret_post``; empty takes what the provider announces.
        authorization_url: where browsers go; plain OAuth 2 only, like the next three.
        userinfo_url: says as JSON who an access token belongs to.
        emails_url: lists addresses as GitHub does, with ``primary`` and ``verified``; may be empty.
    """

    name: str
    is_oidc: bool = True
    issuer: str = ""
    client_id: str
    client_secret: str = field(default="", repr=False)
    token_auth: str = ""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    claims: ClaimNames = field(factory=ClaimNames)
    authorization_url: str = ""
    token_url: str = ""
    userinfo_url: str = ""
    emails_url: str = ""
