from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest
from msgspec import structs

from argentos.errors import ModelRefusedError
from argentos.llm import Emitted, Model, OfflineModel, ReplayModel, Reply, Request, ThinkingDelta
from argentos.storage import Message, Summary, Text, Thinking, ToolResult, ToolUse

pytestmark = pytest.mark.anyio

AT = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)


async def test_the_offline_model_answers_the_same_to_the_same() -> None:
    assert await _stream(OfflineModel(), _request("Hi")) == await _stream(OfflineModel(), _request("Hi"))
    assert await _reply(OfflineModel(), _request("Hi")) != await _reply(OfflineModel(), _request("Ho"))


async def test_the_offline_model_says_that_it_is_offline_and_how_to_change_that() -> None:
    reply = await _reply(OfflineModel(), _request("Hi"))
    assert reply.text.startswith("I am offline")
    assert "ANTHROPIC_API_KEY" in reply.text
    assert reply.sender == "offline"
    assert reply.usage is None


@pytest.mark.parametrize("text", ["Hi", "", "two\n\nlines  and\tspaces", "漢字" * 100, "word " * 100])
async def test_the_pieces_of_the_offline_model_join_to_its_reply(text: str) -> None:
    *pieces, reply = await _stream(OfflineModel(), _request(text))
    assert len(pieces) > 10
    assert isinstance(reply, Reply)
    assert "".join(str(piece) for piece in pieces) == reply.text


async def test_the_offline_model_shows_what_it_was_given() -> None:
    summary = Summary("They met.", 1, 40, 3, "model", AT, 0, 0)
    reply = await _reply(OfflineModel(), _request("Hi", "What is the code?", summary=summary))
    assert "your message 2, “What is the code?”" in reply.text
    assert "messages 1–40" in reply.text
    assert "messages 1–2 in full" in reply.text


async def test_the_offline_model_quotes_the_beginning_of_a_long_message() -> None:
    reply = await _reply(OfflineModel(), _request("word " * 5000))
    assert len(reply.text) < 500


async def test_recorded_replies_come_in_their_order() -> None:
    model = ReplayModel(["one", Reply("two", id="m-2", sender="Ann")])
    assert await _stream(model) == ["one", Reply("one")]
    assert await _stream(model) == ["two", Reply("two", id="m-2", sender="Ann")]


async def test_an_empty_recorded_reply_ends_its_turn_without_a_piece() -> None:
    assert await _stream(ReplayModel(["", "later"])) == [Reply("")]


async def test_a_recording_that_is_over_refuses() -> None:
    model = ReplayModel(["one"])
    await _reply(model)
    with pytest.raises(ModelRefusedError, match="no more replies"):
        await _reply(model)


async def test_a_live_recording_waits_for_its_next_reply() -> None:
    model = ReplayModel(live=True)
    replies: list[Reply] = []
    async with anyio.create_task_group() as group:
        group.start_soon(_collect, model, "s", replies)
        await anyio.wait_all_tasks_blocked()
        assert replies == []
        model.feed("now")
    assert replies == [Reply("now")]


async def test_each_session_gets_the_replies_that_are_fed_to_it() -> None:
    model = ReplayModel(live=True)
    to_ann: list[Reply] = []
    to_bob: list[Reply] = []
    async with anyio.create_task_group() as group:
        group.start_soon(_collect, model, "ann", to_ann)
        group.start_soon(_collect, model, "bob", to_bob)
        await anyio.wait_all_tasks_blocked()
        model.feed("for Bob", "bob")
        await anyio.wait_all_tasks_blocked()
        assert (to_ann, to_bob) == ([], [Reply("for Bob")])
        model.feed("for Ann", "ann")
    assert to_ann == [Reply("for Ann")]


async def test_a_sessions_own_replies_come_before_those_for_whoever_asks() -> None:
    model = ReplayModel(["for anyone"])
    model.feed("for Ann", "ann")
    assert [(await _reply(model, _request("Hi", session="ann"))).text for _ in range(2)] == ["for Ann", "for anyone"]


@pytest.fixture
def made_outside() -> ReplayModel:
    return ReplayModel(live=True)


