"""Password hashes, signed tokens, encryption at rest, and where their keys come from."""

from adapters.security._cipher import AesGcmCipher
from adapters.security._command import Command, CommandWrapper
from adapters.security._key_sources import CommandSource, KeySource, ListedSource, TextSource
from adapters.security._key_store import SourcedKeys
from adapters.security._keyring import Keyring
from adapters.security._keyring_file import KeyringFile
from adapters.security._keys import Keys, generate_key
from adapters.security._known_passwords import is_common_password
from adapters.security._passwords import Argon2BcryptHasher, Argon2Cost, PasswordScheme
from adapters.security._signing import SigningKey, SigningKeys, generate_signing_key
from adapters.security._tokens import JwtTokens

__all__ = [
    "AesGcmCipher",
    "Argon2BcryptHasher",
    "Argon2Cost",
    "Command",
    "CommandSource",
    "CommandWrapper",
    "JwtTokens",
    "KeySource",
    "Keyring",
    "KeyringFile",
    "Keys",
    "ListedSource",
    "PasswordScheme",
    "SigningKey",
    "SigningKeys",
    "SourcedKeys",
    "TextSource",
    "generate_key",
    "generate_signing_key",
    "is_common_password",
]
