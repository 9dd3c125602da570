"""Which variables hold secrets: judged word by word from the name, and by credentials inside the value."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_WORDS = frozenset(
    {
        "PASSWORD", "PASSWORDS", "PASSWD", "PASSPHRASE", "PASSCODE", "PASS", "PW", "SECRET", "SECRETS", "TOKEN",
        "CREDENTIAL", "CREDENTIALS", "CREDS", "APIKEY", "SALT", "PRIVKEY", "AUTHKEY", "SECRETKEY", "ACCESSKEY",
    }
)  # fmt: skip
#: Words that end in one of these, like PGPASSWORD or WEBPASSWORD.
_ENDINGS = ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "APIKEY", "TOKEN", "PASS")
_NOT_BY_ENDING = frozenset({"BYPASS", "COMPASS"})
#: Words that make a KEY after them a secret one.
_BEFORE_KEY = frozenset(
    {
        "API", "ACCESS", "PRIVATE", "SECRET", "ENCRYPTION", "ENCRYPT", "SIGNING", "SIGNATURE", "MASTER", "LICENSE",
        "AUTH", "APP", "JWT", "SSH", "CRYPT", "SESSION", "SHARED", "ACCOUNT", "STORAGE", "ADMIN", "SERVICE", "WEBHOOK",
    }
)  # fmt: skip
#: Last words that say the value is about a secret, not the secret itself.
_ABOUT = frozenset(
    {
        "FILE", "PATH", "DIR", "NAME", "TTL", "EXPIRY", "EXPIRE", "EXPIRES", "EXPIRATION", "LENGTH", "LIFETIME",
        "TIMEOUT", "ENABLED", "DISABLED", "URL", "URI", "ENDPOINT", "ISSUER", "AUDIENCE", "HEADER", "TYPE", "ALGORITHM",
        "AGE", "DURATION", "INTERVAL", "COUNT", "LIMIT", "SECONDS", "MINUTES", "HOURS", "DAYS", "ROUNDS", "POLICY",
        "STORE", "PROVIDER", "MODE", "FORMAT", "PREFIX", "COST", "METHOD", "REALM", "FIELD", "CLAIM",
        "ENCRYPTION", "BUCKET", "HASHER", "STRENGTH",
    }
)  # fmt: skip
_YES_NO = frozenset({"true", "false", "yes", "no", "on", "off"})
_PATH = re.compile(r"/(run|var/run|etc|opt|app|mnt|secrets|data|home|root|config|certs|usr)/[\w./-]+\Z")
_URL_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@")
_CONNECTION = re.compile(r"(?:^|[;\s])(?:password|pwd)\s*=\s*[^;\s]+", re.IGNORECASE)

#: A password inside settings in JSON, Ruby and their like: ``"db_password": "x"``, ``config['root_password'] = 'x'``.
_SETTING = re.compile(
    r"(?:password|passwd|secret|token)[\"']?\]?\s*(?:=>|=|:)\s*[\"'][^\"'\s$]{3,}[\"']", re.IGNORECASE
)


def why_sensitive(name: str, value: str) -> str:
    """Return why a variable is taken for a secret, as the end of "because …"; empty when it is not."""
    if "PRIVATE KEY-----" in value:
        return "its value is a private key"
    if _URL_PASSWORD.search(value):
        return "its value is an address with a password in it"
    if _CONNECTION.search(value):
        return "its value is a connection text with a password in it"
    if _SETTING.search(value):
        return "its value holds a password among other settings"
    word = secret_word(name)
    if not word or value.strip().lower() in _YES_NO or _PATH.match(value.strip()):
        return ""
    return f"its name has the word {word}"


def secret_word(name: str) -> str:
    """Return the word of a name that promises a secret (``DB_PASSWORD`` -> ``PASSWORD``); empty when none does."""
    words: list[str] = [word.upper() for word in _WORD.findall(name)]
    if not words or words[-1] in _ABOUT:
        return ""
    for at, word in enumerate(words):
        if word in _WORDS or (word.endswith(_ENDINGS) and word not in _NOT_BY_ENDING):
            return word
        if word == "PWD" and len(words) > 1:
            return word
        if word in ("KEY", "KEYS") and at and words[at - 1] in _BEFORE_KEY:
            return f"{words[at - 1]}_{word}"
    return ""
