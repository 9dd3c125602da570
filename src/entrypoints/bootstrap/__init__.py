"""The composition root: the one place that knows which adapter stands behind which port."""

from entrypoints.bootstrap._account_opening import AccountDesk, open_accounts
from entrypoints.bootstrap._app import App
from entrypoints.bootstrap._keeping import KeyDesk, generate_keyring, new_keyring, open_key_desk, rotated_keyring
from entrypoints.bootstrap._log_opening import AuditDesk, open_audit_log
from entrypoints.bootstrap._opening import SANDBOX, open_app, open_local_app, open_repositories, serve_sandbox
from entrypoints.bootstrap._ports import Overrides, Ports
from entrypoints.bootstrap._wiring import wire

__all__ = [
    "SANDBOX",
    "AccountDesk",
    "App",
    "AuditDesk",
    "KeyDesk",
    "Overrides",
    "Ports",
    "generate_keyring",
    "new_keyring",
    "open_accounts",
    "open_app",
    "open_audit_log",
    "open_key_desk",
    "open_local_app",
    "open_repositories",
    "rotated_keyring",
    "serve_sandbox",
    "wire",
]
