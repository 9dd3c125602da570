"""Password hashes, signed tokens, encryption at rest, and the file that keeps their keys."""

from adapters.security._cipher import AesGcmCipher
from adapters.security._keyring import Keyring, open_keyring
from adapters.security._keys import Keys, generate_key
from adapters.security._passwords import Argon2BcryptHasher, Argon2Cost
from adapters.security._tokens import JwtTokens

__all__ = [
    "AesGcmCipher",
    "Argon2BcryptHasher",
    "Argon2Cost",
    "JwtTokens",
    "Keyring",
    "Keys",
    "generate_key",
    "open_keyring",
]
