"""What containers print: lines by family of image, the same for the same container every time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from attrs import frozen

from adapters.sandbox._controllers._chance import Chance
from adapters.sandbox._controllers._log_texts import FAMILIES, Moment
from flowcore.model import Manifest


@frozen
class LogLine:
    """A line and the moment it was printed."""

    moment: datetime
    text: str


@frozen(kw_only=True)
class Story:
    """One run of a container, from which its lines follow.

    Attributes:
        pod: name of the pod.
        container: the container of the pod's spec.
        address: the pod's address.
        restart: the how-manieth start it is.
        started: when it began.
        ended: when it ended; None while it runs.
        exit_code: the code it ended with.
        printed: what its own command prints and when, in seconds; None when that cannot be told.
        is_task: whether it is meant to end.
        chance: decides what differs between containers.
    """

    pod: str
    container: Manifest
    address: str
    restart: int
    started: datetime
    ended: datetime | None = None
    exit_code: int = 0
    printed: tuple[tuple[float, str], ...] | None = None
    is_task: bool = False
    chance: Chance

    @property
    def family(self) -> str:
        """The family its image belongs to."""
        name = str(self.container.get("image", "")).partition("@")[0].rpartition("/")[2].partition(":")[0]
        return next((family for family in FAMILIES if family in name), "generic")

    def lines(self) -> Iterator[LogLine]:
        """Yield the lines in order, without end while the container runs."""
        yield LogLine(self.started, self._opening())
        if self.printed is not None:
            for seconds, text in self.printed:
                moment = self.started + timedelta(seconds=seconds, milliseconds=5)
                if self.ended is not None and moment > self.ended + timedelta(seconds=1):  # it was stopped before
                    return
                yield LogLine(moment, text)
            return
        last = self.started
        for line in self._start():
            last = line.moment
            yield line
        for line in self._course(last):
            if self.ended is not None and line.moment >= self.ended:
                break
            yield line
        yield from self._closing(last)

    def _opening(self) -> str:
        image = self.container.get("image", "")
        return f'flowcore sandbox: simulated output of container "{self.container.get("name")}" ({image})'

    def _start(self) -> Iterator[LogLine]:
        """Yield the lines of a start; they are there however soon the container ends."""
        moment = self.started
        for number, text in enumerate(FAMILIES[self.family].starting):
            moment += timedelta(milliseconds=self._draw(4, 40, "start", number))
            yield LogLine(moment, text(self._context(moment, number)))

    def _course(self, moment: datetime) -> Iterator[LogLine]:
        if self.is_task:
            return
        family, number = FAMILIES[self.family], 0
        low, high = self._pace(family.pace)
        while True:
            moment += timedelta(seconds=self._draw(low, high, "step", number))
            text = family.running[number % len(family.running)]
            yield LogLine(moment, text(self._context(moment, number)))
            number += 1

    def _closing(self, last: datetime) -> Iterator[LogLine]:
        if self.ended is None:
            return
        moment = max(self.ended, last)
        if self.exit_code:
            yield LogLine(moment, f"fatal: the container ends with exit code {self.exit_code}")
        elif self.is_task:
            yield LogLine(moment, f"done in {(self.ended - self.started).total_seconds():.0f}s")

    def _pace(self, pace: tuple[float, float]) -> tuple[float, float]:
        probe = self.container.get("readinessProbe") or self.container.get("livenessProbe") or {}
        period = float(probe.get("periodSeconds") or 10)
        return (period, period + 0.01) if "httpGet" in probe and self.family in ("nginx", "httpd") else pace

    def _draw(self, low: float, high: float, *what: object) -> float:
        return self.chance.between(low, high, "log", self.pod, self.container.get("name"), self.restart, *what)

    def _context(self, moment: datetime, number: int) -> Moment:
        ports = [int(port.get("containerPort") or 0) for port in self.container.get("ports") or ()]
        probe = (self.container.get("readinessProbe") or self.container.get("livenessProbe") or {}).get("httpGet") or {}
        image = str(self.container.get("image", ""))
        return Moment(
            at=moment,
            number=number,
            draw=int(self._draw(0, 1_000_000, "text", number)),
            image=image,
            tag=image.partition("@")[0].rpartition("/")[2].partition(":")[2],
            port=ports[0] if ports else 0,
            probed=str(probe.get("path") or "/") if probe else "",
            address=self.address,
            pod=self.pod,
        )
