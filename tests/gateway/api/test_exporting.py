"""Exports of long sessions: they take as much memory as a page of messages, however many there are."""

import base64
import io
import tracemalloc
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Final, Literal

import httpx2 as httpx
import pytest

from argentos import FileStore, Session, Supervisor
from argentos.actors import Transcript, TranscriptMessage
from argentos.gateway.exporting import open_export
from argentos.gateway.formats import Losses, OwnForm, Source, head_line, read_transcripts
from tests.gateway.api.conftest import Serving
from tests.gateway.api.serving import Served, of

pytestmark = pytest.mark.anyio

MESSAGES: Final = 1200
PICTURES: Final = 60
SIZE: Final = 400_000  # bytes of each
MOST: Final = 8_000_000  # bytes at a time, of more than 30 million


def message(number: int) -> TranscriptMessage:
    if number % (MESSAGES // PICTURES) != 1:
        role: Literal["user", "assistant"] = "user" if number % 2 else "assistant"
        return TranscriptMessage(role=role, text=f"{number}: " + "tide " * 80, id=f"m-{number}", archived=number < 700)
    data = base64.b64encode(b"\x89PNG\r\n\x1a\n" + number.to_bytes(4, "big") * (SIZE // 4)).decode()
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    return TranscriptMessage(role="user", content=(picture,), id=f"m-{number}", archived=number < 700)


def told(message: TranscriptMessage) -> tuple[object, ...]:
    return message.id, message.role, message.text, message.content, message.archived


async def fill(session: Session) -> None:
    messages = tuple(map(message, range(1, MESSAGES + 1)))
    await session.adopt(Transcript(session=session.id, messages=messages))


async def exported(session: Session) -> AsyncGenerator[bytes]:
    export = await open_export(session)
    async with aclosing(export.chunks(OwnForm())) as chunks:
        async for chunk in chunks:
            yield chunk


async def downloaded(served: Served) -> AsyncGenerator[bytes]:
    async with served.client.stream("GET", f"/api/v1/{of('maren')}/export") as response:
        async for chunk in response.aiter_raw():
            yield chunk


@pytest.mark.parametrize("way", ["here", "from another process", "over HTTP"])
async def test_an_export_holds_a_few_messages_at_a_time(serving: Serving, tmp_path: Path, way: str) -> None:
    async with serving(store=FileStore(tmp_path / "state")) as served:
        session = served.supervisor.session("maren")
        await fill(session)
        async with Supervisor.connect(tmp_path / "state") as owner:
            ways = {"here": exported(session), "from another process": exported(owner.session("maren"))}
            chunks = ways.get(way) or downloaded(served)
            size = 0
            tracemalloc.start()
            async with aclosing(chunks):
                async for chunk in chunks:
                    size += len(chunk)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert size > 4 * MOST
    assert peak < MOST


async def test_an_export_is_the_session_as_it_stood(serving: Serving, tmp_path: Path) -> None:
    async with serving(store=FileStore(tmp_path / "state")) as served:
        session = served.supervisor.session("maren")
        await fill(session)
        chunks = exported(session)
        written = bytearray(head_line(1) + await anext(chunks))
        await session.ask("What comes after?")
        await session.clear()
        async for chunk in chunks:
            written += chunk
    losses = Losses()
    (found,) = read_transcripts(Source("export", io.BytesIO(written)), losses)
    assert [told(each) for each in found.transcript.messages] == [told(message(n + 1)) for n in range(MESSAGES)]
    assert list(losses) == []


async def test_an_export_that_breaks_off_is_seen_to_be_in_part(serving: Serving, tmp_path: Path) -> None:
    async with serving(store=FileStore(tmp_path / "state")) as served:
        session = served.supervisor.session("maren")
        await fill(session)
        async with served.client.stream("GET", f"/api/v1/{of('maren')}/export") as response:
            chunks = response.aiter_raw()
            await anext(chunks)
            await served.gateway.drain()
            with pytest.raises(httpx.RemoteProtocolError):
                [_ async for _ in chunks]
