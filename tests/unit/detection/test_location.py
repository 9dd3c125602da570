"""Where Git URLs point."""

from __future__ import annotations

import pytest

from flowcore.detection import GitLocation, check_ref, parse_location, split_tail
from flowcore.errors import InvalidInputError, NotFoundError

SHA = "0123456789abcdef0123456789abcdef01234567"
GITHUB = "https://github.com/o/r.git"

#: URL, what is cloned, ref, path, tail.
POINTS = [
    ("https://github.com/o/r", GITHUB, "", "", ""),
    ("https://github.com/o/r/", GITHUB, "", "", ""),
    ("https://github.com/o/r.git", GITHUB, "", "", ""),
    ("HTTPS://GitHub.com/o/r", GITHUB, "", "", ""),
    ("https://www.github.com/o/r", GITHUB, "", "", ""),
    ("https://github.com:443/o/r", GITHUB, "", "", ""),
    ("https://github.com/o/r?tab=readme-ov-file#install", GITHUB, "", "", ""),
    ("https://github.com/o/r/tree/main", GITHUB, "", "", "main"),
    ("https://github.com/o/r/tree/feature/x/sub/dir", GITHUB, "", "", "feature/x/sub/dir"),
    ("https://github.com/o/r/blob/main/compose.yaml#L3", GITHUB, "", "", "main/compose.yaml"),
    ("https://github.com/o/r/raw/main/compose.yaml", GITHUB, "", "", "main/compose.yaml"),
    ("https://github.com/o/r/tree/refs/heads/main/a", GITHUB, "", "", "main/a"),
    (f"https://github.com/o/r/tree/{SHA}/a/b", GITHUB, SHA, "a/b", ""),
    (f"https://github.com/o/r/commit/{SHA}", GITHUB, SHA, "", ""),
    ("https://github.com/o/r/releases/tag/v1.0", GITHUB, "v1.0", "", ""),
    ("https://github.com/o/r.git#v1:deploy/app", GITHUB, "v1", "deploy/app", ""),
    ("https://github.com/o/r/tree/main/%E6%96%87", GITHUB, "", "", "main/文"),
    ("https://raw.githubusercontent.com/o/r/main/a/compose.yaml", GITHUB, "", "", "main/a/compose.yaml"),
    ("https://raw.githubusercontent.com/o/r/refs/heads/main/c.yml", GITHUB, "", "", "main/c.yml"),
    ("https://gitlab.com/g/p", "https://gitlab.com/g/p.git", "", "", ""),
    ("https://gitlab.com/g/s/t/p", "https://gitlab.com/g/s/t/p.git", "", "", ""),
    ("https://gitlab.com/g/s/p/-/tree/main/d?ref_type=heads", "https://gitlab.com/g/s/p.git", "", "", "main/d"),
    ("https://gitlab.com/g/p/-/blob/main/compose.yml", "https://gitlab.com/g/p.git", "", "", "main/compose.yml"),
    ("https://gitlab.com/g/p/tree/main/d", "https://gitlab.com/g/p.git", "", "", "main/d"),
    ("https://gitlab.com/g/p/-/tags/v2", "https://gitlab.com/g/p.git", "v2", "", ""),
    ("https://git.example.org/g/s/p/-/raw/dev/x", "https://git.example.org/g/s/p.git", "", "", "dev/x"),
    ("https://bitbucket.org/o/r", "https://bitbucket.org/o/r.git", "", "", ""),
    ("https://bitbucket.org/o/r/src/main/deploy/", "https://bitbucket.org/o/r.git", "", "", "main/deploy"),
    ("https://bitbucket.org/o/r/src/feature%2Fx/d", "https://bitbucket.org/o/r.git", "", "", "feature/x/d"),
    ("https://bitbucket.org/o/r/branch/feature/x", "https://bitbucket.org/o/r.git", "feature/x", "", ""),
    ("https://codeberg.org/o/r", "https://codeberg.org/o/r.git", "", "", ""),
    ("https://codeberg.org/o/r/src/branch/main/d", "https://codeberg.org/o/r.git", "", "", "main/d"),
    ("https://git.example.org/o/r/src/tag/v1/d", "https://git.example.org/o/r.git", "", "", "v1/d"),
    ("https://git.example.org/o/r/src/commit/abc123/d/e", "https://git.example.org/o/r.git", "abc123", "d/e", ""),
    ("https://ghe.example.org/o/r/tree/main/d", "https://ghe.example.org/o/r.git", "", "", "main/d"),
    ("https://git.example.org/~me/r", "https://git.example.org/~me/r", "", "", ""),
    ("https://git.example.org:8443/r", "https://git.example.org:8443/r", "", "", ""),
    ("http://git.example.org:80/o/r.git", "http://git.example.org/o/r.git", "", "", ""),
    ("https://github.com.evil/o/r", "https://github.com.evil/o/r", "", "", ""),
    ("https://notgithub.com/o/r", "https://notgithub.com/o/r", "", "", ""),
    ("https://github.com:8443/o/r", "https://github.com:8443/o/r", "", "", ""),
    ("https://[::1]:8443/o/r", "https://[::1]:8443/o/r", "", "", ""),
    ("https://2130706433/o/r", "https://2130706433/o/r", "", "", ""),
    ("git@github.com:o/r.git", "git@github.com:o/r.git", "", "", ""),
    ("git@git.example.org:g/s/p", "git@git.example.org:g/s/p", "", "", ""),
    ("ssh://git@github.com/o/r.git", GITHUB.replace("https://", "ssh://git@"), "", "", ""),
    ("ssh://git.example.org:2222/o/r.git", "ssh://git.example.org:2222/o/r.git", "", "", ""),
]

