"""Git's outcome as our errors. What Git or the host said decides, and is never quoted."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from adapters.git._process import Outcome
from adapters.git._remote import Remote
from flowcore.errors import (
    FlowcoreError,
    ForbiddenError,
    LimitExceededError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)

_TOO_SLOW = "git.too_slow"


def _forbidden(place: str) -> FlowcoreError:
    text = f"{place} does not let this credential read the repository; give one that may read it"
    return ForbiddenError(text, code="git.forbidden")


def _unauthenticated(place: str) -> FlowcoreError:
    text = f"{place} wants credentials, or does not accept the given ones; a private repository looks like this, too"
    return UnauthenticatedError(f"{text}: give a token that may read it", code="git.unauthenticated")


def _not_found(place: str) -> FlowcoreError:
    text = f"{place} has no such repository; check the URL, and give a credential if it is private"
    return NotFoundError(text, code="git.not_found")


def _no_ref(_place: str) -> FlowcoreError:
    return ref_not_found()


def _tls(place: str) -> FlowcoreError:
    text = f"the certificate of {place} is not trusted; add its authority to the CA bundle of the settings"
    return UnavailableError(text, code="git.tls")


def _unknown_key(place: str) -> FlowcoreError:
    text = f"the SSH key of {place} is not among the known hosts; an administrator adds it, checked, to the file of "
    return UnavailableError(f"{text}FLOWCORE_GIT_KNOWN_HOSTS", code="git.host_key")


def _no_ssh(_place: str) -> FlowcoreError:
    return UnavailableError("SSH is not installed; install an OpenSSH client", code="git.missing")


def _slow(place: str) -> FlowcoreError:
    return LimitExceededError(f"{place} sends too slowly, or nothing at all; try again later", code=_TOO_SLOW)


def _unreachable(place: str) -> FlowcoreError:
    text = f"{place} does not answer; check the host and port, or try again later"
    return UnavailableError(text, code="git.unavailable")


def _no_git(place: str) -> FlowcoreError:
    text = f"what {place} answers is not Git's smart protocol; give the URL that `git clone` takes"
    return NotFoundError(text, code="git.not_a_repository")


#: In this order: the first that fits.
_OUTCOMES: tuple[tuple[str, Callable[[str], FlowcoreError]], ...] = (
    (r"could not read (Username|Password)|Authentication failed|returned error: 401", _unauthenticated),
    (r"Permission denied \(|Load key .*: invalid format|Too many authentication failures", _unauthenticated),
    (r"Host key verification failed|host key is known|IDENTIFICATION HAS CHANGED", _unknown_key),
    (r"cannot run ssh|ssh: not found|No such file or directory.*ssh", _no_ssh),
    (r"returned error: 403", _forbidden),
    (r"not our ref|unadvertised object|couldn't find remote ref", _no_ref),
    (r"repository '.*' not found|returned error: (404|410)", _not_found),
    (r"certificate|SSL|TLS|gnutls", _tls),
    (r"Operation too slow|timed out|Timeout was reached", _slow),
    (r"dumb http transport|not valid: is this a git repository|invalid server response|bad line length", _no_git),
    (r"does not appear to be a git repository|protocol error|invalid index-pack output", _no_git),
)

_REDIRECTED = re.compile(r"returned error: 30[1-8]")
_LOCATION = re.compile(r"Recv header: location: *(\S+)", re.IGNORECASE)


def error_of(outcome: Outcome, remote: Remote) -> FlowcoreError:
    """Return what a failed run means."""
    for pattern, make in _OUTCOMES:
        if re.search(pattern, outcome.said):
            return make(remote.place)
    return _unreachable(remote.place)


def is_redirect(outcome: Outcome) -> bool:
    """Say whether the host sent Git somewhere else."""
    return outcome.status != 0 and bool(_REDIRECTED.search(outcome.said))


def redirected(traced: str, remote: Remote) -> FlowcoreError:
    """Return the error for a redirect; *traced* is what ``GIT_TRACE_CURL`` wrote."""
    match = _LOCATION.search(traced)
    target = _shown(match[1]) if match else ""
    where = f" to {target}" if target else ""
    fix = f"give {target.removesuffix('/info/refs')} if you trust it" if "://" in target else "give the new URL"
    text = f"{remote.place} redirects{where}, and redirects are not followed; {fix}"
    return ForbiddenError(text, code="git.redirected")


def _shown(target: str) -> str:
    """Return a URL without user, query and fragment; nothing when it is none that can be shown."""
    try:
        parts = urlsplit(target)
        path = parts.path[:500]
    except ValueError:
        return ""
    if not target.isascii() or not target.isprintable():
        return ""
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{path}" if host and parts.scheme else path


def ref_not_found() -> FlowcoreError:
    """Return the error for a branch, tag or commit that the repository does not have."""
    text = "the repository has no such branch or tag, or its host does not give out this commit"
    return NotFoundError(f"{text}; name a branch or tag that is there", code="git.ref_not_found")


def too_large(what: str) -> FlowcoreError:
    """Return the error for a repository over a limit."""
    return LimitExceededError(f"the repository is too large: {what}; take a smaller one", code="git.too_large")
