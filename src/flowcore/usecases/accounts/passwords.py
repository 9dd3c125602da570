"""Which passwords will do, and comparing them: the same characters are the same password however they are typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from attrs import evolve, frozen

from flowcore.errors import Finding, Place
from flowcore.ports.security import PasswordHasher, PasswordVerdict

#: Most bytes (UTF-8) of a password; more would only cost time.
LONGEST = 1024
#: Fewest characters of a password, unless the service is set up otherwise.
SHORTEST = 8
#: Fewest different characters.
_DIFFERENT = 4
#: What stands behind a common password, like ``2024!``, does not make it another one.
_LONGEST_TAIL = 4


def _nothing_is_common(_: str) -> bool:
    return False


@frozen(kw_only=True)
class PasswordRules:
    """What a new password must be like. There is no rule on kinds of characters: it makes passwords worse.

    Attributes:
        shortest: fewest characters.
        longest: most bytes of UTF-8.
        is_common: says whether many people use a password; it is asked in lower case.
    """

    shortest: int = SHORTEST
    longest: int = LONGEST
    is_common: Callable[[str], bool] = _nothing_is_common

    def findings(self, password: str, path: str, *, email: str = "", name: str = "") -> list[Finding]:
        """Return what is wrong with a new password.

        Args:
            password: as typed.
            path: the field it came in.
            email: of the account.
            name: of its owner.
        """
        if len(password) > LONGEST or len(_bytes(text := normalised(password))) > self.longest:
            return [account_finding(path, f"must have at most {self.longest} bytes")]
        if len(text) < self.shortest:
            return [account_finding(path, f"must have at least {self.shortest} characters")]
        if "\0" in text:
            return [account_finding(path, "may have no NUL characters")]
        problem = self._problem(text.casefold(), email.casefold(), name.casefold().strip())
        return [account_finding(path, problem)] if problem else []

    def _problem(self, text: str, email: str, name: str) -> str:
        if text in {email, email.partition("@")[0], name, name.replace(" ", "")}:
            return "must not be your name or e-mail address"
        if len(set(text)) < _DIFFERENT:
            return f"must have at least {_DIFFERENT} different characters"
        stem = text.rstrip("0123456789!?.,;:-_#*+$%&@ ")
        tail = len(text) - len(stem)
        if self.is_common(text) or (tail <= _LONGEST_TAIL and self.is_common(stem)):
            return "is one that many people use; choose another, like a few words that nobody would put together"
        return ""


@frozen(kw_only=True)
class Passwords:
    """New passwords by the rules, and old ones compared."""

    hasher: PasswordHasher
    rules: PasswordRules = PasswordRules()

    async def hash(self, password: str) -> str:
        """Return what is kept of a password that the rules were asked about.

        Raises:
            InvalidInputError: it is too long.
            LimitExceededError: too many passwords are looked at.
        """
        return await self.hasher.hash(normalised(password))

    async def verify(self, password: str, encoded: str) -> PasswordVerdict:
        """Compare; without an account give an empty *encoded*, which takes as long.

        Raises:
            LimitExceededError: too many passwords are looked at.
        """
        if len(password) > LONGEST:
            return PasswordVerdict(matches=False)
        text = normalised(password)
        verdict = await self.hasher.verify(text, encoded)
        if verdict.matches or text == password:
            return verdict
        # Hashes from before passwords were normalised are of what was typed.
        return evolve(await self.hasher.verify(password, encoded), needs_rehash=True)


def normalised(password: str) -> str:
    """Return the one spelling (NFKC) of what keyboards and systems spell differently."""
    return unicodedata.normalize("NFKC", password)


def account_finding(path: str, problem: str) -> Finding:
    """Return what is wrong with a field of an account."""
    return Finding(rule="account", message=f"{path} {problem}", place=Place(path=path))


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