#: Attacks and mistakes, each with a word of the message or the fix.
REFUSED = [
    ("", "empty"),
    ("   ", "empty"),
    ("o/r", "https://github.com/o/r"),
    ("github.com/o/r", "https://github.com/o/r"),
    ("-oProxyCommand=id", "starts with '-'"),
    ("--upload-pack=id", "starts with '-'"),
    ("https://github.com/o/r\n", "control"),
    ("https://github.com/o/r\tx", "control"),
    ("https://github.com/\x00o/r", "control"),
    ("https://github.com/o\u202e/r", "invisible"),
    ("https://github.com/o/\u200br", "invisible"),
    ("https://github.com/o /r", "space"),
    ("https://github.com/o\u00a0/r", "space"),
    ("https:\\\\github.com\\o\\r", "backslash"),
    ("https://github.com\\@evil.example/o/r", "backslash"),
    ("https://user:hunter2@github.com/o/r", "user or password"),
    ("https://hunter2@github.com/o/r", "user or password"),
    ("https://github.com@evil.example/o/r", "user or password"),
    ("https://us:hunter2/x@github.com/o/r", "port"),
    ("ssh://git:hunter2@github.com/o/r", "user or password"),
    ("ssh://-oProxyCommand=id/o/r", "host"),
    ("ssh://-oX@h/o/r", "user or password"),
    ("git@-oProxyCommand=id:o/r", "host"),
    ("-x@h:o/r", "starts with '-'"),
    ("git@github.com:-x/r", "path starts with '-'"),
    ("git@github.com:", "not a URL"),
    ("git@:o/r", "no host"),
    ("git@github.com:o/r?x", "has no place"),
    ("git@github.com:o/r#x", "has no place"),
    ("git@github.com:o/%2e%2e/r", "has no place"),
    ("git@github.com:o/../r", "'..'"),
    ("file:///etc/passwd", "scheme"),
    ("git://github.com/o/r", "scheme"),
    ("ftp://github.com/o/r", "scheme"),
    ("ext::sh", "not a URL"),
    ("javascript:alert(1)", "not a URL"),
    ("/srv/git/r", "path of a machine"),
    ("../r", "path of a machine"),
    ("C:/r", "not a URL"),
    ("https:///o/r", "no host"),
    ("https:/github.com/o/r", "not a URL"),
    ("https://github.com", "no repository"),
    ("https://github.com/o", "no repository"),
    ("https://git.example.org/", "no repository"),
    ("https://git.example.org/.git", "no repository"),
    ("https://github.com/o/r/issues/5", "shows no files"),
    ("https://gitlab.com/g/p/-/merge_requests/1", "shows no files"),
    ("https://github.com/o/../r", "'..'"),
    ("https://github.com/o/%2e%2e/r", "'..'"),
    ("https://github.com/o/r/tree/main/..%2f..%2fetc", "'..'"),
    ("https://github.com/o//r", "'//'"),
    ("https://github.com/o%0a/r", "behind %"),
    ("https://github.com/o%00/r", "behind %"),
    ("https://github.com/o/r%5cx", "behind %"),
    ("https://github.com/a%2fb/r", "%2F"),
    ("https://github.com/o/r%ff", "behind %"),
    ("https://github.com%2eevil/o/r", "host"),
    ("https://gıthub.com/o/r", "ASCII"),
    ("https://ｇithub.com/o/r", "ASCII"),
    ("https://git..example.org/o/r", "host"),
    ("https://-x.example.org/o/r", "host"),
    ("https://[::1/o/r", "host"),
    ("https://h:0/o/r", "port"),
    ("https://h:99999/o/r", "port"),
    ("https://h:x/o/r", "port"),
    ("https://github.com/o/r.git#a..b", "'..'"),
    ("https://github.com/o/r.git#-x", "'-'"),
    ("https://github.com/o/r.git#main:../../etc", "'..'"),
    ("https://h/" + "a" * 3000, "longer"),
]


