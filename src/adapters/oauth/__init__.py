"""Identity providers over OAuth 2 and OpenID Connect."""

from adapters.oauth._config import ClaimNames, ProviderConfig
from adapters.oauth._outgoing import Outgoing
from adapters.oauth._provider import OAuthProvider

__all__ = ["ClaimNames", "OAuthProvider", "Outgoing", "ProviderConfig"]
