"""Where a Git URL points: what to clone, and which ref and folder the URL of a web page means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from urllib.parse import quote, unquote, urlsplit

from attrs import field, frozen

from flowcore.detection._forges import Page, page_of
from flowcore.detection._refs import ref_problems
from flowcore.errors import Finding, InvalidInputError, NotFoundError, Place

_LONGEST = 2048  # characters; longer URLs are no repository's
_PORTS = {"https": 443, "http": 80, "ssh": 22}
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\]")
_SCP = re.compile(r"(?P<user>[^@/:]*)@(?P<host>[^@/:]*|\[[^\]]*\]):(?P<path>[^:].*)")
_PATH = re.compile(r"[A-Za-z0-9_./~+-]+")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SHORTHAND = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+")
_FORGE_WITHOUT_SCHEME = re.compile(r"(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)/[A-Za-z0-9_./-]+")
_SUPPORTED = "give a URL that starts with https:// or ssh://"


@frozen(kw_only=True)
class GitLocation:
    """A repository, and the place in it that a URL names.

    Attributes:
        url: what to clone; without password, query and fragment. The SSH short form (``git@host:path``) stays as it is.
        scheme: ``https``, ``http`` or ``ssh``; whether it may be used is not decided here.
        host: lower-case, with the port where it is not the scheme's own.
        name: the repository's name, without ``.git``.
        ref: branch, tag or commit, where the URL says it without doubt; else empty.
        path: file or folder in the repository, where ``ref`` is without doubt; else empty.
        tail: ref and path in one (``feature/x/deploy``); only the remote's refs tell where it splits: ``split_tail``.
    """

    url: str
    scheme: str
    host: str
    name: str
    ref: str = ""
    path: str = ""
    tail: str = ""


def split_tail(tail: str, refs: Collection[str]) -> tuple[str, str]:
    """Return the ref and the path that a *tail* is made of: the longest of *refs* that its first segments spell.

    Args:
        tail: ``GitLocation.tail``.
        refs: branches and tags of the remote; ``refs/heads/`` and ``refs/tags/`` before a name mean nothing.

    Raises:
        NotFoundError: the tail starts with none of them.
    """
    known = {name.removeprefix("refs/heads/").removeprefix("refs/tags/") for name in refs} | {"HEAD"}
    parts = tail.strip("/").split("/")
    for length in range(len(parts), 0, -1):
        ref = "/".join(parts[:length])
        if ref in known:
            return ref, "/".join(parts[length:])
    raise NotFoundError(f"the repository has no branch or tag at the start of {tail}", code="git.ref_not_found")


def parse_location(url: str) -> GitLocation:
    """Return what a Git URL, or the URL of a page about a repository, means.

    Known pages are those of GitHub, GitLab (with sub-groups), Bitbucket, Gitea and Forgejo. Hosts are compared whole.
    Hosts that are addresses, in whatever spelling, pass here: which addresses may be reached is another guard's rule.

    Raises:
        InvalidInputError: with every problem and its fix; no text in it repeats the URL, which may hold a password.
    """
    problems = _Problems()
    _check_characters(url, problems)
    if problems.found:
        raise problems.error()
    located = _scp_form(url, problems) or _url_form(url, problems)
    if problems.found or located is None:
        raise problems.error()
    return located


@frozen
class _Problems:
    """What is wrong so far."""

    found: list[Finding] = field(factory=list)

    def add(self, message: str, fix: str) -> None:
        """Note one problem."""
        self.found.append(Finding(rule="git-url", message=message, place=Place(path="url"), fix=fix))

    def error(self) -> InvalidInputError:
        """Return them as an error."""
        return InvalidInputError(self.found, code="git.url_invalid")


_CHARACTERS: tuple[tuple[str, Callable[[str], object], str], ...] = (
    ("the URL is empty", lambda url: not url.strip(), _SUPPORTED),
    (f"the URL is longer than {_LONGEST} characters", lambda url: len(url) > _LONGEST, "shorten it"),
    ("the URL starts with '-'", lambda url: url.startswith("-"), _SUPPORTED),
    ("the URL holds a backslash", lambda url: "\\" in url, "write '/' between the parts"),
    (
        "the URL holds a space",
        lambda url: any(unicodedata.category(character)[0] == "Z" for character in url),
        "remove it, or write %20",
    ),
    (
        "the URL holds a control or invisible character",
        lambda url: any(unicodedata.category(character)[0] == "C" for character in url),
        "remove it",
    ),
)


def _check_characters(url: str, problems: _Problems) -> None:
    for message, is_wrong, fix in _CHARACTERS:
        if is_wrong(url):
            problems.add(message, fix)


def _scp_form(url: str, problems: _Problems) -> GitLocation | None:
    """Return where ``user@host:path`` points; None when the URL is of another form."""
    match = None if "://" in url else _SCP.fullmatch(url)
    if match is None:
        return None
    user, host, path = match["user"], match["host"].lower(), match["path"]
    if not _USER.fullmatch(user):
        problems.add("the user before '@' is not a user name", "write git@ before the host")
    _check_host(host, problems)
    if path.startswith("-"):
        problems.add("the repository's path starts with '-'", "name the repository")
    elif not _PATH.fullmatch(path):
        problems.add("the repository's path holds a character that has no place there", "write owner/repository.git")
    segments = _segments(path.removeprefix("/"), problems)
    name = _name(segments)
    if not name:
        problems.add("the URL names no repository", "add its path, like owner/repository.git")
    return GitLocation(url=f"{user}@{host}:{path}", scheme="ssh", host=host, name=name)


def _url_form(url: str, problems: _Problems) -> GitLocation | None:
    try:
        parts = urlsplit(url)
        netloc, host, scheme = parts.netloc, (parts.hostname or ""), parts.scheme
    except ValueError:
        problems.add("the URL's host is not one", "write the host as a name, like git.example.org")
        return None
    if scheme not in _PORTS or "://" not in url:
        _refuse_scheme(url, problems)
        return None
    host = f"[{host}]" if ":" in host else host
    _check_host(host, problems)
    user = _user(scheme, netloc, problems)
    port = _port(netloc, problems)
    segments = _segments(parts.path, problems)
    if problems.found:
        return None
    place = host if port in (0, _PORTS[scheme]) else f"{host}:{port}"
    page = page_of(place, tuple(segments))
    _check_page(page, problems)
    ref, path = _pinned(page, parts.fragment)
    problems.found.extend(ref_problems(ref, "url") if ref else ())
    name = _name(page.repository)
    place = page.host or place
    clone = f"{scheme}://{user}{place}/{quote('/'.join(page.repository), safe='/~')}"
    return GitLocation(url=clone, scheme=scheme, host=place, name=name, ref=ref, path=path, tail=page.tail)


def _name(repository: Sequence[str]) -> str:
    return repository[-1].removesuffix(".git") if repository else ""


def _check_page(page: Page, problems: _Problems) -> None:
    if page.problem:
        problems.add(page.problem, page.fix)
    elif not _name(page.repository):
        problems.add("the URL names no repository", "add its path, like /owner/repository")
    elif any("/" in part for part in page.repository):
        problems.add("the repository's path hides a '/' behind %2F", "write '/' between the parts")


def _pinned(page: Page, fragment: str) -> tuple[str, str]:
    """Return the ref and path of the page, or of ``repository.git#ref:path`` as Docker's build contexts write it."""
    if page.ref or page.tail or not fragment or not page.explicit:
        return page.ref, page.path
    ref, _, path = unquote(fragment).partition(":")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return (ref, "/".join(parts)) if ".." not in parts else ("..", "")


