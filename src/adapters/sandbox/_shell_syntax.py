"""The syntax of the simulated shell: words, quotes, variables, lists, pipes, redirections and subshells."""

from __future__ import annotations

from attrs import define

from adapters.sandbox._shell_tree import Group, Piece, Redirect, Script, ShellSyntaxError, Simple, Step, Word

_BLANK, _ENDS = " \t", " \t\n;&|()<>"
_KEYWORDS = frozenset({"if", "then", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "function"})


def parse(text: str) -> Script:
    """Read a script.

    Raises:
        ShellSyntaxError: it cannot be understood.
    """
    reader = _Reader(text.replace("\\\n", ""))
    script = reader.script("")
    if not reader.is_at_end:
        raise ShellSyntaxError(f'syntax error: unexpected "{reader.peek()}"')
    return script


@define
class _Reader:
    text: str
    position: int = 0

    @property
    def is_at_end(self) -> bool:
        return self.position >= len(self.text)

    def peek(self, count: int = 1) -> str:
        return self.text[self.position : self.position + count]

    def take(self, count: int = 1) -> str:
        taken = self.peek(count)
        self.position += count
        return taken

    def skip_blank(self, also: str = "") -> None:
        while not self.is_at_end and self.peek() in _BLANK + also:
            self.position += 1
        if self.peek() == "#":
            while not self.is_at_end and self.peek() != "\n":
                self.position += 1
            if also:
                self.skip_blank(also)

    # ---------------------------------------------------------------- lists

    def script(self, end: str) -> Script:
        """Read steps up to the closing sign *end*, which is left."""
        steps: list[Step] = []
        joint = ";"
        while True:
            self.skip_blank("\n;&" if joint == ";" else "\n")
            if self.is_at_end or (end and self.peek() == end):
                if joint != ";":
                    raise ShellSyntaxError("syntax error: unexpected end of file")
                return tuple(steps)
            steps.append(self._pipeline(joint))
            self.skip_blank()
            if self.peek(2) in ("&&", "||"):
                joint = self.take(2)
            elif self.is_at_end or self.peek() in (";", "\n", "&") or self.peek() == end:
                joint = ";"
            else:
                raise ShellSyntaxError(f'syntax error: unexpected "{self.peek()}"')

    def _pipeline(self, joint: str) -> Step:
        negated = self.peek(2) == "! "
        if negated:
            self.take(2)
        commands = [self._command()]
        while True:
            self.skip_blank()
            if self.peek() != "|" or self.peek(2) == "||":
                return Step(joint, tuple(commands), negated)
            self.take()
            self.skip_blank("\n")
            commands.append(self._command())

    def _command(self) -> Simple | Group:
        self.skip_blank()
        opening = self.peek()
        if opening == "(" or self.peek(2) in ("{ ", "{\n"):
            closing = ")" if self.take() == "(" else "}"
            script = self.script(closing)
            if self.take() != closing:
                raise ShellSyntaxError(f'syntax error: expecting "{closing}"')
            return Group(script, self._redirects(), opening == "(")
        return self._simple()

    def _redirects(self) -> tuple[Redirect, ...]:
        found = []
        while (redirect := self._redirect()) is not None:
            found.append(redirect)
        return tuple(found)

    def _simple(self) -> Simple:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        while True:
            redirect = self._redirect()
            if redirect is not None:
                redirects.append(redirect)
                continue
            if self.is_at_end or self.peek() in "\n;&|()":
                break
            word = self.word()
            name = _assigned(word) if not words else ""
            if name:
                assignments.append((name, _after_equals(word, len(name) + 1)))
            else:
                words.append(word)
        if not assignments and not words and not redirects:
            raise ShellSyntaxError(f'syntax error: unexpected "{self.peek() or "end of file"}"')
        if words and len(words[0]) == 1 and words[0][0].text in _KEYWORDS and not words[0][0].quoted:
            raise ShellSyntaxError(f'syntax error: this simulated shell does not know "{words[0][0].text}"')
        return Simple(tuple(assignments), tuple(words), tuple(redirects))

    def _redirect(self) -> Redirect | None:
        self.skip_blank()
        stream = None
        if self.peek().isdigit() and self.text[self.position + 1 : self.position + 2] in ("<", ">"):
            stream = int(self.take())
        if self.peek() not in ("<", ">") or self.is_at_end:
            return None
        if self.take() == "<":
            self.skip_blank()
            return Redirect(0, self.word())
        append = self.peek() == ">" and bool(self.take())
        if self.peek() == "&":
            self.take()
            return Redirect(1 if stream is None else stream, None, same_as=int(self.take() or "1"))
        self.skip_blank()
        return Redirect(1 if stream is None else stream, self.word(), append)

    # ---------------------------------------------------------------- words

    def word(self) -> Word:
        """Read one word."""
        pieces: list[Piece] = []
        while not self.is_at_end and self.peek() not in _ENDS:
            sign = self.peek()
            if sign == "'":
                pieces.append(Piece(self._until("'"), True))
            elif sign == '"':
                pieces.extend(self._double())
            elif sign == "\\":
                self.take()
                pieces.append(Piece(self.take(), True))
            elif sign in ("$", "`"):
                pieces.append(self._dollar(quoted=False))
            else:
                pieces.append(Piece(self._plain(), False))
        if not pieces:
            raise ShellSyntaxError(f'syntax error: unexpected "{self.peek() or "end of file"}"')
        return tuple(pieces)

    def _plain(self) -> str:
        start = self.position
        while not self.is_at_end and self.peek() not in _ENDS + "'\"\\$`":
            self.position += 1
        return self.text[start : self.position]

    def _until(self, sign: str) -> str:
        self.take()
        end = self.text.find(sign, self.position)
        if end < 0:
            raise ShellSyntaxError("syntax error: unterminated quoted string")
        found = self.text[self.position : end]
        self.position = end + 1
        return found

    def _double(self) -> list[Piece]:
        self.take()
        pieces = [Piece("", True)]
        while self.peek() != '"':
            if self.is_at_end:
                raise ShellSyntaxError("syntax error: unterminated quoted string")
            if self.peek() in ("$", "`"):
                pieces.append(self._dollar(quoted=True))
            elif self.peek() == "\\" and self.peek(2)[1:] in ("$", '"', "\\", "`"):
                pieces.append(Piece(self.take(2)[1], True))
            else:
                pieces.append(Piece(self.take(), True))
        self.take()
        return pieces

    def _dollar(self, *, quoted: bool) -> Piece:
        if self.peek() == "`":
            return Piece("", quoted, "command", script=parse(self._until("`")))
        self.take()
        if self.peek() == "(":
            self.take()
            script = self.script(")")
            if self.take() != ")":
                raise ShellSyntaxError("syntax error: unterminated command substitution")
            return Piece("", quoted, "command", script=script)
        if self.peek() == "{":
            return self._braces(quoted)
        if self.peek() and self.peek() in "?$#@*0123456789":
            return Piece(self.take(), quoted, "variable")
        start = self.position
        while self.peek() == "_" or self.peek().isalnum():
            self.position += 1
        name = self.text[start : self.position]
        return Piece(name, quoted, "variable") if name else Piece("$", quoted)

    def _braces(self, quoted: bool) -> Piece:
        inside = self._until("}")
        for operator in (":-", ":=", "-", ":+"):
            name, found, other = inside.partition(operator)
            if found and (name.isidentifier() or name.isdigit()):
                return Piece(name, quoted, "variable", operator, other)
        is_name = inside.removeprefix("#").isidentifier() or inside.isdigit() or inside in ("?", "$", "#", "@", "*")
        if not is_name:
            raise ShellSyntaxError("syntax error: bad substitution")
        operator = "#" if inside.startswith("#") and len(inside) > 1 else ""
        return Piece(inside.removeprefix(operator), quoted, "variable", operator)


def _assigned(word: Word) -> str:
    """Return the name that a word like ``NAME=value`` sets, else nothing."""
    first = word[0]
    name, equals, _ = first.text.partition("=")
    return name if first.kind == "text" and not first.quoted and equals and name.isidentifier() else ""


def _after_equals(word: Word, length: int) -> Word:
    return (Piece(word[0].text[length:], True), *word[1:])
