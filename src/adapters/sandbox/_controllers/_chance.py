"""Chance that can be repeated: every draw depends on the seed and on what it is for, never on the order of draws."""

from __future__ import annotations

from hashlib import blake2b, sha256

from attrs import frozen

#: Kubernetes' alphabet for generated names: no vowels, so no words.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def safe_hash(text: str) -> str:
    """Return a short name part that stands for *text*, made as Kubernetes makes its template hashes."""
    number = int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(number))


def image_digest(image: str) -> str:
    """Return the digest the sandbox gives an image name."""
    return "sha256:" + sha256(image.encode()).hexdigest()


@frozen
class Chance:
    """Draws for one seed."""

    seed: int = 0

    def _number(self, what: tuple[object, ...]) -> int:
        text = "\x1f".join(map(str, (self.seed, *what)))
        return int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big")

    def between(self, low: float, high: float, *what: object) -> float:
        """Return a number of the range for *what*; the same what gives the same number."""
        return low + (high - low) * (self._number(what) % 1_000_003) / 1_000_003

    def pick(self, count: int, *what: object) -> int:
        """Return a whole number from 0 up to below *count*."""
        return self._number(what) % count

    def word(self, length: int, *what: object) -> str:
        """Return a random-looking name part, like the ``x7k2p`` behind a pod's name."""
        number, letters = self._number(what), []
        for _ in range(length):
            number, place = divmod(number, len(_ALPHABET))
            letters.append(_ALPHABET[place])
        return "".join(letters)

    def hexadecimal(self, length: int, *what: object) -> str:
        """Return *length* hexadecimal digits (at most 128)."""
        text = "\x1f".join(map(str, (self.seed, *what)))
        return blake2b(text.encode(), digest_size=64).hexdigest()[:length]
