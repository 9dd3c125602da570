"""Imports: look at a Compose file or a repository."""

from __future__ import annotations

import base64
import binascii
from pathlib import PurePosixPath
from typing import Annotated, Any

import msgspec
from litestar import Router, delete, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.analysis_shapes import AnalysisOut
from entrypoints.http.auditing import audited, tell_target
from entrypoints.http.ids import checked_id
from entrypoints.http.import_shapes import (
    AgainIn,
    AnalyzedOut,
    AnalyzeIn,
    CredentialIn,
    OptionsIn,
    SessionAnswer,
    SessionOut,
    SessionsAnswer,
    StartedOut,
    UploadedOut,
)
from flowcore.errors import InvalidInputError, LimitExceededError
from flowcore.model import User
from flowcore.usecases.imports.analyzing import LARGEST, Source, Wishes
from flowcore.usecases.imports.repositories import RepositoryOrder
from flowcore.usecases.imports.sessions import GivenCredential, order_of

#: Fields of an upload's form that say how to read it.
_OPTIONS = ("namespace", "name", "expose", "binds", "networks")

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)]


@post("/import/analyze", status_code=200, opt=audited("import.analyze"))
async def analyze(
    data: JSONBody[AnalyzeIn], user: NamedDependency[User], app: NamedDependency[App]
) -> AnalyzedOut | StartedOut:
    """Tell what a Compose file would become, or start to look at a repository."""
    if data.source != "file":
        return await _start(data, user, app)
    try:
        content = base64.b64decode(data.file_content, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInputError.of("fileContent is not base64", path="fileContent") from None
    source = _source(content, data.file_name, data)
    return AnalyzedOut(is_async=False, analysis=AnalysisOut.of(await app.imports.analyze(source)))


async def _start(data: AnalyzeIn, user: User, app: App) -> StartedOut:
    order = RepositoryOrder(
        url=data.url,
        ref=data.ref or data.branch,
        path=data.path,
        compose_file=data.compose_file,
        wishes=data.wishes(),
    )
    session = await app.imports.start(user, data.source, order, _given(data.credential))
    tell_target("import", session.id)
    return StartedOut(is_async=True, session_id=session.id, message="Cloning repository...")


@post("/import/{session_id:str}/analyze", status_code=200, opt=audited("import.analyze"))
async def again(
    session_id: FromPath[str], data: JSONBody[AgainIn], user: NamedDependency[User], app: NamedDependency[App]
) -> StartedOut:
    """Look again at the ref of a session, with other options; it becomes a session of its own."""
    session = await app.imports.queries.get(user, checked_id(session_id, "import session"))
    before = order_of(session)
    order = RepositoryOrder(
        url=session.url,
        ref=session.ref or before.ref,
        path=before.path,
        compose_file=data.compose_file or before.compose_file,
        wishes=data.wishes(),
    )
    started = await app.imports.start(user, session.source, order, _given(data.credential))
    tell_target("import", started.id)
    return StartedOut(is_async=True, session_id=started.id, message="Cloning repository...")


@post("/import/upload", status_code=200, opt=audited("import.upload"))
async def upload(data: Form, user: NamedDependency[User], app: NamedDependency[App]) -> UploadedOut:
    """Tell what an uploaded Compose file would become."""
    file = data.get("file")
    if not isinstance(file, UploadFile):
        raise InvalidInputError.of("No file uploaded: the form has no field named file", path="file")
    if not file.filename.lower().endswith((".yml", ".yaml")):
        raise InvalidInputError.of("Invalid file type. Only .yml and .yaml files are allowed", path="file")
    content = await file.read(LARGEST + 1)
    source = _source(content, file.filename, _form_options(data))
    analysis = AnalysisOut.of(await app.imports.analyze(source))
    return UploadedOut(analysis, file.filename, len(content), base64.b64encode(content).decode())


@get("/import")
async def list_sessions(user: NamedDependency[User], app: NamedDependency[App]) -> SessionsAnswer:
    """List one's own imports from repositories, newest first."""
    queries = app.imports.queries
    return SessionsAnswer([SessionOut.of(session, None) for session in await queries.list(user)])


@get("/import/{session_id:str}")
async def session(session_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> SessionAnswer:
    """Show an import from a repository."""
    queries = app.imports.queries
    found = await queries.get(user, checked_id(session_id, "import session"))
    return SessionAnswer(SessionOut.of(found, queries.analysis(found)))


@post("/import/{session_id:str}/cancel", status_code=200, opt=audited("import.cancel"))
async def cancel(session_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> SessionAnswer:
    """Stop an import from a repository."""
    ended = await app.imports.end.cancel(user, checked_id(session_id, "import session"))
    return SessionAnswer(SessionOut.of(ended, app.imports.queries.analysis(ended)))


@delete("/import/{session_id:str}", opt=audited("import.delete"))
async def forget(session_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> None:
    """Stop an import from a repository, and forget it."""
    await app.imports.end.forget(user, checked_id(session_id, "import session"))


def _given(credential: CredentialIn | None) -> GivenCredential | None:
    if credential is None:
        return None
    return GivenCredential(username=credential.username, secret=credential.secret)


def _form_options(data: dict[str, Any]) -> OptionsIn:
    texts = {name: value for name in _OPTIONS if isinstance(value := data.get(name), str) and value}
    try:
        variables = msgspec.json.decode(data.get("variables") or "{}", type=dict[str, str])
    except (msgspec.MsgspecError, TypeError):
        fix = 'send it as a JSON object, like {"TAG": "1.27"}'
        raise InvalidInputError.of("variables is not an object of texts", path="variables", fix=fix) from None
    profiles = [word for word in str(data.get("profiles") or "").split(",") if word]
    return OptionsIn(**texts, variables=variables, profiles=profiles)


def _source(content: bytes, file_name: str, options: OptionsIn) -> Source:
    if len(content) > LARGEST:
        raise LimitExceededError("File too large. Maximum size is 1MB", code="import.too_large")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidInputError.of("The file is not UTF-8 text", path="file", fix="upload the Compose file itself")
    # A file that is named like all Compose files says nothing about the application.
    stem = PurePosixPath(file_name).stem
    wishes: Wishes = options.wishes(name="" if stem in ("docker-compose", "compose") else stem)
    return Source(text=text, wishes=wishes)


router = Router("/", route_handlers=[analyze, again, upload, list_sessions, session, cancel, forget], tags=["imports"])
