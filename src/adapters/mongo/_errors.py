"""The driver's exceptions in our words, without credentials and without stored values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from bson.errors import BSONError
from pymongo.errors import ConnectionFailure, DocumentTooLarge, OperationFailure, PyMongoError

from flowcore.errors import FlowcoreError, LimitExceededError, UnavailableError

_UNAUTHORIZED, _AUTHENTICATION_FAILED, _TOO_LARGE = 13, 18, 10334


def address_of(url: str) -> str:
    """Return the hosts of a MongoDB URL, without user, password, database and options."""
    rest = url.rpartition("@")[2] if "@" in url else url.partition("://")[2]
    return re.split("[/?]", rest, maxsplit=1)[0]


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Raise our errors for the driver's.

    Raises:
        UnavailableError: the server does not answer, or refuses (code ``store.unavailable``).
        LimitExceededError: a document is larger than MongoDB keeps (code ``store.too_large``).
    """
    try:
        yield
    except (PyMongoError, BSONError) as error:
        # The driver's texts may show stored values and settings: they are not chained.
        raise _translation(error, address) from None


def _translation(error: Exception, address: str) -> FlowcoreError:
    code = error.code if isinstance(error, OperationFailure) else None
    if isinstance(error, DocumentTooLarge) or code == _TOO_LARGE:
        return LimitExceededError("it is larger than the 16 MiB that MongoDB keeps", code="store.too_large")
    if isinstance(error, ConnectionFailure):
        reason = "does not answer"
    elif code in (_UNAUTHORIZED, _AUTHENTICATION_FAILED):
        reason = "refuses the user or the password, or the user may not do this"
    else:
        reason = f"refuses: {type(error).__name__}" + (f", code {code}" if code is not None else "")
    return UnavailableError(f"MongoDB at {address} {reason}", code="store.unavailable")
