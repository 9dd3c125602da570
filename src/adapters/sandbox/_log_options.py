"""What a reader of a log asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from adapters.sandbox._controllers._objects import moment_of, spec
from adapters.sandbox._status import Cause, bad_request, invalid
from flowcore.model import Manifest


@frozen(kw_only=True)
class LogOptions:
    """The options of a log request.

    Attributes:
        container: its name, empty when none was given.
        follow: whether to go on until the container ends.
        previous: whether the run before the last start is meant.
        timestamps: whether each line begins with its moment.
        tail: only so many of the last lines; None for all.
        since: only lines from this moment on.
        since_seconds: only lines of so many last seconds.
        limit: at most so many bytes.
    """

    container: str = ""
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail: int | None = None
    since: datetime | None = None
    since_seconds: int | None = None
    limit: int | None = None


def containers_of(pod: Manifest) -> tuple[list[Manifest], list[Manifest]]:
    """Return a pod's containers and its init containers."""
    return list(spec(pod).get("containers") or ()), list(spec(pod).get("initContainers") or ())


def log_options(query: Mapping[str, str | Sequence[str]]) -> LogOptions:
    """Read the options of a request.

    Raises:
        StatusError: 400 for what is no number or moment, 422 for numbers and combinations that are not allowed.
    """
    options = LogOptions(
        container=_text(query, "container"),
        follow=_flag(query, "follow"),
        previous=_flag(query, "previous"),
        timestamps=_flag(query, "timestamps"),
        tail=_number(query, "tailLines"),
        since=_moment(query, "sinceTime"),
        since_seconds=_number(query, "sinceSeconds"),
        limit=_number(query, "limitBytes"),
    )
    problems = list(_problems(options))
    if problems:
        raise invalid("PodLogOptions", "", "", problems)
    return options


def _problems(options: LogOptions) -> list[Cause]:
    reason = "FieldValueInvalid"
    found = []
    if options.tail is not None and options.tail < 0:
        found.append(Cause(reason, f"Invalid value: {options.tail}: must be greater than or equal to 0", "tailLines"))
    if options.limit is not None and options.limit < 1:
        found.append(Cause(reason, f"Invalid value: {options.limit}: must be greater than 0", "limitBytes"))
    if options.since_seconds is not None and options.since_seconds < 1:
        found.append(Cause(reason, f"Invalid value: {options.since_seconds}: must be greater than 0", "sinceSeconds"))
    if options.since is not None and options.since_seconds is not None:
        text = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        found.append(Cause("FieldValueForbidden", text, ""))
    return found


def _text(query: Mapping[str, str | Sequence[str]], name: str) -> str:
    value = query.get(name, "")
    return value if isinstance(value, str) else (value[-1] if value else "")


def _flag(query: Mapping[str, str | Sequence[str]], name: str) -> bool:
    return _text(query, name).lower() in ("true", "1")


def _number(query: Mapping[str, str | Sequence[str]], name: str) -> int | None:
    text = _text(query, name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _moment(query: Mapping[str, str | Sequence[str]], name: str) -> datetime | None:
    text = _text(query, name)
    moment = moment_of(text)
    if text and moment is None:
        raise bad_request(f'parsing time "{text}" as RFC 3339: cannot parse')
    return moment
