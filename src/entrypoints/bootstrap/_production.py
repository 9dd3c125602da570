"""What production does not start with."""

from __future__ import annotations

from collections.abc import Iterator

from entrypoints.settings import Settings
from entrypoints.settings.modes import Mode, Risk
from flowcore.addresses import AddressPolicy
from flowcore.errors import Finding, Place


def unsafe_settings(settings: Settings) -> list[Finding]:
    """Return every setting that production refuses; nothing in development, and nothing that was accepted."""
    if settings.mode is not Mode.PRODUCTION:
        return []
    return [_finding(*each) for each in _risks(settings) if each[0] not in settings.accepted_risks]


def _risks(settings: Settings) -> Iterator[tuple[Risk, str, str, str]]:
    """Yield what is risky: the word for it, the setting, what is wrong with it, and what to do."""
    if settings.store.startswith("memory://"):
        yield Risk.MEMORY_STORE, "STORE_URL", "forgets everything when the process ends", "name a database"
    if settings.sandbox:
        yield Risk.SANDBOX, "SANDBOX", "gives every user a simulated cluster that runs no containers", "leave it out"
    if {"*", "null"} & set(settings.cors_origins):
        yield Risk.ANY_ORIGIN, "CORS_ORIGINS", "lets every web page call the API", "list the origins of your clients"
    if any(allowed.network.prefixlen == 0 for allowed in AddressPolicy.of(settings.allowed_addresses).networks):
        why = "lets users reach every inner address"
        yield Risk.ANY_ADDRESS, "ALLOWED_ADDRESSES", why, "list the networks of your clusters"
    if not settings.public_url.startswith("https:"):
        why = "is no https address, so cookies and tokens may travel over plain HTTP"
        yield Risk.PLAIN_HTTP, "PUBLIC_URL", why, "put TLS in front and give the address, like https://flow.example.com"


def _finding(risk: Risk, name: str, why: str, fix: str) -> Finding:
    variable = f"FLOWCORE_{name}"
    return Finding(
        rule="production-unsafe",
        message=f"{variable} {why}",
        place=Place(path=variable),
        why="this is a start for production: FLOWCORE_MODE says so, or others can reach the address it listens on",
        fix=f"{fix}, or accept it with FLOWCORE_ACCEPTED_RISKS={risk}",
    )
