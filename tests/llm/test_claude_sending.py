"""Requests with large pictures: what is sent is the same, and the event loop goes on meanwhile."""

import base64
import time
from datetime import UTC, datetime
from typing import Any, Final

import anyio
import anyio.lowlevel
import pytest
from anthropic import AsyncAnthropic

from argentos.llm import AnthropicModel, Emitted, Request
from argentos.storage import Message
from tests.llm.wire import MODEL, Recorded, serving, whole

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:Exception ignored in. <async_generator:pytest.PytestUnraisableExceptionWarning"),
]

MOST: Final = 0.01  # seconds of the loop's own time between two beats; the SDK's way takes more than twice as many


class Clouded(AsyncAnthropic):
    """A client of another kind, which may change the body of a request."""


def request(pictures: int, size: int) -> Request:
    """Pictures of so many bytes, one of them in the result of a call."""
    data = base64.b64encode(bytes(range(256)) * (size // 256)).decode()
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "Bryggen", "days": [1, 2.5, None]}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "“Là”"}, picture]}
    said = [
        message("user", 1, *[picture] * (pictures - 1), {"type": "text", "text": "What is this?\n"}),
        message("assistant", 2, call),
        message("user", 3, result),
    ]
    return Request(session="s", system="Be kind.", messages=tuple(said), window=100_000)


def message(role: Any, number: int, *blocks: dict[str, Any]) -> Message:
    at = datetime(2026, 5, 8, tzinfo=UTC)
    return Message(id=f"m-{number}", number=number, role=role, text="", at=at, tokens=9, blocks=blocks)


def expect_the_same(ours: dict[str, Any], sdks: dict[str, Any]) -> None:
    for each in (ours, sdks):
        del each["headers"]["User-Agent"]  # names the client
    assert ours == sdks


async def _ignore(piece: Emitted | str, /) -> None:
    pass


async def test_a_large_request_is_the_same_as_by_the_sdk_itself() -> None:
    options: dict[str, Any] = {"headers": {"x-tide": "low"}, "extra_body": {"temperature": 0}, "betas": ["a-1", "b-2"]}
    with serving(whole("A harbour.")) as (url, received):
        for kind in (AsyncAnthropic, Clouded):
            model = AnthropicModel(MODEL, client=kind(api_key="sk-test", base_url=url), **options)
            reply = await model.reply(request(3, 600_000), _ignore)
            assert reply.text == "A harbour."
    expect_the_same(*received)
    assert received[0]["temperature"] == 0


async def test_the_tokens_of_a_large_request_are_counted_likewise() -> None:
    counted = Recorded(b'{"input_tokens": 4711}', headers={"content-type": "application/json"})
    with serving(counted) as (url, received):
        for kind in (AsyncAnthropic, Clouded):
            model = AnthropicModel(MODEL, client=kind(api_key="sk-test", base_url=url))
            assert await model.measure(request(3, 600_000)) == 4711
    expect_the_same(*received)


async def test_31_mb_of_pictures_do_not_hold_the_event_loop() -> None:
    asking = request(6, 3_900_000)
    with serving(whole("A harbour.")) as (url, _):
        model = AnthropicModel(MODEL, api_key="sk-test", base_url=url)
        await model.reply(request(1, 2_000_000), _ignore)  # whatever is loaded for the first one
        longest = 0.0

        async def beat() -> None:
            nonlocal longest
            while True:
                before = time.thread_time()
                await anyio.lowlevel.checkpoint()
                longest = max(longest, time.thread_time() - before)

        async with anyio.create_task_group() as group:
            group.start_soon(beat)
            await model.reply(asking, _ignore)
            group.cancel_scope.cancel()
    assert longest < MOST
