"""The logs of simulated pods."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from attrs import evolve, frozen

from adapters.sandbox._controllers import Controllers
from adapters.sandbox._controllers._chance import Chance
from adapters.sandbox._controllers._log_lines import LogLine, Story
from adapters.sandbox._controllers._objects import moment_of, spec, status
from adapters.sandbox._controllers._program import program_of
from adapters.sandbox._controllers._seams import Store
from adapters.sandbox._controllers._sources import lookup_in
from adapters.sandbox._log_options import LogOptions, containers_of, log_options
from adapters.sandbox._status import StatusError, bad_request, not_found
from flowcore.model import Manifest

_WAITS = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}


async def pod_log(
    store: Store, controllers: Controllers, namespace: str, name: str, query: Mapping[str, str | Sequence[str]]
) -> AsyncIterator[bytes]:
    """Return a container's log as chunks of whole lines.

    Args:
        store: the cluster's objects.
        controllers: whose time and chance the lines follow.
        namespace: the pod's namespace.
        name: the pod's name.
        query: container, follow, previous, sinceSeconds, sinceTime, tailLines, timestamps, limitBytes.

    Raises:
        StatusError: 404 for an unknown pod; 400 for a container that is ambiguous, unknown or has not started; 422 for
            options that make no sense. Nothing was sent then.
    """
    pod = store.get("v1", "Pod", namespace, name)
    if pod is None:
        raise not_found("pods", "", name)
    options = log_options(query)
    container = _chosen(pod, options.container)
    if not spec(pod).get("nodeName"):
        return _nothing()
    teller = _Teller(store, controllers, pod, container, options)
    story = teller.story(pod)
    return _limited(teller.follow(story) if options.follow else teller.tell(story), options.limit)


async def _nothing() -> AsyncIterator[bytes]:
    nothing: tuple[bytes, ...] = ()
    for chunk in nothing:
        yield chunk


async def _limited(chunks: AsyncIterator[bytes], limit: int | None) -> AsyncIterator[bytes]:
    left = limit
    async for chunk in chunks:
        part = chunk if left is None else chunk[:left]
        if part:
            yield part
        if left is not None:
            left -= len(part)
            if left <= 0:
                return


def _chosen(pod: Manifest, name: str) -> Manifest:
    containers, inits = containers_of(pod)
    if name:
        found = next((one for one in (*containers, *inits) if one.get("name") == name), None)
        if found is None:
            raise bad_request(f"container {name} is not valid for pod {pod['metadata']['name']}")
        return found
    if len(containers) == 1:
        return containers[0]
    names = " ".join(str(one.get("name")) for one in containers)
    text = f"a container name must be specified for pod {pod['metadata']['name']}, choose one of: [{names}]"
    if inits:
        text += f" or one of the init containers: [{' '.join(str(one.get('name')) for one in inits)}]"
    raise bad_request(text)


@frozen
class _Teller:
    """Tells the log of one container."""

    store: Store
    controllers: Controllers
    pod: Manifest
    container: Manifest
    options: LogOptions

    # ---------------------------------------------------------------- which run

    def story(self, pod: Manifest) -> Story:
        """Return the story of the run that was asked for.

        Raises:
            StatusError: 400 when there was no such run yet.
        """
        run = self._status(pod)
        state, restarts = run.get("state") or {}, int(run.get("restartCount") or 0)
        last = (run.get("lastState") or {}).get("terminated")
        if self.options.previous:
            if last is None:
                raise self._refusal("previous terminated container {container} in pod {pod} not found")
            return self._ended(last, max(restarts - 1, 0))
        if "running" in state:
            return self._story(restarts, state["running"].get("startedAt"))
        end: Manifest | None = state.get("terminated") or last
        if end is not None:
            return self._ended(end, restarts)
        reason = str((state.get("waiting") or {}).get("reason") or "ContainerCreating")
        raise self._refusal(f"container {{container}} in pod {{pod}} is waiting to start: {_WAITS.get(reason, reason)}")

    def _status(self, pod: Manifest) -> Manifest:
        runs = (*(status(pod).get("containerStatuses") or ()), *(status(pod).get("initContainerStatuses") or ()))
        name = self.container.get("name")
        return next((run for run in runs if run.get("name") == name), {})

    def _refusal(self, text: str) -> StatusError:
        container, pod = f'"{self.container.get("name")}"', f'"{self.pod["metadata"]["name"]}"'
        return bad_request(text.format(container=container, pod=pod))

    def _ended(self, end: Manifest, restart: int) -> Story:
        story = self._story(restart, end.get("startedAt"))
        ended = moment_of(end.get("finishedAt")) or story.started
        return evolve(story, ended=max(ended, story.started), exit_code=int(end.get("exitCode") or 0))

    def _story(self, restart: int, started: object) -> Story:
        began = moment_of(started) or self.controllers.clock.now()
        program = program_of(lookup_in(self.store), self.pod, self.container, lambda: began)
        _, inits = containers_of(self.pod)
        is_init = any(one is self.container for one in inits) and self.container.get("restartPolicy") != "Always"
        return Story(
            pod=str(self.pod["metadata"]["name"]),
            container=self.container,
            address=str(status(self.pod).get("podIP", "")),
            restart=restart,
            started=began,
            printed=None if program is None else program.lines,
            is_task=is_init or spec(self.pod).get("restartPolicy") in ("Never", "OnFailure"),
            chance=Chance(self.controllers.seed),
        )

    # ---------------------------------------------------------------- telling

    async def tell(self, story: Story) -> AsyncIterator[bytes]:
        """Yield what was printed by now."""
        yield self._text(self._wanted(self._printed(story)))

    async def follow(self, story: Story) -> AsyncIterator[bytes]:
        """Yield what was printed, and what is printed from now on until the container ends."""
        changed = asyncio.Event()
        unsubscribe = self.store.subscribe(lambda _, obj: changed.set() if self._is_pod(obj) else None)
        try:
            printed = list(self._printed(story))
            told = len(printed)
            yield self._text(self._wanted(iter(printed)))
            while story.ended is None:
                await self._wait(story, told, changed)
                story = self._renewed(story)
                fresh = [line for line in islice(self._printed(story), told, None) if self._is_recent(line)]
                told += len(fresh)
                if fresh:
                    yield self._text(iter(fresh))
        finally:
            unsubscribe()

    def _is_pod(self, obj: Manifest) -> bool:
        return bool(obj["kind"] == "Pod" and obj["metadata"].get("uid") == self.pod["metadata"].get("uid"))

    async def _wait(self, story: Story, told: int, changed: asyncio.Event) -> None:
        """Wait until the next line is due or the pod changes."""
        following = next(islice(story.lines(), told, None), None)
        timer = None
        if following is not None:
            delay = (following.moment - self.controllers.clock.now()).total_seconds()
            timer = self.controllers.clock.call_later(max(delay, 0.001), changed.set)
        try:
            await changed.wait()
            changed.clear()
        finally:
            if timer is not None:
                timer.cancel()

    def _renewed(self, story: Story) -> Story:
        """Return the same run as it is now: perhaps it has ended."""
        metadata = self.pod["metadata"]
        pod = self.store.get("v1", "Pod", str(metadata.get("namespace")), str(metadata["name"]))
        now = self.controllers.clock.now()
        if pod is None or pod["metadata"].get("uid") != metadata.get("uid"):
            return evolve(story, ended=now)
        run = self._status(pod)
        if "running" in (run.get("state") or {}) and int(run.get("restartCount") or 0) == story.restart:
            return story
        ends = [(run.get("state") or {}).get("terminated"), (run.get("lastState") or {}).get("terminated")]
        end: Manifest = next((end for end in ends if end), {})
        return evolve(story, ended=now, exit_code=int(end.get("exitCode") or 0))

    def _printed(self, story: Story) -> Iterator[LogLine]:
        now = self.controllers.clock.now()
        for line in story.lines():
            if line.moment > now:
                return
            yield line

    def _wanted(self, lines: Iterator[LogLine]) -> Iterator[LogLine]:
        recent = (line for line in lines if self._is_recent(line))
        tail = self.options.tail
        return recent if tail is None else iter(deque(recent, maxlen=tail))

    def _is_recent(self, line: LogLine) -> bool:
        since = self.options.since
        if self.options.since_seconds is not None:
            since = self.controllers.clock.now() - timedelta(seconds=self.options.since_seconds)
        return since is None or line.moment >= since

    def _text(self, lines: Iterator[LogLine]) -> bytes:
        return "".join(f"{self._stamp(line.moment)}{line.text}\n" for line in lines).encode()

    def _stamp(self, moment: datetime) -> str:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z ") if self.options.timestamps else ""
