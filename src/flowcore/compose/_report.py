"""The findings of one import, in the order they were made."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from flowcore.compose._gaps import Gaps
from flowcore.compose._marks import NOWHERE, Mark
from flowcore.errors import Finding, InvalidInputError, Place, Severity, errors_of

#: Most values that the ranges of ports and the env files of one project may stand for.
MAX_WRITTEN_OUT = 100_000
#: How often a value must fail before it is left out.
_LEFT_OUT = 2


@define
class Report:
    """Collects what is wrong or worth knowing; nothing is told twice.

    Attributes:
        findings: what was found, oldest first.
        unset: marks of values that used a variable nobody gave.
        unset_variables: the places of these values by the name of the variable.
        replaced: characters that variables put into texts so far.
        is_lenient: a variable that is required and missing is a warning: there shall be a drawing all the same.
        without: how often, by file and path, a value that needs a missing variable could not be used: the first time
            it is mended if that can be done, then it is left out.
    """

    findings: list[Finding] = field(factory=list)
    unset: set[Mark] = field(factory=set)
    unset_variables: dict[str, list[Place]] = field(factory=dict)
    replaced: int = 0
    is_lenient: bool = False
    without: dict[tuple[str, str], int] = field(factory=dict)
    _seen: set[Finding] = field(factory=set)
    _missed: set[tuple[str, Place]] = field(factory=set)
    _written_out: int = 0

    def add(self, finding: Finding) -> None:
        """Keep *finding* unless the very same one is there already."""
        if finding not in self._seen:
            self._seen.add(finding)
            self.findings.append(finding)

    def write_out(self, count: int, mark: Mark, path: str) -> bool:
        """Count values that ranges and env files stand for; False, after one error, when they are too many."""
        was_fine = self._written_out <= MAX_WRITTEN_OUT
        self._written_out += count
        if self._written_out <= MAX_WRITTEN_OUT:
            return True
        if was_fine:
            message = f"ranges of ports and shared env files stand for more than {MAX_WRITTEN_OUT} values"
            self.error("compose-limit", message, mark, path=path, fix="name only the ports and variables that are used")
        return False

    def miss(self, name: str, place: Place) -> None:
        """Note that a value needs a variable that nobody gave."""
        if (name, place) not in self._missed:
            self._missed.add((name, place))
            self.unset_variables.setdefault(name, []).append(place)

    def blamed(self, errors: Iterable[Finding]) -> dict[tuple[str, str], int]:
        """Return what to do without, so that those of *errors* go away that are a missing variable's fault."""
        gaps = Gaps.of(place for places in self.unset_variables.values() for place in places)
        blamed = dict(self.without)
        for key in {gaps.behind(error.place) for error in errors}:
            if key is not None and self.without.get(key, 0) < _LEFT_OUT:
                blamed[key] = self.without.get(key, 0) + 1
        return blamed

    def error(
        self, rule: str, message: str, at: Mark | Place = NOWHERE, *, path: str = "", why: str = "", fix: str = ""
    ) -> None:
        """Report what makes the import impossible."""
        self._tell(Severity.ERROR, rule, message, at, path, why, fix)

    def warn(
        self, rule: str, message: str, at: Mark | Place = NOWHERE, *, path: str = "", why: str = "", fix: str = ""
    ) -> None:
        """Report what will behave otherwise than under Compose."""
        self._tell(Severity.WARNING, rule, message, at, path, why, fix)

    def info(
        self, rule: str, message: str, at: Mark | Place = NOWHERE, *, path: str = "", why: str = "", fix: str = ""
    ) -> None:
        """Explain a decision."""
        self._tell(Severity.INFO, rule, message, at, path, why, fix)

    def _tell(
        self, severity: Severity, rule: str, message: str, at: Mark | Place, path: str, why: str, fix: str
    ) -> None:
        place = at.place(path) if isinstance(at, Mark) else at
        self.add(Finding(rule=rule, severity=severity, message=message, place=place, why=why, fix=fix))

    def stop_on_errors(self) -> None:
        """Raise with every finding when one of them is an error.

        Raises:
            InvalidInputError: at least one finding is an error; all findings are in it, errors first.
        """
        errors = errors_of(self.findings)
        if errors:
            rest = [finding for finding in self.findings if not finding.is_error]
            message = "\n".join(str(finding) for finding in errors)
            raise InvalidInputError([*errors, *rest], message=message, code="compose.invalid")
