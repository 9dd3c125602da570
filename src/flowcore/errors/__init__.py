"""The one family of errors, and findings: what is wrong, where, why it matters and what to do."""

from flowcore.errors._family import (
    ConflictError,
    FlowcoreError,
    ForbiddenError,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from flowcore.errors._findings import Edit, Finding, Place, Severity, errors_of, finding_to_json

__all__ = [
    "ConflictError",
    "Edit",
    "Finding",
    "FlowcoreError",
    "ForbiddenError",
    "InvalidInputError",
    "LimitExceededError",
    "NotFoundError",
    "Place",
    "Severity",
    "UnauthenticatedError",
    "UnavailableError",
    "errors_of",
    "finding_to_json",
]
