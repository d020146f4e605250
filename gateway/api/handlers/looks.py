"""Looks at a session: its compactions, its machine's way, its context, its attachments, all of it in a file."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.responses import Response

from argentos.actors import CompactionPreview
from argentos.gateway.api.call import Call, SessionParameters
from argentos.gateway.api.pages.attachments import attachment_response
from argentos.gateway.api.pages.contexts import ContextReport, context_of
from argentos.gateway.api.routes import PREFIX, Route
from argentos.gateway.api.streams.file_stream import FileStream
from argentos.gateway.api.streams.records import record_object
from argentos.gateway.exporting import Export, open_export
from argentos.gateway.formats.own import OwnForm, head_line
from argentos.storage import Checkpoint, CompactionAttempt

__all__ = ["ROWS"]

_SESSION = f"{PREFIX}/sessions/{{session}}"


class PreviewQuery(SessionParameters, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A compaction that is looked at before it is made.

    Attributes:
        focus: what the summary should keep above all; at most 800 characters.
        keep: how many of the latest messages stay word for word, at least.
    """

    focus: str = ""
    keep: Annotated[int, Meta(ge=0)] | None = None


class AttachmentParameters(SessionParameters, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """An attachment.

    Attributes:
        sha256: the hash of its bytes, as in the source of its block.
    """

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Compactions(Struct, frozen=True):
    """The latest compactions that were tried, in their order."""

    compactions: tuple[CompactionAttempt, ...]


class Checkpoints(Struct, frozen=True):
    """All checkpoints, the oldest first."""

    checkpoints: tuple[Checkpoint, ...]


class Transitions(Struct, frozen=True):
    """The edges of the diagram that a session took, in order."""

    transitions: tuple[Annotated[Any, Meta(extra_json_schema={"$ref": "#/components/schemas/Transitioned"})], ...]


async def preview_compaction(call: Call, given: PreviewQuery) -> CompactionPreview:
    """Make the summary that a compaction would make now, at its cost, and leave the session as it is."""
    return await (await call.session(given)).preview_compaction(given.focus, keep=given.keep)


async def list_compactions(call: Call, given: SessionParameters) -> Compactions:
    """List the latest compactions that were tried, and what came of each."""
    return Compactions(await (await call.session(given)).compactions())


async def list_checkpoints(call: Call, given: SessionParameters) -> Checkpoints:
    """List the places in a session to which one can go back."""
    return Checkpoints(await (await call.session(given)).checkpoints())


async def list_transitions(call: Call, given: SessionParameters) -> Transitions:
    """List the edges of the diagram that a session took."""
    return Transitions(tuple(record_object(each) for each in await (await call.session(given)).transitions()))


async def report_context(call: Call, given: SessionParameters) -> ContextReport:
    """Show what the context is made of, and what the latest turns have cost."""
    return await context_of(await call.session(given))


async def read_attachment(call: Call, given: AttachmentParameters) -> Response:
    """Read the bytes of a picture or a document."""
    return attachment_response(await (await call.session(given)).attachment(given.sha256))


async def export_session(call: Call, given: SessionParameters) -> FileStream:
    """Read all of a session as JSON Lines, in the form of `argent sessions export`."""
    export = await open_export(await call.session(given))
    return FileStream(call.service, _lines_of(export), name="session.jsonl", media_type="application/jsonl")


async def _lines_of(export: Export) -> AsyncGenerator[bytes]:
    yield head_line(1)
    async with aclosing(export.chunks(OwnForm())) as chunks:
        async for chunk in chunks:
            yield chunk


ROWS = (
    Route("GET", f"{_SESSION}/compaction-preview", preview_compaction, scope="write", waits=True),
    Route("GET", f"{_SESSION}/compactions", list_compactions, scope="read"),
    Route("GET", f"{_SESSION}/checkpoints", list_checkpoints, scope="read"),
    Route("GET", f"{_SESSION}/transitions", list_transitions, scope="read"),
    Route("GET", f"{_SESSION}/context", report_context, scope="read"),
    Route("GET", f"{_SESSION}/export", export_session, scope="read"),
    Route("GET", f"{_SESSION}/attachments/{{sha256}}", read_attachment, scope="read"),
)
