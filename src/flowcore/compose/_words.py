"""A command as text to words, as a POSIX shell splits it; linear in the text, which ``shlex.split`` is not."""

from __future__ import annotations

import re

_PIECE = re.compile(
    r"""(?P<gap>[ \t\r\n]+)"""
    r"""|'(?P<single>[^']*)'"""
    r"""|"(?P<double>[^"\\]*(?:\\.[^"\\]*)*)\""""
    r"""|\\(?P<escaped>.)"""
    r"""|(?P<bare>[^ \t\r\n'"\\]+)""",
    re.DOTALL,
)
_IN_DOUBLE = re.compile(r'\\(["\\])')


def split_words(text: str) -> list[str]:
    """Return the words of *text*, without their quotes.

    Raises:
        ValueError: a quote is not closed, or nothing follows the last backslash.
    """
    words: list[str] = []
    word: list[str] | None = None
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if not piece:
            raise ValueError("No escaped character" if text[at] == "\\" else "No closing quotation")
        at = piece.end()
        if piece["gap"] is None:
            word = word or []
            word.append(_meant(piece))
        elif word is not None:
            words.append("".join(word))
            word = None
    return words if word is None else [*words, "".join(word)]


def _meant(piece: re.Match[str]) -> str:
    if piece["double"] is not None:
        return _IN_DOUBLE.sub(r"\1", piece["double"])
    return next(text for text in (piece["single"], piece["escaped"], piece["bare"]) if text is not None)
