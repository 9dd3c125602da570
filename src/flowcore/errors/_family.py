"""The errors. Each says whose fault it is (its class), what happened (``code``), and carries data first, text last."""

from __future__ import annotations

from collections.abc import Iterable

from flowcore.errors._findings import Finding, Place


class FlowcoreError(Exception):
    """Every error that flowcore raises on purpose.

    Attributes:
        code: stable dotted word for programs, like ``workflow.not_found``.
        message: one sentence for people; it never holds a secret.
    """

    code = "internal"

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        if code:
            self.code = code


class InvalidInputError(FlowcoreError):
    """The caller can send something else; ``findings`` lists every problem at once.

    Attributes:
        findings: the problems, each with its place; never empty.
    """

    code = "input.invalid"

    def __init__(self, findings: Iterable[Finding], *, message: str = "", code: str = "") -> None:
        self.findings = tuple(findings)
        super().__init__(message or "\n".join(str(finding) for finding in self.findings), code=code)

    @classmethod
    def of(
        cls, message: str, *, rule: str = "invalid", path: str = "", code: str = "", fix: str = ""
    ) -> InvalidInputError:
        """Make the error from a single problem at a field *path*."""
        return cls([Finding(rule=rule, message=message, place=Place(path=path), fix=fix)], message=message, code=code)


class NotFoundError(FlowcoreError):
    """It is not there, or not visible to the caller."""

    code = "not_found"


class ConflictError(FlowcoreError):
    """It changed under the caller, or something else already has its place."""

    code = "conflict"


class UnauthenticatedError(FlowcoreError):
    """It is not known who is calling."""

    code = "unauthenticated"


class ForbiddenError(FlowcoreError):
    """The caller is known and may not."""

    code = "forbidden"


class LimitExceededError(FlowcoreError):
    """Too large, too many or too fast; ``retry_after`` seconds later it may work, 0 when it never will.

    Attributes:
        retry_after: seconds to wait before another try; 0 when waiting does not help.
    """

    code = "limit"

    def __init__(self, message: str, *, code: str = "", retry_after: float = 0) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class UnavailableError(FlowcoreError):
    """Something outside did not answer; trying again later may work."""

    code = "unavailable"
