"""The texts of simulated logs, by family of image, in each program's own format."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from attrs import frozen


@frozen(kw_only=True)
class Moment:
    """What a line is made from.

    Attributes:
        at: when it is printed.
        number: the how-manieth line of its part it is.
        draw: a number below a million that differs between lines.
        image: the image.
        tag: its tag, empty when there is none.
        port: the first port of the container, 0 when there is none.
        probed: the path that is probed over HTTP, empty when none is.
        address: the pod's address.
        pod: the pod's name.
    """

    at: datetime
    number: int
    draw: int
    image: str
    tag: str
    port: int
    probed: str
    address: str
    pod: str

    def version(self, default: str) -> str:
        """Return the version in the tag."""
        match = re.match(r"v?(\d+(?:\.\d+)*)", self.tag)
        return match[1] if match else default

    def time(self, form: str) -> str:
        """Return the moment in a format of ``strftime``; ``%L`` stands for milliseconds."""
        return self.at.strftime(form.replace("%L", f"{self.at.microsecond // 1000:03d}"))


Text: TypeAlias = Callable[[Moment], str]


@frozen
class Family:
    """What a family of images prints.

    Attributes:
        starting: the lines of a start.
        running: the lines while it runs, in turn.
        pace: seconds between those, from and to.
    """

    starting: tuple[Text, ...]
    running: tuple[Text, ...]
    pace: tuple[float, float]


def _notice(text: str) -> Text:
    return lambda moment: (
        f"{moment.time('%Y/%m/%d %H:%M:%S')} [notice] 1#1: " + text.format(version=moment.version("1.27.3"))
    )


def _access(moment: Moment) -> str:
    stamp = moment.time("%d/%b/%Y:%H:%M:%S +0000")
    if moment.probed:
        return f'172.18.0.2 - - [{stamp}] "GET {moment.probed} HTTP/1.1" 200 615 "-" "kube-probe/1.37" "-"'
    path = ("/", "/", "/favicon.ico", "/index.html")[moment.draw % 4]
    code, size = (404, 153) if path == "/favicon.ico" else (200, 615)
    return f'10.244.0.1 - - [{stamp}] "GET {path} HTTP/1.1" {code} {size} "-" "curl/8.11.0" "-"'


def _postgres(text: str, process: int = 1) -> Text:
    return lambda moment: (
        f"{moment.time('%Y-%m-%d %H:%M:%S.%L UTC')} [{process}] LOG:  "
        + text.format(version=moment.version("17.2"), buffers=moment.draw % 90 + 1)
    )


def _mysql(text: str) -> Text:
    return lambda moment: (
        moment.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") + " 0 " + text.format(version=moment.version("8.4.3"))
    )


def _redis(text: str, role: str = "M") -> Text:
    return lambda moment: (
        f"1:{role} {moment.time('%d %b %Y %H:%M:%S.%L')} * "
        + text.format(version=moment.version("7.4.1"), changes=moment.draw % 900 + 100)
    )


def _mongo(component: str, text: str) -> Text:
    def line(moment: Moment) -> str:
        stamp = moment.time("%Y-%m-%dT%H:%M:%S.%L+00:00")
        head = f'{{"t":{{"$date":"{stamp}"}},"s":"I","c":"{component}","ctx":"initandlisten"'
        return f'{head},"msg":"{text}"}}'

    return line


def _plain(text: str) -> Text:
    def line(moment: Moment) -> str:
        values = {"image": moment.image, "pod": moment.pod, "port": moment.port, "path": moment.probed or "/"}
        stamp = moment.time("%Y-%m-%dT%H:%M:%S.%LZ")
        return f"{stamp} INFO  " + text.format(ms=moment.draw % 40 + 1, **values)

    return line


def _listening(moment: Moment) -> str:
    return _plain("listening on 0.0.0.0:{port}" if moment.port else "ready")(moment)


def _serving(moment: Moment) -> str:
    if not moment.port:
        return _plain("alive")(moment)
    return _plain("GET {path} 200 {ms}ms")(moment)


#: What is printed, by a word in the image's name; ``generic`` for every other image.
FAMILIES: Mapping[str, Family] = {
    "nginx": Family(
        (
            lambda _: "/docker-entrypoint.sh: Configuration complete; ready for start up",
            _notice('using the "epoll" event method'),
            _notice("nginx/{version}"),
            _notice("start worker processes"),
            _notice("start worker process 29"),
        ),
        (_access,),
        (5, 15),
    ),
    "httpd": Family(
        (
            lambda moment: (
                f"[{moment.time('%a %b %d %H:%M:%S.%f %Y')}] [mpm_event:notice] [pid 1:tid 1] AH00489: "
                f"Apache/{moment.version('2.4.62')} (Unix) configured -- resuming normal operations"
            ),
        ),
        (_access,),
        (5, 15),
    ),
    "postgres": Family(
        (
            _postgres("starting PostgreSQL {version} on x86_64-pc-linux-gnu, 64-bit"),
            _postgres('listening on IPv4 address "0.0.0.0", port 5432'),
            _postgres('listening on Unix socket "/var/run/postgresql/.s.PGSQL.5432"'),
            _postgres("database system was shut down", 29),
            _postgres("database system is ready to accept connections"),
        ),
        (
            _postgres("checkpoint starting: time", 27),
            _postgres("checkpoint complete: wrote {buffers} buffers (0.2%)", 27),
        ),
        (120, 180),
    ),
    "mysql": Family(
        (
            _mysql("[System] [MY-010116] [Server] mysqld (mysqld {version}) starting as process 1"),
            _mysql("[System] [MY-013576] [InnoDB] InnoDB initialization has started."),
            _mysql("[System] [MY-013577] [InnoDB] InnoDB initialization has ended."),
            _mysql("[System] [MY-010931] [Server] mysqld: ready for connections. Version: '{version}'  port: 3306"),
        ),
        (_mysql("[Note] [MY-011946] [InnoDB] Buffer pool(s) load completed"),),
        (600, 900),
    ),
    "mariadb": Family(
        (
            _mysql("[Note] Starting MariaDB {version} source revision as process 1"),
            _mysql("[Note] InnoDB: Completed initialization of buffer pool"),
            _mysql("[Note] mariadbd: ready for connections. Version: '{version}-MariaDB'  port: 3306"),
        ),
        (_mysql("[Note] InnoDB: Buffer pool(s) load completed"),),
        (600, 900),
    ),
    "redis": Family(
        (
            _redis("oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo", "C"),
            _redis("Redis version={version}, bits=64, pid=1, just started", "C"),
            _redis("Running mode=standalone, port=6379."),
            _redis("Server initialized"),
            _redis("Ready to accept connections tcp"),
        ),
        (_redis("{changes} changes in 300 seconds. Saving..."), _redis("Background saving terminated with success")),
        (150, 300),
    ),
    "mongo": Family(
        (
            _mongo("CONTROL", "MongoDB starting"),
            _mongo("STORAGE", "Opening WiredTiger"),
            _mongo("NETWORK", "Waiting for connections"),
        ),
        (_mongo("WTCHKPT", "WiredTiger message"),),
        (60, 61),
    ),
    "generic": Family(
        (_plain("starting {image}"), _plain("running in pod {pod}"), _listening),
        (_serving,),
        (20, 40),
    ),
}
