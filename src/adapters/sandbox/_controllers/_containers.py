"""One simulated container: pull, create, run, end, back off; each step at its own moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from attrs import define

from adapters.sandbox._controllers._chance import image_digest
from adapters.sandbox._controllers._objects import stamp
from flowcore.model import Manifest


class Stage(StrEnum):
    """Where a container is in its life."""

    QUEUED = "queued"
    PULLING = "pulling"
    PULL_FAILED = "pull-failed"
    CREATING = "creating"
    CONFIG_ERROR = "config-error"
    RUNNING = "running"
    ENDED = "ended"
    RESTARTING = "restarting"
    BACKING_OFF = "backing-off"


class Role(StrEnum):
    """What a container is in its pod."""

    INIT = "init"
    SIDECAR = "sidecar"
    APP = "app"


@define(kw_only=True)
class ContainerRun:
    """The life of one container.

    Attributes:
        spec: the container of the pod's spec.
        role: what it is in its pod.
        stage: where it is.
        due: when its next step comes by itself; None when it waits for something else.
        reason: why it waits, as its status shows it.
        message: the same for people.
        restarts: how often it was started again.
        setbacks: failed starts or pulls in a row, for the growing waits.
        started_at: when it last started.
        ready_at: when it becomes ready; None for never.
        unhealthy_at: when its probe fails next; None when it does not.
        ended: its last end, as a ``terminated`` state.
        previous: the end before the last one.
        id: the container's id; empty before its first start.
        pulled: whether the image is there.
    """

    spec: Manifest
    role: Role
    stage: Stage = Stage.QUEUED
    due: datetime | None = None
    reason: str = ""
    message: str = ""
    restarts: int = 0
    setbacks: int = 0
    started_at: datetime | None = None
    ready_at: datetime | None = None
    unhealthy_at: datetime | None = None
    is_ready: bool = False
    exit_code: int = 0
    ended: Manifest | None = None
    previous: Manifest | None = None
    id: str = ""
    pulled: bool = False

    @property
    def name(self) -> str:
        """Its name in the pod."""
        return str(self.spec.get("name", ""))

    @property
    def image(self) -> str:
        """Its image as the spec names it."""
        return str(self.spec.get("image", ""))

    @property
    def path(self) -> str:
        """Where events say it stands."""
        group = "containers" if self.role is Role.APP else "initContainers"
        return f"spec.{group}{{{self.name}}}"

    @property
    def is_done(self) -> bool:
        """Whether it ended and will not be started again."""
        return self.stage is Stage.ENDED

    @property
    def has_succeeded(self) -> bool:
        """Whether it ended well and for good."""
        return self.is_done and self.exit_code == 0

    @property
    def is_running(self) -> bool:
        """Whether it runs now."""
        return self.stage is Stage.RUNNING

    def enter(self, stage: Stage, due: datetime | None = None, reason: str = "", message: str = "") -> None:
        """Go to a stage; without a new reason the status keeps showing the old one."""
        self.stage, self.due = stage, due
        if reason:
            self.reason, self.message = reason, message

    def start(self, now: datetime, container_id: str) -> None:
        """Begin to run."""
        self.id, self.started_at, self.is_ready = container_id, now, False
        self.ready_at = self.unhealthy_at = None
        self.enter(Stage.RUNNING)

    def end(self, now: datetime, code: int, reason: str = "") -> None:
        """Stop running for good, until something starts it again."""
        self.exit_code, self.is_ready = code, False
        self.ready_at = self.unhealthy_at = None
        started = self.started_at or now
        self.previous = self.ended
        self.ended = {
            "exitCode": code,
            "reason": reason or ("Completed" if code == 0 else "Error"),
            "startedAt": stamp(started),
            "finishedAt": stamp(now),
            "containerID": self.id,
        }
        self.enter(Stage.ENDED)

    def ran_for(self, now: datetime) -> timedelta:
        """Return how long it has been running."""
        return now - (self.started_at or now)

    def next_moment(self) -> datetime | None:
        """Return when something next happens by itself."""
        moments = [moment for moment in (self.due, self.unhealthy_at) if moment is not None]
        if self.is_running and not self.is_ready and self.ready_at is not None:
            moments.append(self.ready_at)
        return min(moments, default=None)

    def state(self) -> Manifest:
        """Return the current state as a container status shows it."""
        if self.is_running and self.started_at is not None:
            return {"running": {"startedAt": stamp(self.started_at)}}
        if self.stage in (Stage.ENDED, Stage.RESTARTING) and self.ended is not None:
            return {"terminated": self.ended}
        waiting = {"reason": self.reason, "message": self.message}
        return {"waiting": {key: value for key, value in waiting.items() if value}}

    def status(self) -> Manifest:
        """Return the container status."""
        has_last = self.restarts > 0 or self.stage is Stage.BACKING_OFF
        shows_end = self.stage in (Stage.ENDED, Stage.RESTARTING)
        last = self.previous if shows_end else self.ended
        ready = self.has_succeeded if self.role is Role.INIT else self.is_ready
        started = self.is_running and (self.ready_at is None or not self.spec.get("startupProbe") or self.is_ready)
        return {
            "name": self.name,
            "state": self.state(),
            "lastState": {"terminated": last} if has_last and last else {},
            "ready": ready,
            "started": started,
            "restartCount": self.restarts,
            "image": full_image(self.image),
            "imageID": image_id(self.image) if self.id else "",
            **({"containerID": self.id} if self.id else {}),
        }


def full_image(image: str) -> str:
    """Return an image name with registry and tag, as a container runtime reports it."""
    name, _, digest = image.partition("@")
    first, slash, _ = name.partition("/")
    has_registry = bool(slash) and ("." in first or ":" in first or first == "localhost")
    if not has_registry:
        name = f"docker.io/{name if slash else 'library/' + name}"
    if digest:
        return f"{name}@{digest}"
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def image_id(image: str) -> str:
    """Return an image's name by digest."""
    full = full_image(image)
    if "@" in full:
        return full
    return f"{full.rpartition(':')[0]}@{image_digest(full)}"
