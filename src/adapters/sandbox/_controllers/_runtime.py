"""The container runtime: takes each container of a pod one step further when the step is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import define, field

from adapters.sandbox._controllers._behaviour import Behaviour, behaviour
from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._containers import ContainerRun, Role, Stage
from adapters.sandbox._controllers._objects import name_of, namespace_of, spec, uid_of
from adapters.sandbox._controllers._pod_status import may_start
from adapters.sandbox._controllers._probes import has_probe, probe_delay, probe_failure, probe_period
from adapters.sandbox._controllers._program import Program, program_of
from adapters.sandbox._controllers._sources import UnresolvedError, environment
from flowcore.model import Manifest

#: Ranges of seconds that the steps of a container take.
_PULL, _CREATE, _CRASH, _INIT, _TASK, _READY = (0.3, 0.8), (0.05, 0.15), (0.3, 0.6), (0.1, 0.3), (0.5, 1.5), (0.05, 0.2)
#: Waits between failed tries: a tenth of the kubelet's.
_FIRST_WAIT, _LAST_WAIT = 1.0, 30.0
_QUICK_RESTART = 0.1
_FORGIVEN_AFTER = timedelta(minutes=10)


@define
class Runtime:
    """Runs the containers of every pod of the node.

    Attributes:
        cluster: where events go and chance comes from.
        images: the images that are on the node.
    """

    cluster: Cluster
    images: set[str] = field(factory=set)

    def advance(self, pod: Manifest, runs: Sequence[ContainerRun], pod_ip: str) -> None:
        """Take every container of a pod as far as it gets by now."""
        pace = _Pace(self, pod, pod_ip, self.cluster.now())
        for _ in range(100):
            steps = [pace.step(run, runs, position) for position, run in enumerate(runs)]
            if not any(steps):
                break
        _stop_sidecars(runs, pace.now)


def _stop_sidecars(runs: Sequence[ContainerRun], now: datetime) -> None:
    apps = [run for run in runs if run.role is Role.APP]
    if apps and all(run.is_done for run in apps):
        for run in runs:
            if run.role is Role.SIDECAR and run.is_running:
                run.end(now, 0)


@define
class _Pace:
    """One pod at one moment."""

    runtime: Runtime
    pod: Manifest
    pod_ip: str
    now: datetime

    def step(self, run: ContainerRun, runs: Sequence[ContainerRun], position: int) -> bool:
        """Do what is due for one container; say whether anything was."""
        if run.stage is Stage.QUEUED:
            if not may_start(runs, position):
                return False
            self._begin(run)
            return True
        if run.stage is Stage.CONFIG_ERROR:
            return self._create(run)
        if run.stage is Stage.RUNNING:
            self._check_health(run)
        if run.due is None or run.due > self.now:
            return False
        self._due(run)
        return True

    def _due(self, run: ContainerRun) -> None:
        if run.stage is Stage.PULLING:
            self._pulled(run)
        elif run.stage is Stage.PULL_FAILED:
            self._retry_pull(run)
        elif run.stage is Stage.CREATING:
            self._create(run)
        elif run.stage in (Stage.BACKING_OFF, Stage.RESTARTING):
            run.restarts += 1
            self._begin(run)
        elif run.stage is Stage.RUNNING:
            self._ended(run)

    # ---------------------------------------------------------------- image

    def _begin(self, run: ContainerRun) -> None:
        reason = "PodInitializing" if run.role is not Role.INIT and spec(self.pod).get("initContainers") else ""
        policy = run.spec.get("imagePullPolicy") or ("Always" if run.image.endswith(":latest") else "IfNotPresent")
        told = self._told(run)
        if told.pull_fails or run.image not in self.runtime.images or (policy == "Always" and run.restarts == 0):
            if policy == "Never" and not told.pull_fails:
                self._use_present(run, reason)
                return
            self._event(run, "Pulling", f'Pulling image "{run.image}"')
            run.enter(Stage.PULLING, self._in(_PULL, run, "pull"), reason or "ContainerCreating")
        else:
            self._use_present(run, reason)

    def _use_present(self, run: ContainerRun, reason: str) -> None:
        self._event(run, "Pulled", f'Container image "{run.image}" already present on machine')
        self._pulled_into(run, reason)

    def _pulled(self, run: ContainerRun) -> None:
        if self._told(run).pull_fails:
            text = f'failed to pull and unpack image "{run.image}": {run.image}: not found'
            self._event(run, "Failed", f'Failed to pull image "{run.image}": {text}', warning=True)
            self._event(run, "Failed", "Error: ErrImagePull", warning=True)
            run.setbacks += 1
            run.enter(Stage.PULL_FAILED, self.now + timedelta(seconds=_FIRST_WAIT / 2), "ErrImagePull", text)
            return
        took = round(self._draw(_PULL, run, "pull") * 1000)
        size = 20_000_000 + self.runtime.cluster.chance.pick(180_000_000, "size", run.image)
        text = f'Successfully pulled image "{run.image}" in {took}ms ({took}ms including waiting).'
        self._event(run, "Pulled", f"{text} Image size: {size} bytes.")
        self.runtime.images.add(run.image)
        run.setbacks = 0 if run.restarts == 0 else run.setbacks
        self._pulled_into(run, "")

    def _retry_pull(self, run: ContainerRun) -> None:
        if run.reason == "ErrImagePull":
            wait = self._backoff(run.setbacks)
            self._event(run, "BackOff", f'Back-off pulling image "{run.image}"')
            self._event(run, "Failed", "Error: ImagePullBackOff", warning=True)
            text = f'Back-off pulling image "{run.image}"'
            run.enter(Stage.PULL_FAILED, self.now + wait, "ImagePullBackOff", text)
        else:
            self._event(run, "Pulling", f'Pulling image "{run.image}"')
            run.enter(Stage.PULLING, self._in(_PULL, run, "pull"))

    # ---------------------------------------------------------------- start

    def _pulled_into(self, run: ContainerRun, reason: str) -> None:
        told = self._told(run)
        slow = told.slow_start if run.restarts == 0 and not has_probe(run.spec) else 0.0
        due = self._in(_CREATE, run, "create") + timedelta(seconds=slow)
        run.enter(Stage.CREATING, due, reason)

    def _create(self, run: ContainerRun) -> bool:
        try:
            environment(self.runtime.cluster.get, self.pod, run.spec)
        except UnresolvedError as error:
            is_news = run.stage is not Stage.CONFIG_ERROR or run.message != str(error)
            if is_news:
                self._event(run, "Failed", f"Error: {error}", warning=True)
            run.enter(Stage.CONFIG_ERROR, None, "CreateContainerConfigError", str(error))
            return False
        self._event(run, "Created", f"Created container: {run.name}")
        self._event(run, "Started", f"Started container {run.name}")
        number = self.runtime.cluster.chance.hexadecimal(64, "id", *self._who(run))
        run.start(self.now, f"containerd://{number}")
        self._plan(run, program_of(self.runtime.cluster.get, self.pod, run.spec, self.runtime.cluster.now))
        return True

    def _plan(self, run: ContainerRun, program: Program | None) -> None:
        told = self._told(run)
        lasts, run.exit_code = self._lifetime(run, told, program)
        run.due = None if lasts is None else self.now + timedelta(seconds=lasts)
        crashes = told.told_exit is not None and told.run is None
        if run.role is Role.INIT or crashes:  # what ends at once is never seen ready, so a rollout stops at it
            return
        if not has_probe(run.spec):
            run.is_ready = told.is_ready
            run.unhealthy_at = None if told.is_ready else self._in(_READY, run, "probe")
            return
        first = timedelta(seconds=probe_delay(run.spec) + self._draw(_READY, run, "ready"))
        run.ready_at = self.now + first + timedelta(seconds=told.slow_start) if told.is_ready else None
        run.unhealthy_at = None if told.is_ready and not told.slow_start else self.now + first

    def _lifetime(self, run: ContainerRun, told: Behaviour, program: Program | None) -> tuple[float | None, int]:
        """Return how long the container runs (None: for ever) and the code it ends with."""
        if told.told_exit is not None:
            return (self._draw(_CRASH, run, "crash") if told.run is None else told.run), told.told_exit
        if program is not None:
            quick = self._draw(_INIT, run, "program")
            return (None if program.seconds is None else quick + program.seconds), program.exit_code
        if run.role is Role.INIT:
            return self._draw(_INIT, run, "init"), 0
        if run.role is Role.APP and spec(self.pod).get("restartPolicy") in ("Never", "OnFailure"):
            return self._draw(_TASK, run, "task"), 0
        return None, 0

    def _check_health(self, run: ContainerRun) -> None:
        if not run.is_ready and run.ready_at is not None and run.ready_at <= self.now:
            run.is_ready, run.unhealthy_at = True, None
        if run.unhealthy_at is not None and run.unhealthy_at <= self.now:
            self._event(run, "Unhealthy", probe_failure(run.spec, self.pod_ip), warning=True)
            run.unhealthy_at = self.now + timedelta(seconds=probe_period(run.spec))

    # ---------------------------------------------------------------- end

    def _ended(self, run: ContainerRun) -> None:
        code, lasted = run.exit_code, run.ran_for(self.now)
        run.end(self.now, code, "OOMKilled" if self._told(run).is_killed else "")
        if not self._restarts(run):
            return
        run.setbacks = 0 if lasted >= _FORGIVEN_AFTER else run.setbacks
        run.setbacks += 1
        if run.setbacks == 1:
            run.enter(Stage.RESTARTING, self.now + timedelta(seconds=_QUICK_RESTART))
            return
        wait = self._backoff(run.setbacks - 1)
        where = f"pod={name_of(self.pod)}_{namespace_of(self.pod)}({uid_of(self.pod)})"
        text = f"back-off {wait.total_seconds():g}s restarting failed container={run.name} {where}"
        where = f"pod {name_of(self.pod)}_{namespace_of(self.pod)}({uid_of(self.pod)})"
        self._event(run, "BackOff", f"Back-off restarting failed container {run.name} in {where}", warning=True)
        run.enter(Stage.BACKING_OFF, self.now + wait, "CrashLoopBackOff", text)

    def _restarts(self, run: ContainerRun) -> bool:
        policy = spec(self.pod).get("restartPolicy") or "Always"
        if run.role is Role.SIDECAR:
            return True
        if run.role is Role.INIT:
            return run.exit_code != 0 and policy != "Never"
        return policy == "Always" or (policy == "OnFailure" and run.exit_code != 0)

    # ---------------------------------------------------------------- small ones

    def _told(self, run: ContainerRun) -> Behaviour:
        return behaviour(self.pod, run.name)

    def _who(self, run: ContainerRun) -> tuple[object, ...]:
        return namespace_of(self.pod), name_of(self.pod), run.name, run.restarts

    def _draw(self, limits: tuple[float, float], run: ContainerRun, what: str) -> float:
        return self.runtime.cluster.chance.between(*limits, what, *self._who(run))

    def _in(self, limits: tuple[float, float], run: ContainerRun, what: str) -> datetime:
        return self.now + timedelta(seconds=self._draw(limits, run, what))

    def _backoff(self, tries: int) -> timedelta:
        return timedelta(seconds=min(_FIRST_WAIT * 2 ** (tries - 1), _LAST_WAIT))

    def _event(self, run: ContainerRun, reason: str, message: str, *, warning: bool = False) -> None:
        record = self.runtime.cluster.events.warning if warning else self.runtime.cluster.events.normal
        record(self.pod, reason, message, "kubelet", run.path)
