"""The keys that others can verify access tokens with; RFC 7517."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from entrypoints.bootstrap import App
from entrypoints.http.access import PUBLIC

#: Seconds that an answer may be kept. Who meets a key id that is not in it asks anew.
KEPT = 300


@get("/.well-known/jwks.json", opt=PUBLIC, tags=["service"])
async def jwks(app: NamedDependency[App]) -> Response[Mapping[str, Sequence[Mapping[str, str]]]]:
    """Show the public keys of access tokens; there are none where tokens are signed with a secret."""
    headers: dict[str, Any] = {"Cache-Control": f"public, max-age={KEPT}"}
    return Response({"keys": app.accounts.sessions.tokens.public_keys()}, headers=headers)
