"""What ties a sign-in to the browser that began it, and what is derived from that."""

from __future__ import annotations

import base64
import hashlib
import hmac

from flowcore.ports.system import IdSource

#: Letters and digits of a secret: about 256 bits.
SECRET = 43
#: Texts from outside may hold halves of surrogate pairs; they must not break anything, only match nothing.
_ERRORS = "surrogatepass"


def new_keepsake(ids: IdSource, invite_code: str) -> str:
    """Return a new secret for the browser, with the invite code that its owner typed behind it."""
    packed = base64.urlsafe_b64encode(invite_code.encode(errors=_ERRORS)).decode()
    return f"{ids.new_secret(SECRET)}.{packed}"


def invite_of(keepsake: str) -> str:
    """Return the invite code in a keepsake that has proved to be ours."""
    return base64.urlsafe_b64decode(keepsake.partition(".")[2]).decode(errors=_ERRORS)


def hashed(secret: str) -> str:
    """Return what is stored in a secret's place; the secrets are long and random, so a fast hash will do."""
    return hashlib.sha256(secret.encode(errors=_ERRORS)).hexdigest()


def derived(purpose: str, keepsake: str, state: str) -> str:
    """Return a secret of 64 hexadecimal digits that only who has the keepsake and the state can make."""
    return hmac.new(keepsake.encode(errors=_ERRORS), f"{purpose}:{state}".encode(), hashlib.sha256).hexdigest()
