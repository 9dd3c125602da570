"""Well-known identity providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: What is known of well-known providers; every value can be overridden in the file.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "github": {
        "type": "oauth2",
        "display_name": "GitHub",
        "issuer": "https://github.com/login/oauth",
        "authorization_url": "https://github.com/login/oauth/authorize",
        "token_url": "https://github.com/login/oauth/access_token",
        "userinfo_url": "https://api.github.com/user",
        "emails_url": "https://api.github.com/user/emails",
        "scopes": ["read:user", "user:email"],
        "claims": {"subject": "id"},
    },
    "gitlab": {"display_name": "GitLab", "issuer": "https://gitlab.com"},
    "google": {"display_name": "Google", "issuer": "https://accounts.google.com"},
    "keycloak": {"display_name": "Keycloak", "claims": {"groups": "groups"}},
    "authentik": {"display_name": "Authentik", "claims": {"groups": "groups"}},
    "okta": {
        "display_name": "Okta",
        "scopes": ["openid", "profile", "email", "groups"],
        "claims": {"groups": "groups"},
    },
}
