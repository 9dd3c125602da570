"""A service's ports: short forms and ranges to one entry per port."""

from __future__ import annotations

import ipaddress
import re

from attrs import frozen

from flowcore.compose._marks import Value
from flowcore.compose._scalars import text_of
from flowcore.compose._units import whole_number

_SHORT = re.compile(
    r"(?:(?P<ip>\[[0-9a-fA-F:.%]+\]|[0-9a-fA-F.]*[.][0-9.]*|[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F.]*|localhost):)?"
    r"(?:(?P<published>\d*(?:-\d+)?):)?(?P<target>\d+(?:-\d+)?)(?:/(?P<protocol>[A-Za-z0-9]+))?\Z"
)
_RANGE = re.compile(r"(\d+)(?:-(\d+))?\Z")
_PROTOCOLS = ("tcp", "udp", "sctp")
#: Most ports that one range may stand for.
MAX_RANGE = 1024


class PortError(ValueError):
    """A port that cannot be understood; the message says why."""


@frozen(kw_only=True)
class Port:
    """One port of a container.

    Attributes:
        target: number inside the container.
        published: number on the host; 0 when any free one is meant, None when the port is not published.
        protocol: tcp, udp or sctp.
        host_ip: address of the host it is published on; empty for all.
        name: its name; empty for none.
        app_protocol: what is spoken on it, like ``http``; empty for unknown.
    """

    target: int
    published: int | None = None
    protocol: str = "tcp"
    host_ip: str = ""
    name: str = ""
    app_protocol: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is published for the host itself only."""
        return self.host_ip.startswith("127.") or self.host_ip in ("::1", "localhost")


def parse_port(spec: Value) -> list[Port]:
    """Return the ports of a short form (``8080:80``, ``127.0.0.1:53:53/udp``, ``3000-3005``).

    Raises:
        PortError: it is not a port.
    """
    text = text_of(spec).strip()
    match = _SHORT.match(text) if len(text) < 200 else None
    if not match:
        raise PortError(
            f"{text!r} is not a port; write CONTAINER, HOST:CONTAINER or IP:HOST:CONTAINER, with /udp for UDP"
        )
    targets = _numbers(match["target"])
    published = _published(match["published"], len(targets))
    host_ip = _address((match["ip"] or "").strip("[]"))
    protocol = _protocol(match["protocol"])
    return [
        Port(target=target, published=host, protocol=protocol, host_ip=host_ip)
        for target, host in zip(targets, published, strict=True)
    ]


def long_port(spec: dict[str, Value]) -> list[Port]:
    """Return the ports of a long form.

    Raises:
        PortError: there is no target, or a number is none.
    """
    if spec.get("target") is None:
        raise PortError("a port in the long form needs a target")
    targets = _numbers(text_of(spec["target"]))
    published = _published(text_of(spec.get("published")), len(targets))
    return [
        Port(
            target=target,
            published=host,
            protocol=_protocol(text_of(spec.get("protocol"))),
            host_ip=_address(text_of(spec.get("host_ip")).strip("[]")),
            name=text_of(spec.get("name")),
            app_protocol=text_of(spec.get("app_protocol")),
        )
        for target, host in zip(targets, published, strict=True)
    ]


def parse_exposed(spec: Value) -> list[Port]:
    """Return the ports of an ``expose`` entry: a number or a range, with an optional protocol.

    Raises:
        PortError: it is not a port.
    """
    numbers, _, protocol = text_of(spec).partition("/")
    return [Port(target=number, protocol=_protocol(protocol)) for number in _numbers(numbers.split(":")[-1])]


def _address(text: str) -> str:
    if text in ("", "localhost"):
        return text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise PortError(f"{text!r} is not an address to publish a port on") from None


def _protocol(word: str | None) -> str:
    protocol = (word or "tcp").lower()
    if protocol not in _PROTOCOLS:
        raise PortError(f"{protocol!r} is not a protocol; tcp, udp and sctp are")
    return protocol


def _numbers(text: str) -> list[int]:
    match = _RANGE.match(text.strip())
    first = whole_number(match[1]) if match else None
    last = whole_number(match[2]) if match and match[2] else first
    if first is None or last is None or not 0 < first <= last <= 65535:
        raise PortError(f"{text!r} is not a port number between 1 and 65535, nor a range of them")
    if last - first >= MAX_RANGE:
        raise PortError(f"the range {text} has more than {MAX_RANGE} ports")
    return list(range(first, last + 1))


def _published(text: str | None, count: int) -> list[int]:
    """Return *count* host ports; 0 stands for any free one."""
    if not text or text == "0":
        return [0] * count
    numbers = _numbers(text)
    if len(numbers) == count:
        return numbers
    if count == 1:
        return numbers[:1]  # the first free one of a range is meant
    raise PortError(f"the host range {text} has {len(numbers)} ports, the container range {count}")
