"""One open connection to a cluster: the port's methods."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from attrs import define, field

from adapters.kubernetes._applying import FIELD_MANAGER, Judge, secrets_of
from adapters.kubernetes._backoff import Backoff
from adapters.kubernetes._discovery import Discovery, segment
from adapters.kubernetes._errors import UNKNOWN_KIND, details_of, error_of, mask
from adapters.kubernetes._lines import Lines
from adapters.kubernetes._listing import list_selected
from adapters.kubernetes._transport import JSON, Answer, FailedTryError, Request, Transport
from adapters.kubernetes._watching import Watch
from flowcore.errors import FlowcoreError, UnavailableError
from flowcore.model import Manifest, ObjectRef
from flowcore.ports.cluster import Applied, RejectedError, Selection, WatchEvent

#: JSON is YAML; the server takes no other type for an apply.
_APPLY = "application/apply-patch+yaml"

_LONGEST_LOG_LINE = 2**20

#: Seconds without a byte after which a log that is not followed counts as lost.
_QUIET_LOG = 30.0


@define(eq=False)
class KubernetesConnection:
    """A ``ClusterConnection``; made by ``KubernetesClusters`` or ``connect_kubeconfig``, which close it.

    Attributes:
        namespace: where objects of namespaced kinds are that name no namespace.
    """

    _transport: Transport
    namespace: str = "default"
    _discovery: Discovery = field(init=False)
    _judge: Judge = field(init=False, factory=Judge)

    @_discovery.default
    def _make_discovery(self) -> Discovery:
        return Discovery(self._transport)

    async def version(self) -> str:
        """Return the API server's version, like ``v1.37.0``."""
        answer = await self._transport.call(Request(method="GET", path="/version"))
        return str(answer.body.get("gitVersion", "")) if isinstance(answer.body, dict) else ""

    async def apply(self, manifest: Manifest, *, force: bool = False, dry_run: bool = False) -> Applied:
        """Apply with server-side apply under flowcore's field manager; see the port."""
        # Strict: a field that the server does not know is refused, instead of being dropped with a warning.
        query = {
            "fieldManager": FIELD_MANAGER,
            "force": "true" if force else "false",
            "fieldValidation": "Strict",
        }
        if dry_run:
            query["dryRun"] = "All"
        try:
            path, answer = await self._ask("PATCH", _ref_of(manifest), query=query, body=manifest)
            live = _good(answer)
        except FlowcoreError as error:
            mask(error, secrets_of(manifest))
            raise
        operation = self._judge.judge(path, manifest, answer, dry_run=dry_run)
        if not dry_run:
            self._judge.applied(path, manifest, live)
        return Applied(live, operation)

    async def get(self, ref: ObjectRef) -> Manifest | None:
        """Return the live object, None when there is none or the cluster does not know its kind."""
        try:
            path, answer = await self._ask("GET", ref)
        except RejectedError as error:
            if error.code == UNKNOWN_KIND:
                return None
            raise
        if answer.status == 404:
            return None
        live = _good(answer)
        self._judge.saw(path, live)
        return live

    async def delete(self, ref: ObjectRef) -> bool:
        """Delete in the background; say whether there was one."""
        try:
            path, answer = await self._ask("DELETE", ref, body={"propagationPolicy": "Background"})
        except RejectedError as error:
            if error.code == UNKNOWN_KIND:
                return False
            raise
        self._judge.forget(path)
        if answer.status == 404:
            return False
        _good(answer)
        return True

    async def list(self, selection: Selection) -> list[Manifest]:
        """Return every selected object, read in pages."""
        listed = await list_selected(self._transport, self._discovery, selection)
        return list(listed.objects)

    def watch(self, selection: Selection) -> AsyncIterator[WatchEvent]:
        """Follow the selected objects until the caller stops iterating; see the port."""
        waits = Backoff(5.0, 60.0, self._transport.jitter)
        return Watch(self._transport, self._discovery, selection, waits).events()

    async def logs(
        self, namespace: str, pod: str, *, container: str = "", follow: bool = False, tail: int | None = None
    ) -> AsyncIterator[str]:
        """Yield log lines; a line of more than a MiB comes in pieces.

        Raises:
            RejectedError: there is no such pod, or its container has not started yet (reason BadRequest).
            UnavailableError: the connection was lost.
        """
        query = {"follow": "true"} if follow else {}
        if container:
            query["container"] = container
        if tail is not None:
            query["tailLines"] = str(tail)
        path = f"/api/v1/namespaces/{segment(namespace)}/pods/{segment(pod)}/log"
        request = Request(method="GET", path=path, query=query)
        try:
            # A container may be silent for days, so a followed log has no read timeout.
            async with self._transport.stream(request, quiet=None if follow else _QUIET_LOG) as response:
                chunks = response.content.iter_any()
                async for line in Lines(chunks, longest=_LONGEST_LOG_LINE, is_cutting=True, keeps_rest=True):
                    yield line.decode("utf-8", "replace")
        except FailedTryError as failed:
            raise failed.error from None

    async def _ask(
        self, method: str, ref: ObjectRef, *, query: Mapping[str, str] | None = None, body: Manifest | None = None
    ) -> tuple[str, Answer]:
        """Ask about one object; a path that the cluster no longer serves is looked up again, once."""
        path, answer = await self._ask_once(method, ref, query or {}, body)
        # Where there is no such path, the server does not answer with a Status that names an object.
        if answer.status == 404 and not _names_object(answer):
            self._discovery.forget(ref.api_version)
            path, answer = await self._ask_once(method, ref, query or {}, body)
        return path, answer

    async def _ask_once(
        self, method: str, ref: ObjectRef, query: Mapping[str, str], body: Manifest | None
    ) -> tuple[str, Answer]:
        resource = await self._discovery.resource(ref.api_version, ref.kind)
        path = resource.path(ref, self.namespace)
        content_type = _APPLY if method == "PATCH" else JSON
        request = Request(method=method, path=path, query=query, body=body, content_type=content_type)
        return path, await self._transport.ask(request)


def _good(answer: Answer) -> Manifest:
    if answer.status >= 400:
        raise error_of(answer.status, answer.body)
    if not isinstance(answer.body, dict):
        raise UnavailableError("the API server answered with something that is no object", code="cluster.unavailable")
    return answer.body


def _names_object(answer: Answer) -> bool:
    return bool(details_of(answer.body).get("name"))


def _ref_of(manifest: Manifest) -> ObjectRef:
    metadata = manifest.get("metadata")
    named = {
        "apiVersion": manifest.get("apiVersion"),
        "kind": manifest.get("kind"),
        "metadata.name": metadata.get("name") if isinstance(metadata, dict) else None,
    }
    causes = tuple(f"{path}: Required value" for path, value in named.items() if not (isinstance(value, str) and value))
    if causes:
        raise RejectedError("the object does not say what it is", reason="Invalid", causes=causes)
    return ObjectRef.of(manifest)
