"""Who may try to sign in: guessing is slowed down by account and address, and nobody can lock somebody else out."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from attrs import frozen

from flowcore.model import User
from flowcore.usecases.accounts.throttling import Allowance, Throttle

_MINUTES = 60.0
_HOURS = 3600.0

#: One account from one address: a few slips, then each one doubles the wait.
_PAIR = Allowance(free=5, first_wait=30, longest_wait=15 * _MINUTES, drain=1 * _HOURS)
#: One account from anywhere. Waits are short, and addresses that somebody signed in from before do not wait at all:
#: who guesses from a thousand addresses is slowed down without keeping the owner out.
_ACCOUNT = Allowance(free=50, first_wait=5, longest_wait=1 * _MINUTES, drain=1 * _MINUTES)
#: One address for all accounts; many people may share it.
_ADDRESS = Allowance(free=50, first_wait=10, longest_wait=15 * _MINUTES, drain=30)


@frozen(kw_only=True)
class Lockout:
    """Lets tries to sign in pass, or not yet."""

    throttle: Throttle
    pair: Allowance = _PAIR
    account: Allowance = _ACCOUNT
    address: Allowance = _ADDRESS

    async def begin(self, email_key: str, address: str) -> None:
        """Let one try pass, and count it as failed until ``succeed`` is told otherwise.

        The same happens whether there is such an account or not.

        Args:
            email_key: what the account is known by.
            address: where the request comes from; empty when nobody knows.

        Raises:
            LimitExceededError: not yet; it says when.
        """
        pair, account, network = _keys(email_key, address)
        # All are asked before one is charged: what is refused is not counted.
        known = await self.throttle.require(pair)
        is_stranger = known is None or not known.is_known
        for key in (network, account if is_stranger else ""):
            if key:
                await self.throttle.require(key)
        await self.throttle.charge(pair, self.pair, subject=email_key)
        if network:
            await self.throttle.charge(network, self.address)
        if is_stranger:
            await self.throttle.charge(account, self.account, subject=email_key)

    async def succeed(self, email_key: str, address: str) -> None:
        """Forget the failures of an account at an address; the one before ``begin`` was none."""
        pair, account, network = _keys(email_key, address)
        await self.throttle.succeed(pair, subject=email_key)
        if network:
            await self.throttle.take_back(network, self.address)
        await self.throttle.take_back(account, self.account)

    async def undo(self, email_key: str, address: str) -> None:
        """Count the try before as none: nobody looked whether it was right."""
        pair, account, network = _keys(email_key, address)
        for key, allowance in ((pair, self.pair), (account, self.account), (network, self.address)):
            if key:
                await self.throttle.take_back(key, allowance)

    async def forgive(self, user: User) -> None:
        """Let somebody try again from everywhere."""
        await self.throttle.forgive(user.email_key)


def _keys(email_key: str, address: str) -> tuple[str, str, str]:
    network = network_of(address)
    return f"pair {network} {email_key}", f"account {email_key}", f"address {network}" if network else ""


def network_of(address: str) -> str:
    """Return what one customer is given: an IPv4 address, or the 64 bits of an IPv6 network."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        # Sockets for both kinds show IPv4 clients so; their first 64 bits are all the same.
        return str(parsed.ipv4_mapped or f"{parsed.exploded[:19]}::/64")
    return str(parsed)
