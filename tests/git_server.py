"""A Git HTTP server for the tests: ``git http-backend`` behind a small CGI server on loopback, and awkward answers."""

from __future__ import annotations

import base64
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from attrs import define, field, frozen

from flowcore.ports.network import Reachable

#: What the server under ``/auth/`` wants.
USER, SECRET = "git", "hunter2-planted"

#: How many bytes of an answer below ``/drip/`` come.
DRIP = 3_000_000

#: A host name that no resolver knows: who reaches the server by it was pinned.
HOST = "git.example.org"

FILE, PROGRAM, SYMLINK, SUBMODULE = "100644", "100755", "120000", "160000"

_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "LC_ALL": "C",
}


@define
class Guard:
    """An address guard that lets everything through to loopback, and notes what it was asked."""

    asked: list[tuple[str, int]] = field(factory=list)
    addresses: tuple[str, ...] = ("127.0.0.1",)

    async def admit(self, host: str, port: int) -> Reachable:
        """See ``AddressGuard.admit``."""
        self.asked.append((host, port))
        return Reachable(host, port, self.addresses)


@frozen
class Tree:
    """Files of a commit by path, as ``(mode, content)``; a submodule's content is a hash."""

    entries: Mapping[str, tuple[str, str | bytes]]

    @classmethod
    def of(cls, **files: str) -> Tree:
        """Make a tree of plain files; ``__`` in a name stands for a dot."""
        return cls({name.replace("__", "."): (FILE, text) for name, text in files.items()})


def _commit(branch: str, tree: Tree) -> Iterator[bytes]:
    yield f"commit refs/heads/{branch}\ncommitter T <t@example.org> 1700000000 +0000\ndata 1\nm\n".encode()
    for path, (mode, content) in tree.entries.items():
        data = content.encode() if isinstance(content, str) else content
        if mode == SUBMODULE:
            yield f"M {mode} {data.decode()} {path}\n".encode()
        else:
            yield f"M {mode} inline {path}\ndata {len(data)}\n".encode() + data + b"\n"


def git(*arguments: str, feed: bytes = b"") -> str:
    """Run Git for a test and return what it prints."""
    run = subprocess.run(["git", *arguments], input=feed, env=_ENVIRONMENT, capture_output=True, check=True, timeout=60)
    return run.stdout.decode()


def make_repository(
    folder: Path, branches: Mapping[str, Tree], *, default: str = "main", tags: Mapping[str, str] | None = None
) -> None:
    """Make a bare repository; *tags* are annotated, and name the branch they stand on."""
    git("init", "--quiet", "--bare", "--template=", f"--initial-branch={default}", str(folder))
    stream = b"".join(part for branch, tree in branches.items() for part in _commit(branch, tree))
    for tag, branch in (tags or {}).items():
        tagger = "tagger T <t@example.org> 1700000000 +0000"
        stream += f"tag {tag}\nfrom refs/heads/{branch}\n{tagger}\ndata 1\nt\n".encode()
    git("--git-dir", str(folder), "fast-import", "--quiet", feed=stream)


@define
class GitServer:
    """A running server.

    Attributes:
        root: where its repositories are.
        port: TCP port on loopback.
        scheme: ``http`` or ``https``.
        requests: path with query, and ``Authorization``, of every request.
        location: where everything below ``/redirect/`` is sent.
        arrived: set when a request below ``/slow/`` waits.
    """

    root: Path
    port: int
    scheme: str
    requests: list[tuple[str, str]] = field(factory=list)
    location: str = ""
    arrived: threading.Event = field(factory=threading.Event)
    ending: threading.Event = field(factory=threading.Event)

    def url(self, path: str, host: str = HOST) -> str:
        """URL of a repository."""
        return f"{self.scheme}://{host}:{self.port}/{path}"

    @property
    def place(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"


class _Handler(BaseHTTPRequestHandler):
    """Answers by the first part of the path: a word like ``plain`` or ``redirect``, or the status to answer with."""

    git_server: GitServer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer."""
        server = self.git_server
        server.requests.append((self.path, self.headers.get("Authorization", "")))
        _, first, rest = self.path.split("/", 2)
        if first in ("plain", "drip") or (first == "auth" and self._is_known()):
            self._backend(f"/{rest}", most=DRIP if first == "drip" else None)
        elif first == "auth":
            self._answer(401, {"WWW-Authenticate": 'Basic realm="git"'})
        elif first == "redirect":
            self._answer(302, {"Location": server.location})
        elif first == "slow":
            server.arrived.set()
            server.ending.wait(30)
            self._answer(503, {})
        elif first == "page":
            self._answer(200, {"Content-Type": "text/html"}, b"<html>\n<p>hello</p>\n</html>\n")
        else:
            self._answer(int(first), {})

    def do_POST(self) -> None:
        """Answer."""
        self.do_GET()

    def _is_known(self) -> bool:
        expected = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {expected}"

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes = b"", most: int | None = None) -> None:
        """Send an answer; of a body longer than *most*, only that much before the server ends."""
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:most])
        if most is not None and len(body) > most:
            self.git_server.ending.wait(30)

    def _backend(self, target: str, most: int | None) -> None:
        path, _, query = target.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        environment = {
            **_ENVIRONMENT,
            "GIT_PROJECT_ROOT": str(self.git_server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        run = subprocess.run(
            ["git", "http-backend"],
            input=self.rfile.read(length),
            env=environment,
            capture_output=True,
            check=False,
            timeout=60,
        )
        head, _, body = run.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        status = int(headers.pop("Status", "200").split()[0])
        self._answer(status, headers, body, most)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # their end is waited for

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing about clients that were killed."""


@contextmanager
def git_server(root: Path, certificate: tuple[Path, Path] | None = None) -> Iterator[GitServer]:
    """Serve the repositories below *root*; over TLS with a *certificate* and its key."""
    backend = Path(git("--exec-path").strip()) / "git-http-backend"
    if not shutil.which(str(backend)):
        pytest.skip("this Git has no http-backend")
    handler = type("Handler", (_Handler,), {})
    with _Server(("127.0.0.1", 0), handler) as listening:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            listening.socket = context.wrap_socket(listening.socket, server_side=True)
        server = GitServer(root, listening.server_address[1], "https" if certificate else "http")
        handler.git_server = server
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.ending.set()
            listening.shutdown()
            thread.join()