async def test_a_recording_made_outside_the_event_loop_can_be_waited_for(made_outside: ReplayModel) -> None:
    replies: list[Reply] = []
    async with anyio.create_task_group() as group:
        group.start_soon(_collect, made_outside, "s", replies)
        await anyio.wait_all_tasks_blocked()
        made_outside.feed("at last")
    assert replies == [Reply("at last")]


async def _collect(model: Model, session: str, replies: list[Reply]) -> None:
    with anyio.fail_after(5):
        replies.append(await _reply(model, _request("Hi", session=session)))


async def _reply(model: Model, request: Request | None = None) -> Reply:
    reply = (await _stream(model, request))[-1]
    assert isinstance(reply, Reply)
    return reply


async def _stream(model: Model, request: Request | None = None) -> Sequence[str | Reply]:
    pieces: list[str | Reply] = []

    async def emit(piece: Emitted | str, /) -> None:
        assert isinstance(piece, str)
        pieces.append(piece)

    reply = await model.reply(request or _request("Hi"), emit)
    return [*pieces, reply]


def _request(*texts: str, session: str = "s", summary: Summary | None = None) -> Request:
    messages = tuple(Message(f"m-{n}", n, "user", text, AT, 4) for n, text in enumerate(texts, start=1))
    return Request(session=session, summary=summary, messages=messages, window=1000)


# Tools -----------------------------------------------------------------------------------------------------------

TOOLS: tuple[dict[str, Any], ...] = (
    {"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}},
    {"name": "double", "input_schema": {"type": "object", "properties": {"number": {"type": "integer"}}}},
    {"name": "now", "input_schema": {"type": "object"}},
)


@pytest.mark.parametrize(
    ("text", "name", "given"),
    [
        ("weather in Bergen?", "weather", {"city": "in Bergen"}),
        ('Please call weather {"city": "Oslo", "days": 2} now', "weather", {"city": "Oslo", "days": 2}),
        ("double 21.", "double", {"number": 21}),
        ("double it", "double", {"number": "it"}),
        ("What is it now?", "now", {}),
        ("weather", "weather", {}),
        ("weather {oops", "weather", {"city": "{oops"}),
        ("weather [1] {}", "weather", {}),
    ],
)
async def test_the_offline_model_calls_the_tool_that_a_message_names(
    text: str, name: str, given: dict[str, Any]
) -> None:
    reply = await _reply(OfflineModel(), structs.replace(_request(text), tools=TOOLS))
    assert reply.blocks == ({"type": "tool_use", "id": "offline-1", "name": name, "input": given},)
    assert reply.stop_reason == "tool_use"


@pytest.mark.parametrize("text", ["the weatherman", "snow-now", "Hi"])
async def test_the_offline_model_calls_nothing_that_is_not_named(text: str) -> None:
    reply = await _reply(OfflineModel(), structs.replace(_request(text), tools=TOOLS))
    assert reply.text.startswith("I am offline")
    assert reply.blocks == ()


async def test_the_offline_model_tells_what_its_tools_gave() -> None:
    results = (
        ToolResult(tool_use_id="1", content="rain").to_dict(),
        ToolResult(tool_use_id="2", content="no such city", is_error=True).to_dict(),
    )
    asked = Message("m-1", 1, "user", "", AT, 4, blocks=results)
    reply = await _reply(OfflineModel(), structs.replace(_request(), messages=(asked,), tools=TOOLS))
    assert reply.text.endswith("One gave: rain; One failed: no such city")


async def test_a_recorded_reply_may_call_tools_and_think() -> None:
    recorded = Reply(
        [Thinking(thinking="Hm.", signature="s"), Text(text="Let me look."), ToolUse(id="1", name="now", input={})],
        stop_reason="tool_use",
    )
    pieces: list[Emitted | str] = []

    async def emit(piece: Emitted | str, /) -> None:
        pieces.append(piece)

    assert await ReplayModel([recorded]).reply(_request("Hi"), emit) == recorded
    assert pieces == [ThinkingDelta("Hm."), "Let me look."]
