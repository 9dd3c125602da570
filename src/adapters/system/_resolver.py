"""The machine's resolver of names."""

from __future__ import annotations

import asyncio
import socket

from attrs import frozen

from flowcore.errors import NotFoundError, UnavailableError

#: How getaddrinfo says that there is no such name, or that it has no address. Not every system has each.
_UNKNOWN = frozenset(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)
)


@frozen
class SystemResolver:
    """A ``Resolver`` through ``getaddrinfo``: the hosts file, DNS, and whatever else this machine is set up to ask.

    Attributes:
        seconds: how long one answer may take.
    """

    seconds: float = 5.0

    async def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Return the addresses; see the port."""
        try:
            async with asyncio.timeout(self.seconds):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise UnavailableError(f"nobody answers where {host} is; try again", code="network.resolver") from None
        except socket.gaierror as error:
            if error.errno in _UNKNOWN:
                raise _unknown(host) from None
            raise UnavailableError(f"the resolver cannot say where {host} is", code="network.resolver") from None
        except UnicodeError:
            raise _unknown(host) from None
        return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _unknown(host: str) -> NotFoundError:
    return NotFoundError(f"{host} has no address; check its spelling", code="network.unknown_host")
