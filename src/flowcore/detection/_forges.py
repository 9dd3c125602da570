"""The web pages of Git forges: which repository a page is about, and which ref and path it shows."""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import frozen

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_VIEWS = frozenset({"tree", "blob", "raw", "blame", "edit", "commits"})


@frozen(kw_only=True)
class Page:
    """What a page shows.

    Attributes:
        repository: segments of the clone URL's path.
        ref: the ref, where it is without doubt.
        path: the path, where the ref is without doubt.
        tail: ref and path in one.
        host: of the clone URL, where it is another one than the page's.
        explicit: whether the URL is written as a clone URL (``….git``).
        problem: why the page means no place in a repository; empty when it does.
        fix: what to write in its place.
    """

    repository: tuple[str, ...] = ()
    ref: str = ""
    path: str = ""
    tail: str = ""
    host: str = ""
    explicit: bool = False
    problem: str = ""
    fix: str = ""


Segments = tuple[str, ...]


def page_of(host: str, segments: Segments) -> Page:
    """Return what the path of a URL means on a *host*; on unknown hosts only forms that no plain path has."""
    if segments and segments[-1].endswith(".git"):
        return Page(repository=segments, explicit=True)
    return _HOSTS.get(host, _unknown)(segments)


def _known(segments: Segments, *, host: str = "") -> Page:
    """A forge that is known to serve ``….git``."""
    *folders, name = segments
    return Page(repository=(*folders, f"{name.removesuffix('.git')}.git"), host=host)


def _at(page: Page, rest: Segments) -> Page:
    """Return the page with the place that *rest* (ref, then path) names."""
    if rest[:2] in (("refs", "heads"), ("refs", "tags")):
        rest = rest[2:]
    if not rest:
        return page
    if _COMMIT.fullmatch(rest[0]):
        return Page(repository=page.repository, host=page.host, ref=rest[0], path="/".join(rest[1:]))
    return Page(repository=page.repository, host=page.host, tail="/".join(rest))


def _pinned(page: Page, ref: str) -> Page:
    return Page(repository=page.repository, host=page.host, ref=ref)


def _no_place(repository: Segments) -> Page:
    return Page(
        problem="the page is about a repository, but shows no files of it",
        fix=f"leave out what follows {'/'.join(repository)}",
    )


_TOO_SHORT = Page(problem="the URL names no repository", fix="write the owner and the name, like /owner/repository")


def _github(segments: Segments) -> Page:
    if len(segments) < 2:
        return _TOO_SHORT
    page, rest = _known(segments[:2], host="github.com"), segments[2:]
    if not rest:
        return page
    if rest[0] in _VIEWS:
        return _at(page, rest[1:])
    if rest[0] == "commit" and len(rest) > 1:
        return _pinned(page, rest[1])
    if rest[:2] == ("releases", "tag") and len(rest) > 2:
        return _pinned(page, "/".join(rest[2:]))
    return _no_place(segments[:2])


def _raw_github(segments: Segments) -> Page:
    if len(segments) < 4:
        return Page(problem="the URL names no file of a repository", fix="write https://github.com/owner/repository")
    return _at(_known(segments[:2], host="github.com"), segments[2:])


def _dashed(segments: Segments) -> Page | None:
    """GitLab's ``…/-/tree/ref/path``; nothing else has a part that is a dash alone."""
    if "-" not in segments:
        return None
    dash = segments.index("-")
    repository, rest = segments[:dash], segments[dash + 1 :]
    if len(repository) < 2:
        return Page(problem="a repository of GitLab has a group and a name", fix="write the whole path before /-/")
    page = _known(repository)
    if rest[:1] and rest[0] in _VIEWS:
        return _at(page, rest[1:])
    if rest[:1] in (("commit",), ("tags",)) and len(rest) > 1:
        return _pinned(page, "/".join(rest[1:]))
    return Page(problem="the page is about a repository, but shows no files of it", fix="leave out /-/ and the rest")


def _gitlab(segments: Segments) -> Page:
    dashed = _dashed(segments)
    if dashed is not None:
        return dashed
    # Pages of old versions have no dash; these words are reserved, so no project is named like that.
    view = next((index for index, part in enumerate(segments) if index > 1 and part in ("tree", "blob", "raw")), 0)
    if view:
        return _at(_known(segments[:view]), segments[view + 1 :])
    return _known(segments) if len(segments) > 1 else _TOO_SHORT


def _bitbucket(segments: Segments) -> Page:
    if len(segments) < 2:
        return _TOO_SHORT
    page, rest = _known(segments[:2]), segments[2:]
    if not rest:
        return page
    if rest[0] == "branch" and len(rest) > 1:
        return _pinned(page, "/".join(rest[1:]))
    if rest[0] == "commits" and len(rest) > 1:
        return _pinned(page, rest[1])
    if rest[0] in ("src", "raw"):
        return _at(page, rest[1:])
    return _no_place(segments[:2])


def _gitea_place(segments: Segments) -> Page | None:
    """Gitea's and Forgejo's ``owner/name/src/branch/ref/path``."""
    if (
        len(segments) < 5
        or segments[2] not in ("src", "raw", "media")
        or segments[3] not in ("branch", "tag", "commit")
    ):
        return None
    page = _known(segments[:2])
    if segments[3] == "commit":
        return Page(repository=page.repository, ref=segments[4], path="/".join(segments[5:]))
    return Page(repository=page.repository, tail="/".join(segments[4:]))


def _gitea(segments: Segments) -> Page:
    place = _gitea_place(segments)
    if place is not None:
        return place
    if len(segments) < 2:
        return _TOO_SHORT
    rest = segments[2:]
    if rest[:1] == ("commit",) and len(rest) > 1:
        return _pinned(_known(segments[:2]), rest[1])
    return _known(segments[:2]) if not rest or rest == ("src",) else _no_place(segments[:2])


def _unknown(segments: Segments) -> Page:
    marked = _dashed(segments) or _gitea_place(segments)
    if marked is not None:
        return marked
    if len(segments) > 3 and segments[2] in ("tree", "blob"):
        return _at(_known(segments[:2]), segments[3:])  # GitHub Enterprise Server
    return Page(repository=segments)


#: Hosts are compared as a whole, so that ``github.com.example.org`` is none of them.
_HOSTS: dict[str, Callable[[Segments], Page]] = {
    "github.com": _github,
    "www.github.com": _github,
    "raw.githubusercontent.com": _raw_github,
    "gitlab.com": _gitlab,
    "bitbucket.org": _bitbucket,
    "codeberg.org": _gitea,
    "gitea.com": _gitea,
}

#: The hosts whose pages are known without a mark in the path.
KNOWN_HOSTS = tuple(_HOSTS)
