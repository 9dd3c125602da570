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
        "DEPLOY", "DECRYPTION", "RECOVERY", "HMAC", "COOKIE", "UNSEAL",
    }
)  # fmt: skip
#: Words that are a secret when they end a name of several words, like GITHUB_PAT.
_LAST = frozenset({"PAT", "PIN", "OTP"})
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
#: Whole names of secrets whose words do not tell: codes that claim a server, bind a tunnel or unlock an account.
_NAMES = frozenset({"PLEX_CLAIM", "CLAIM_TOKEN", "TUNNEL_CREDENTIALS", "HTPASSWD", "TS_AUTHKEY", "SENTRY_DSN"})
#: Values that are credentials by their form, whatever they are called: tokens of GitHub, GitLab, Slack, Stripe, AWS,
#: Google, OpenAI, npm, Plex, and signed JSON tokens.
_ISSUED = re.compile(
    r"gh[pousr]_\w{30,}|github_pat_\w{30,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|[rs]k_(?:live|test)_\w{16,}"
    r"|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|sk-(?:proj-)?[\w-]{32,}|npm_\w{30,}|claim-[\w-]{16,}"
    r"|(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+"
    r"|https://hooks\.slack\.com/services/\S+|https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\S+"
)
_YES_NO = frozenset({"true", "false", "yes", "no", "on", "off"})
_PATH = re.compile(r"/(run|var/run|etc|opt|app|mnt|secrets|data|home|root|config|certs|usr)/[\w./-]+\Z")
_URL_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^/\s:@]*:[^/\s@]+@")
_CONNECTION = re.compile(
    r"(?:^|[;\s?&])(?:password|pwd|accountkey|sharedaccesskey|sharedaccesssignature|access_token|api_?key|client_secret)"
    r"\s*=\s*[^;\s&]+",
    re.IGNORECASE,
)

#: A password inside settings in JSON, Ruby and their like: ``"db_password": "x"``, ``config['root_password'] = 'x'``.
_SETTING = re.compile(
    r"(?:password|passwd|secret|token)[\"']?\]?\s*(?:=>|=|:)\s*[\"'][^\"'\s$]{3,}[\"']", re.IGNORECASE
)


#: What gives a value away, and how the reason is told.
_TELLTALES = (
    (_ISSUED, "its value has the form of an access token"),
    (re.compile(r"PRIVATE KEY-----"), "its value is a private key"),
    (_URL_PASSWORD, "its value is an address with a password in it"),
    (_CONNECTION, "its value is a connection text with a password in it"),
    (_SETTING, "its value holds a password among other settings"),
)


def why_sensitive(name: str, value: str) -> str:
    """Return why a variable is taken for a secret, as the end of "because …"; empty when it is not."""
    for pattern, reason in _TELLTALES:
        if pattern.search(value):
            return reason
    word = secret_word(name)
    if not word or value.strip().lower() in _YES_NO or _PATH.match(value.strip()):
        return ""
    return f"its name has the word {word}"


def secret_word(name: str) -> str:
    """Return the word of a name that promises a secret (``DB_PASSWORD`` -> ``PASSWORD``); empty when none does."""
    if name.upper() in _NAMES:
        return name.upper()
    words: list[str] = [word.upper() for word in _WORD.findall(name)]
    if not words or words[-1] in _ABOUT:
        return ""
    return next((found for at in range(len(words)) if (found := _secret_at(words, at))), "")


def _secret_at(words: list[str], at: int) -> str:
    """Return the word at a position when it promises a secret there, with the one before it when that matters."""
    word, before = words[at], words[at - 1] if at else ""
    if word in _WORDS or (word.endswith(_ENDINGS) and word not in _NOT_BY_ENDING):
        return word
    if (word == "PWD" and len(words) > 1) or (word in _LAST and 0 < at == len(words) - 1):
        return word
    return f"{before}_{word}" if word in ("KEY", "KEYS") and before in _BEFORE_KEY else ""
