"""Settings of the service, read once from a mapping that is passed in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from entrypoints.settings._reading import PREFIX, Reader
from entrypoints.settings.keys import KeySettings
from entrypoints.settings.limits import RateLimits, read_networks, read_rates
from entrypoints.settings.modes import Mode, Risk
from entrypoints.settings.oauth import ProviderSettings

__all__ = ["PREFIX", "KeySettings", "Mode", "ProviderSettings", "RateLimits", "Risk", "Settings"]


@frozen(kw_only=True)
class Settings:
    """How one process of the service works. Every field is read from ``FLOWCORE_<FIELD>``.

    Attributes:
        host: address to listen on.
        port: port to listen on.
        mode: production refuses to start with what is unsafe where others can reach it; the default is production as
            soon as ``host`` or ``public_url`` is not this machine's own.
        accepted_risks: what production lets pass nevertheless.
        keyring: where the keys come from; further variables tell, see ``KeySettings``.
        data_dir: folder of the database file and the keyring.
        kinds_dir: folder with more kinds of nodes; ``kinds`` in ``data_dir`` if there is one and none is given.
        store_url: ``memory://``, ``sqlite:///path`` or ``mongodb://…``; empty for a file in ``data_dir``.
        sandbox: run a simulated cluster in this process and give it to every user.
        sandbox_port: port of the simulated cluster on loopback; 0 takes a free one.
        signup_enabled: whether anybody can register.
        invite_required: whether everybody but the first user needs an invite code of an administrator to register.
        invite_code: a code that is always good for that; when there is one, a code is asked for.
        allowed_domains: e-mail domains that may register; empty allows all.
        allowed_addresses: addresses, networks and hosts outside the public network that users may name, as
            ``AddressPolicy.of`` reads them.
        password_min: fewest characters of a new password.
        password_hash: what new passwords are kept with: ``argon2id`` or ``bcrypt``.
        keep_bcrypt: do not upgrade bcrypt hashes at sign-in.
        trusted_proxies: addresses and networks whose word on where a request comes from is believed.
        forwarded_header: where they say it: ``x-forwarded-for`` or ``forwarded``.
        rate_limits: requests that one caller may make per minute.
        token_algorithm: what new tokens are signed with: ``HS256``, ``EdDSA`` or ``RS256``.
        token_in_query: accept ``?token=`` on streams, as older clients send it.
        cors_origins: origins of web clients on other hosts.
        allowed_hosts: hosts that requests may be for, without ports; empty allows all.
        body_limit: largest request body, in bytes.
        body_timeout: seconds in which a request's body must have come.
        request_timeout: seconds in which an answer must begin.
        connections: connections that this process holds at the same time; further ones are told to come later.
        heartbeat: seconds between two comments on a silent stream.
        streams_per_user: live streams that one user may have open in this process.
        run_timeout: seconds until every node of a run must be healthy, unless the run says otherwise.
        lease_seconds: how long a run of a process that died waits for another one.
        recover_every: seconds between two looks for such runs.
        git_schemes: what URLs of Git repositories may start with; ``http`` is for inner networks, ``ssh`` needs
            ``git_known_hosts``.
        git_known_hosts: file with the keys of the hosts that SSH may talk to.
        git_ca_file: certificates of authorities that Git trusts, in place of the system's.
        import_timeout: seconds that an import from a repository may take.
        import_keep: seconds that such an import can be looked at.
        audit_keep_days: days that entries of the audit log are kept; 0 keeps them for ever.
        keep_versions: automatic versions kept per workflow; 0 keeps all.
        watch_lingers: keep watching a workflow that was run here after the last listener left.
        public_url: address that browsers reach the service at, without a path; identity providers need it.
        frontend_url: address of the web client; the public address when empty.
        oauth_providers: identity providers; the variable names a TOML file that describes them.
        log_level: debug, info, warning or error.
        log_json: write logs as JSON lines, not for people.
    """

    host: str = "127.0.0.1"
    port: int = 3000
    mode: Mode = Mode.DEVELOPMENT
    accepted_risks: tuple[Risk, ...] = ()
    keyring: KeySettings = field(factory=KeySettings)
    data_dir: Path = Path(".flowcore")
    kinds_dir: Path | None = None
    store_url: str = field(default="", repr=False)
    sandbox: bool = False
    sandbox_port: int = 0
    signup_enabled: bool = True
    invite_required: bool = False
    invite_code: str = field(default="", repr=False)
    allowed_domains: tuple[str, ...] = ()
    allowed_addresses: tuple[str, ...] = ()
    password_min: int = 8
    password_hash: str = "argon2id"  # noqa: S105 (a word, not a secret)
    keep_bcrypt: bool = False
    trusted_proxies: tuple[str, ...] = ()
    forwarded_header: str = "x-forwarded-for"
    rate_limits: RateLimits = field(factory=RateLimits)
    token_algorithm: str = "HS256"  # noqa: S105 - no password
    token_in_query: bool = True
    cors_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    body_limit: int = 8 * 1024 * 1024
    body_timeout: float = 60
    request_timeout: float = 120
    connections: int = 10_000
    heartbeat: float = 15
    streams_per_user: int = 100
    run_timeout: float = 300
    lease_seconds: float = 15
    recover_every: float = 5
    git_schemes: tuple[str, ...] = ("https",)
    git_known_hosts: Path | None = None
    git_ca_file: Path | None = None
    import_timeout: float = 300
    import_keep: float = 24 * 3600
    audit_keep_days: int = 365
    keep_versions: int = 0
    watch_lingers: bool = True
    public_url: str = ""
    frontend_url: str = ""
    oauth_providers: tuple[ProviderSettings, ...] = ()
    log_level: str = "info"
    log_json: bool = False

    @property
    def store(self) -> str:
        """Address of the store."""
        return self.store_url or f"sqlite:///{self.data_dir / 'flowcore.db'}"

    @property
    def frontend(self) -> str:
        """Address of the web client, without a slash at its end."""
        return self.frontend_url or self.public_url

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read settings from environment variables; what is not set keeps its default.

        Raises:
            InvalidInputError: with every value that will not do, and every ``FLOWCORE_`` name that is not known.
        """
        reader = Reader(env)
        home = env.get("XDG_DATA_HOME") or (f"{env['HOME']}/.local/share" if env.get("HOME") else "")
        settings = cls(
            host=reader.text("host", "127.0.0.1"),
            port=reader.number("port", 3000, int, 0, 65535),
            mode=reader.mode("mode"),
            accepted_risks=reader.risks("accepted_risks"),
            keyring=reader.keys(),
            data_dir=Path(reader.text("data_dir", f"{home}/flowcore" if home else ".flowcore")),
            kinds_dir=reader.folder("kinds_dir"),
            store_url=reader.store("store_url"),
            sandbox=reader.flag("sandbox", default=False),
            sandbox_port=reader.number("sandbox_port", 0, int, 0, 65535),
            signup_enabled=reader.flag("signup_enabled", default=True),
            invite_required=reader.flag("invite_required", default=False),
            invite_code=reader.text("invite_code", ""),
            allowed_domains=reader.words("allowed_domains"),
            allowed_addresses=reader.addresses("allowed_addresses"),
            password_min=reader.number("password_min", 8, int, 6, 72),
            password_hash=reader.choice("password_hash", "argon2id", ("argon2id", "bcrypt")),
            keep_bcrypt=reader.flag("keep_bcrypt", default=False),
            trusted_proxies=reader.listed("trusted_proxies", read_networks, ()),
            forwarded_header=reader.choice("forwarded_header", "x-forwarded-for", ("x-forwarded-for", "forwarded")),
            rate_limits=reader.listed("rate_limits", read_rates, RateLimits()),
            token_algorithm=reader.choice("token_algorithm", "HS256", ("HS256", "EdDSA", "RS256")),
            token_in_query=reader.flag("token_in_query", default=True),
            cors_origins=reader.words("cors_origins"),
            allowed_hosts=reader.words("allowed_hosts"),
            body_timeout=reader.number("body_timeout", 60.0, float, 1, 3600),
            request_timeout=reader.number("request_timeout", 120.0, float, 1, 24 * 3600),
            connections=reader.number("connections", 10_000, int, 10, 1_000_000),
            body_limit=reader.number("body_limit", 8 * 1024 * 1024, int, 1024, 1 << 30),
            heartbeat=reader.number("heartbeat", 15.0, float, 1, 3600),
            streams_per_user=reader.number("streams_per_user", 100, int, 1, 1_000_000),
            run_timeout=reader.number("run_timeout", 300.0, float, 1, 24 * 3600),
            lease_seconds=reader.number("lease_seconds", 15.0, float, 1, 3600),
            recover_every=reader.number("recover_every", 5.0, float, 0.1, 3600),
            git_schemes=reader.schemes("git_schemes"),
            git_known_hosts=reader.file("git_known_hosts"),
            git_ca_file=reader.file("git_ca_file"),
            import_timeout=reader.number("import_timeout", 300.0, float, 1, 24 * 3600),
            import_keep=reader.number("import_keep", 24 * 3600.0, float, 60, 365 * 24 * 3600),
            audit_keep_days=reader.number("audit_keep_days", 365, int, 0, 36_500),
            keep_versions=reader.number("keep_versions", 0, int, 0, 1_000_000),
            watch_lingers=reader.flag("watch_lingers", default=True),
            public_url=reader.url("public_url"),
            frontend_url=reader.url("frontend_url", with_path=True),
            oauth_providers=reader.providers("oauth_providers"),
            log_level=reader.choice("log_level", "info", ("debug", "info", "warning", "error")),
            log_json=reader.flag("log_json", default=False),
        )
        reader.finish()
        return settings