def _refuse_scheme(url: str, problems: _Problems) -> None:
    if _FORGE_WITHOUT_SCHEME.fullmatch(url):
        problems.add("the URL has no scheme", f"write https://{url}")
    elif _SHORTHAND.fullmatch(url):
        problems.add("owner/repository does not say where it is", f"write https://github.com/{url} if it is on GitHub")
    elif url.startswith(("/", ".", "~")):
        problems.add("this is a path of a machine, not a URL", _SUPPORTED)
    elif "://" not in url:
        problems.add("this is not a URL of a repository", _SUPPORTED)
    else:
        problems.add("the URL's scheme is none of https, http and ssh", _SUPPORTED)


def _check_host(host: str, problems: _Problems) -> None:
    if not host:
        problems.add("the URL has no host", "write the host after '//', like https://git.example.org/owner/repository")
    elif not host.isascii():
        problems.add("the host holds letters outside ASCII", "write it in its ASCII form (xn--…)")
    elif len(host) > 253 or not _HOST.fullmatch(host):
        problems.add("the URL's host is not one", "write the host as a name, like git.example.org")


def _user(scheme: str, netloc: str, problems: _Problems) -> str:
    """Return ``user@`` of an SSH URL; anything else before the host may be a credential and is refused."""
    userinfo, at, _ = netloc.rpartition("@")
    if not at:
        return ""
    if scheme == "ssh" and _USER.fullmatch(userinfo):
        return f"{userinfo}@"
    problems.add("the URL holds a user or password", "remove what stands before '@', and give credentials on their own")
    return ""


def _port(netloc: str, problems: _Problems) -> int:
    match = re.search(r":([^:\]]*)$", netloc.rpartition("@")[2])
    if match is None or not match[1]:
        return 0
    if not re.fullmatch(r"[0-9]{1,5}", match[1]) or not 0 < int(match[1]) < 65536:
        problems.add("the URL's port is not a number from 1 to 65535", "correct the port, or leave it out")
        return 0
    return int(match[1])


def _segments(path: str, problems: _Problems) -> list[str]:
    """Return the decoded parts of a path; an encoded '/' stays in its part, where only a branch's name can have it."""
    parts = [unquote(part) for part in path.strip("/").split("/")] if path.strip("/") else []
    bad = [character for part in parts for character in part if unicodedata.category(character)[0] == "C"]
    if bad or "\\" in "".join(parts) or "\ufffd" in "".join(parts):
        problems.add("the path hides a control character or a backslash behind %", "remove it")
    if any(step in (".", "..") for part in parts for step in part.split("/")):
        problems.add("the path holds '.' or '..'", "write the path without steps")
    if "" in parts:
        problems.add("the path holds '//'", "write one '/' between the parts")
    return parts
