"""Addresses and ports that are given out one by one and taken back."""

from __future__ import annotations

from ipaddress import IPv4Network

from attrs import define, field


@define
class Pool:
    """The addresses of a network; the first that is free is given out, a released one comes last again.

    Attributes:
        network: where they come from.
        first: position of the first address that is given out.
    """

    network: IPv4Network
    first: int = 2
    _holders: dict[str, str] = field(init=False, factory=dict)
    _taken: dict[str, str] = field(init=False, factory=dict)
    _next: int = field(init=False, default=0)

    def take(self, holder: str) -> str:
        """Return the holder's address, the same one each time."""
        held = self._holders.get(holder)
        if held is not None:
            return held
        size = self.network.num_addresses - self.first - 1
        for _ in range(size):
            address = str(self.network[self.first + self._next % size])
            self._next += 1
            if address not in self._taken:
                self.claim(holder, address)
                return address
        raise ValueError(f"no address of {self.network} is free")

    def claim(self, holder: str, address: str) -> bool:
        """Note that a holder has an address; say whether it was free or already the holder's."""
        if self._taken.get(address, holder) != holder:
            return False
        self._holders[holder], self._taken[address] = address, holder
        return True

    def release(self, holder: str) -> None:
        """Take a holder's address back."""
        address = self._holders.pop(holder, None)
        if address is not None:
            self._taken.pop(address, None)
