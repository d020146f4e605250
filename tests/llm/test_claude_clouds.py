"""Claude through the SDK's clients for Amazon Bedrock and Google Vertex, over HTTP, in the forms that these speak."""

import base64
import json
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import unquote

import pytest

from argentos import Agent, AnthropicModel, Emitted, MemoryStore, Message, Request, Supervisor, ToolUse, tool
from argentos.errors import ModelUnavailableError
from argentos.storage import ToolResult
from tests.llm.wire import Recorded, block, end, serving, start, whole

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

KEY = "secret"
MODEL = "anthropic.claude-test-v1:0"


def bedrock(url: str) -> AnthropicModel:
    from anthropic.lib.bedrock import AsyncAnthropicBedrock  # noqa: PLC0415 - it needs the extra

    return AnthropicModel(MODEL, client=AsyncAnthropicBedrock(api_key=KEY, aws_region="eu-north-1", base_url=url))


def vertex(url: str) -> AnthropicModel:
    from anthropic.lib.vertex import AsyncAnthropicVertex  # noqa: PLC0415 - likewise

    client = AsyncAnthropicVertex(access_token=KEY, project_id="boats", region="europe-north1", base_url=url)
    return AnthropicModel(MODEL, client=client)


def as_event_stream(sse: bytes) -> Recorded:
    """Events as Bedrock sends them: in frames, each with checksums, and the event in base64."""
    frames = b"".join(
        _frame(json.dumps({"bytes": base64.b64encode(line.removeprefix(b"data: ")).decode()}).encode())
        for line in sse.splitlines()
        if line.startswith(b"data: ")
    )
    return Recorded(frames, headers={"content-type": "application/vnd.amazon.eventstream"})


def _frame(payload: bytes) -> bytes:
    named = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", 7, len(value)) + value.encode()
        for name, value in named.items()
    )
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    begun = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return begun + struct.pack(">I", zlib.crc32(begun))


@tool
async def weather(city: str) -> str:
    """Tell the weather."""
    return f"rain in {city}"


CALLING = (
    start()
    + block(
        0,
        {"type": "tool_use", "id": "c-1", "name": "weather", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"city": "Oslo"}'},
    )
    + end("tool_use")
)


class Cloud(NamedTuple):
    """A way to a model, the path of its requests, and its form of a stream."""

    model: Callable[[str], AnthropicModel]
    path: str
    as_answer: Callable[[bytes], Recorded]


CLOUDS = pytest.mark.parametrize(
    "cloud",
    [
        Cloud(bedrock, f"/model/{MODEL}/invoke-with-response-stream", as_event_stream),
        Cloud(
            vertex,
            f"/projects/boats/locations/europe-north1/publishers/anthropic/models/{MODEL}:streamRawPredict",
            Recorded,
        ),
    ],
    ids=["bedrock", "vertex"],
)


@CLOUDS
async def test_a_turn_that_calls_a_tool_goes_through(cloud: Cloud) -> None:
    with serving(*map(cloud.as_answer, (CALLING, whole("Rain.")))) as (url, received):
        agent = Agent(cloud.model(url), system="Be kind.", tools=[weather])
        async with Supervisor(MemoryStore(), agent) as supervisor:
            session = supervisor.session("maren")
            assert (await session.ask("And the weather?")).text == "Rain."
            called, result = (each.content[0] for each in (await session.history())[1:3])
    assert isinstance(called, ToolUse)
    assert isinstance(result, ToolResult)
    assert (called.input, result.text) == ({"city": "Oslo"}, "rain in Oslo")
    first, second = received
    assert unquote(first["path"]) == cloud.path
    assert {name.lower(): value for name, value in first["headers"].items()}["authorization"] == f"Bearer {KEY}"
    assert "model" not in first
    assert second["messages"][-1]["content"][0]["tool_use_id"] == "c-1"


@CLOUDS
async def test_one_that_cannot_answer_now_is_unavailable(cloud: Cloud) -> None:
    async def emit(_: Emitted | str, /) -> None:
        raise AssertionError("it says something")

    asked = Message(id="m-1", number=1, role="user", text="Hello?", at=datetime(2026, 5, 8, tzinfo=UTC), tokens=1)
    with serving(Recorded(b'{"message": "Too many requests"}', 429)) as (url, _):
        model = cloud.model(url)
        with pytest.raises(ModelUnavailableError):
            await model.reply(Request(session="maren", messages=(asked,), window=1000), emit)