@pytest.mark.parametrize(("url", "clone", "ref", "path", "tail"), POINTS, ids=[case[0] for case in POINTS])
def test_says_what_a_url_means(url: str, clone: str, ref: str, path: str, tail: str) -> None:
    location = parse_location(url)

    assert (location.url, location.ref, location.path, location.tail) == (clone, ref, path, tail)


@pytest.mark.parametrize(("url", "word"), REFUSED, ids=[ascii(case[0][:60]) for case in REFUSED])
def test_refuses_what_is_no_url_of_a_repository(url: str, word: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_location(url)

    assert word in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert all(finding.fix and finding.place.path == "url" for finding in caught.value.findings)


def test_lists_every_problem_of_a_url_at_once() -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_location("https://u:p@git..example.org:99999/o/../r")

    assert len(caught.value.findings) == 4


def test_tells_host_scheme_and_name() -> None:
    assert parse_location("ssh://git@Git.Example.org:2222/o/shop.git") == GitLocation(
        url="ssh://git@git.example.org:2222/o/shop.git", scheme="ssh", host="git.example.org:2222", name="shop"
    )


@pytest.mark.parametrize(
    ("tail", "refs", "found"),
    [
        ("main", {"main"}, ("main", "")),
        ("feature/x/sub/dir", {"feature", "feature/x"}, ("feature/x", "sub/dir")),
        ("feature/x/sub/dir", ["refs/heads/feature/x/sub", "refs/tags/feature"], ("feature/x/sub", "dir")),
        ("mainline/a", {"main", "mainline"}, ("mainline", "a")),
        ("HEAD/a", (), ("HEAD", "a")),
    ],
)
def test_splits_a_tail_at_the_longest_ref(tail: str, refs: set[str], found: tuple[str, str]) -> None:
    assert split_tail(tail, refs) == found


def test_does_not_split_a_tail_within_a_segment() -> None:
    with pytest.raises(NotFoundError):
        split_tail("mainline/a", {"main"})


@pytest.mark.parametrize("name", ["main", "feature/x", "v1.0", "a@b", "x-y_z", SHA, "ünï", "a.lock.b"])
def test_accepts_names_of_refs(name: str) -> None:
    check_ref(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "-x", "@", "a b", "a\nb", "a\x7f", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "a..b", "a@{1}"),
        *("/a", "a/", "a//b", "a.", ".a", "a/.b", "a.lock", "a.lock/b", "x" * 1025),
    ],
)
def test_refuses_what_git_refuses_as_a_ref(name: str) -> None:
    with pytest.raises(InvalidInputError):
        check_ref(name)


def test_lists_every_rule_that_a_ref_breaks() -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_ref("-a..b ")

    assert len(caught.value.findings) == 3
