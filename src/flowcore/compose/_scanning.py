"""ruamel.yaml's pure parser with short cuts for what Compose files are made of; it gives the very same events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.events import Event
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import Reader
from ruamel.yaml.scanner import Scanner
from ruamel.yaml.tokens import ScalarToken

#: Characters that make more than the column of a position.
_SPECIAL = re.compile("[\n\r\ufeff]")
_BLANK = re.compile(" +")
#: A plain scalar of one word outside of flow style, up to what ends it.
_WORD = re.compile(r"[^\0\s:#\x85\u2028\u2029][^\0\s:\x85\u2028\u2029]*(?::[^\0\s:\x85\u2028\u2029]+)*(?=\n|:[ \n])")
#: The same in flow style, of characters that mean nothing there.
_FLOW_WORD = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]+)*(?=[,\]}]|: )")
#: A quoted text in one line without anything to replace.
_QUOTED = re.compile(r"""'[^'\0\n\r\x85\u2028\u2029]*'(?!')|"[^"\\\0\n\r\x85\u2028\u2029]*\"""")


def yaml_events(text: str) -> Iterator[Event]:
    """Yield the parsing events of *text*; raises what ruamel.yaml raises."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Reader, yaml.Scanner, yaml.Parser = _Reader, _Scanner, _Parser
    yield from yaml.parse(text)


class _Reader(Reader):
    def forward(self, length: int = 1) -> None:
        """Move on, in one step where no line ends on the way."""
        end = self.pointer + length
        if end + 1 >= len(self.buffer) or _SPECIAL.search(self.buffer, self.pointer, end):
            super().forward(length)
            return
        self.pointer = end
        self.index += length
        self.column += length


class _Scanner(Scanner):
    """Looks for further tokens once for each token that is taken, and reads single words in one step."""

    _settled = -1

    def reset_scanner(self) -> None:
        super().reset_scanner()
        self._settled = -1

    def _settle(self) -> None:
        # Whether the first token is final changes only when tokens are taken or fetched.
        if self._settled != self.tokens_taken:
            while self.need_more_tokens():
                self.fetch_more_tokens()
            self._settled = self.tokens_taken

    def check_token(self, *choices: Any) -> bool:
        if self._settled != self.tokens_taken:
            self._settle()
        tokens = self.tokens
        return bool(tokens) and (not choices or isinstance(tokens[0], choices))

    def peek_token(self) -> Any:
        self._settle()
        return self.tokens[0] if self.tokens else None

    def get_token(self) -> Any:
        self._settle()
        if not self.tokens:
            return None
        self.tokens_taken += 1
        return self.tokens.pop(0)

    def scan_to_next_token(self) -> Any:
        reader = self.reader
        blank = _BLANK.match(reader.buffer, reader.pointer)
        if blank:
            reader.forward(blank.end() - blank.start())
        return super().scan_to_next_token()

    def scan_plain(self) -> Any:
        reader = self.reader
        word = (_FLOW_WORD if self.flow_context else _WORD).match(reader.buffer, reader.pointer)
        if word is None:
            return super().scan_plain()
        before = (reader.pointer, reader.index, reader.line, reader.column, self.allow_simple_key)
        start, indent = reader.get_mark(), self.indent + 1
        self.allow_simple_key = False
        reader.forward(word.end() - word.start())
        end = reader.get_mark()
        spaces = self.scan_plain_spaces(indent, start)
        # In flow style a word that fits is followed by no space.
        if not spaces or reader.peek() == "#" or reader.column < indent:
            return ScalarToken(word.group(), True, start, end)
        # The text goes on in the next line.
        reader.pointer, reader.index, reader.line, reader.column, self.allow_simple_key = before
        return super().scan_plain()

    def scan_flow_scalar(self, style: Any) -> Any:
        reader = self.reader
        quoted = _QUOTED.match(reader.buffer, reader.pointer)
        if quoted is None:
            return super().scan_flow_scalar(style)
        start = reader.get_mark()
        reader.forward(quoted.end() - quoted.start())
        return ScalarToken(quoted.group()[1:-1], False, start, reader.get_mark(), style)


class _Parser(Parser):
    scanner: Any = None

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        self.scanner = loader.scanner
