"""The table of docs/models.md: each stop reason and each fault, on a server of the Messages API, ends as it says.

What neither of the two servers can be made to produce is a recorded answer over HTTP. After each of them the session
answers the next message.
"""

import json
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import anyio
import httpx2
import pytest

from argentos import (
    Agent,
    AnthropicModel,
    Config,
    Emitted,
    ManualClock,
    MemoryStore,
    Message,
    ModelRefusedError,
    NoReplyError,
    RecordAppended,
    ReplyInterruptedError,
    Request,
    Session,
    Subscription,
    Supervisor,
    Tool,
    ToolAnswer,
    ToolResult,
    ToolUse,
    Turn,
    TurnDelayed,
    tool,
)
from tests.llm.wire import MODEL, Recorded, end, event, serving, start, text, whole

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:Exception ignored in. <async_generator:pytest.PytestUnraisableExceptionWarning"),
]

PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "models.md"
START: Final = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
SAID: Final = "one two three four five"
PATIENCE: Final = 20.0  # seconds


class Row(NamedTuple):
    """A row of the table."""

    name: str
    answers: tuple[Any, ...]
    """Behaviours of llmock, or recorded answers; then the server says SAID."""
    ends: Any
    """Seconds after which the model is asked again, the class of an error, or the mark of a reply."""


def fails(status: int, **more: Any) -> dict[str, Any]:
    return {"type": "fail", "status": status, **more}


def breaks(kind: str) -> dict[str, Any]:
    return {"type": "stream_fault", "kind": kind, "after_chunks": 4, "stall_seconds": 2}


def stops(reason: str) -> dict[str, Any]:
    return {"type": "reply", "text": SAID, "finish_reason": reason}


OVERLOADED: Final = event("error", error={"type": "overloaded_error", "message": "Overloaded"})
INVALID: Final = event("error", error={"type": "invalid_request_error", "message": "not so"})
PAGE_OF_A_PROXY: Final = Recorded(b"<html><h1>Welcome</h1></html>", headers={"content-type": "text/html"})
NO_USAGE: Final = start(none=0) + text(SAID) + end(none=0)

ON_LLMOCK: Final = (
    Row("HTTP 429 with `retry-after`", (fails(429, retry_after=30),), 30.0),
    Row("HTTP 529 with `retry-after`", (fails(529, retry_after=30),), 30.0),
    Row("HTTP 500", (fails(500),), 0.5),
    Row("the connection ends in the reply", (breaks("disconnect"),), 0.5),
    Row("nothing more comes for the model's `timeout`", (breaks("stall"),), 0.5),
    Row("the stream ends without its end", (breaks("truncate"),), 0.5),
    Row("a chunk that is no JSON", (breaks("malformed"),), 0.5),
    Row("HTTP 400", (fails(400, message="messages: not so"),), ModelRefusedError),
    Row("HTTP 401, 403", (fails(401),), ModelRefusedError),
    Row("HTTP 404", (fails(404),), ModelRefusedError),
    Row("`max_tokens`", (stops("length"),), "max_tokens"),
    Row("`model_context_window_exceeded`", (stops("model_context_window_exceeded"),), "model_context_window_exceeded"),
    Row("a reason that is not known", (stops("something_new"),), "something_new"),
    Row("`end_turn`, `stop_sequence`", (stops("stop"),), None),
)
RECORDED: Final = (
    Row("an error in the stream that may pass", (start() + text("one ") + OVERLOADED,), 0.5),
    Row("an error in the stream that stays", (start() + text("one ") + INVALID,), ReplyInterruptedError),
    Row("HTML with HTTP 200", (PAGE_OF_A_PROXY,), 0.5),
    Row("no usage", (NO_USAGE,), None),
)
IN_OTHER_TESTS: Final = {
    "`tool_use`": "test_calls_of_tools_are_run_and_the_model_is_asked_again",
    "`tool_use`, with an input that is no JSON": "test_a_call_whose_input_is_no_json_is_asked_for_again",
    "`pause_turn`": "test_a_turn_that_paused_goes_on",
    "`refusal`": "test_a_refusal_leaves_nothing_half_said_and_is_not_sent_again",
    "white space alone": "test_white_space_alone_is_no_reply",
    "nobody listens": "test_a_server_that_is_not_there_is_asked_again",
    "the request is larger than the window": "test_an_overflow_is_compacted_and_asked_again",
}


def rows_of_the_page() -> list[str]:
    """The first column of the tables of the page that have one of stop reasons or faults."""
    found = re.findall(
        r"^\| ([^|]+) \| [^|]+ \| (?:llmock|llama.cpp|recorded)[^|]* \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    return [each.strip() for each in found]


def test_every_row_of_the_page_has_its_test() -> None:
    tested = {*(row.name for row in (*ON_LLMOCK, *RECORDED)), *IN_OTHER_TESTS}
    assert sorted(rows_of_the_page()) == sorted(tested)
    assert all(each in globals() for each in IN_OTHER_TESTS.values())


@asynccontextmanager
async def session_on(url: str, *tools: Tool) -> AsyncGenerator[tuple[Session, ManualClock, Subscription]]:
    clock = ManualClock(START)
    model = AnthropicModel(MODEL, api_key="sk-test", base_url=url, timeout=0.3)
    agent = Agent(model, tools=tools, config=Config(max_context_tokens=180_000))  # so that nobody asks for it
    async with Supervisor(MemoryStore(), agent, clock=clock) as supervisor, supervisor.events() as events:
        yield supervisor.session("maren"), clock, events


async def wait_out(session: Session, clock: ManualClock, events: Subscription) -> float:
    """Let the time pass until the model is asked again; gives the seconds."""
    with anyio.fail_after(PATIENCE):
        async for each in events:
            if isinstance(each, RecordAppended) and isinstance(each.record, TurnDelayed):
                break
    at = (await session.info()).retry_at
    assert at is not None
    seconds = (at - clock.now()).total_seconds()
    clock.advance(seconds + 0.001)
    return seconds


async def reply_of(turn: Turn) -> Message:
    with anyio.fail_after(PATIENCE):
        return await turn.reply()


async def holds(row: Row, url: str, prepare: Callable[[], object]) -> None:
    """The row is true, and the session answers afterwards."""
    async with session_on(url) as (session, clock, events):
        prepare()
        turn = await session.send("Hi")
        if isinstance(row.ends, float):
            seconds = await wait_out(session, clock, events)
            assert row.ends <= seconds <= row.ends * 4
            reply = await reply_of(turn)
            assert (reply.text.strip(), reply.stop_reason) == (SAID, None)
        elif isinstance(row.ends, type):
            with pytest.raises(row.ends):
                await reply_of(turn)
            asked = (await session.history())[-1]
            assert (asked.role, bool(asked.failure)) == ("user", True)
        else:
            reply = await reply_of(turn)
            assert (reply.text.strip(), reply.stop_reason) == (SAID, row.ends)
        assert (await reply_of(await session.send("And now?"))).text.strip() == SAID


@pytest.mark.server
@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ON_LLMOCK])
async def test_a_row_of_the_table_on_llmock(row: Row, llmock_url: str, control: httpx2.Client) -> None:
    control.post("/reset").raise_for_status()
    behaviors = [*row.answers, {"type": "reply", "text": SAID, "times": None}]
    await holds(row, f"{llmock_url}/anthropic", lambda: control.post("/scenario", json={"behaviors": behaviors}))


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in RECORDED])
async def test_a_row_of_the_table_as_recorded(row: Row) -> None:
    with serving(*row.answers, whole(SAID)) as (url, _):
        await holds(row, url, lambda: None)


async def test_a_server_that_is_not_there_is_asked_again() -> None:
    with serving(whole(SAID)) as (url, _):
        pass
    async with session_on(url) as (session, clock, events):
        turn = await session.send("Hi")
        assert 0.5 <= await wait_out(session, clock, events) <= 2.0
        assert await turn.cancel()
        assert (await session.info()).state == "Active"


def _too_long(kind: str) -> Recorded:
    body = {"type": "error", "error": {"type": kind, "message": "prompt is too long: 210000 tokens > 200000 maximum"}}
    return Recorded(json.dumps(body).encode(), 400)


async def test_an_overflow_is_compacted_and_asked_again() -> None:
    told = "word " * 300
    answers: list[bytes | Recorded] = [
        whole(told),
        whole(told),
        _too_long("invalid_request_error"),
        whole("They met."),
        whole(SAID),
    ]
    with serving(*answers) as (url, received):
        async with session_on(url) as (session, _, _):
            for number in range(2):
                await reply_of(await session.send(f"Tell me more, {number}"))
            assert (await reply_of(await session.send("Hi"))).text == SAID
            assert (await session.info()).compactions == 1
    assert "They met." in json.dumps(received[-1]["messages"])


# What llmock says in a loop --------------------------------------------------------------------------------------


@pytest.fixture
def told_to(control: httpx2.Client) -> Callable[..., None]:
    """Tell llmock what to do, and at the end to say SAID."""

    def tell(*behaviors: dict[str, Any]) -> None:
        control.post("/reset").raise_for_status()
        said = {"type": "reply", "text": SAID, "times": None}
        control.post("/scenario", json={"behaviors": [*behaviors, said]}).raise_for_status()

    return tell


def sent_to(control: httpx2.Client) -> list[list[dict[str, Any]]]:
    """The messages of the requests that llmock has received."""
    requests = control.get("/requests").json()["requests"]
    return [each["body"]["messages"] for each in requests if "messages" in (each["body"] or {})]


@tool
async def weather(city: str) -> str:
    """Tell the weather."""
    return f"rain in {city}"


CALLS: Final = {
    "type": "reply",
    "text": "Let me look.",
    "tool_calls": [{"name": "weather", "arguments": {"city": "Bergen"}}],
}


@pytest.mark.server
async def test_calls_of_tools_are_run_and_the_model_is_asked_again(
    llmock_url: str, told_to: Callable[..., None], control: httpx2.Client
) -> None:
    async with session_on(f"{llmock_url}/anthropic", weather) as (session, _, _):
        told_to(CALLS)
        turn = await session.send("Hi")
        assert (await reply_of(turn)).text.strip() == SAID
        pieces = [each async for each in turn]
        assert [each.content for each in pieces if isinstance(each, ToolAnswer)] == ["rain in Bergen"]
        history = await session.history()
        assert [each.role for each in history] == ["user", "assistant", "user", "assistant"]
        assert (await reply_of(await session.send("And now?"))).text.strip() == SAID
    first, second, third = sent_to(control)
    assert unmarked(second)[:1] == unmarked(first)
    assert second[1]["content"][-1]["type"] == "tool_use"
    assert second[2]["content"][0]["type"] == "tool_result"
    assert unmarked(third)[: len(second)] == unmarked(second)


@pytest.mark.server
async def test_a_call_whose_input_is_no_json_is_asked_for_again(llmock_url: str, told_to: Callable[..., None]) -> None:
    async with session_on(f"{llmock_url}/anthropic", weather) as (session, clock, events):
        told_to({"type": "tool_fault", "kind": "malformed_arguments"})
        turn = await session.send("Hi")
        assert 0.5 <= await wait_out(session, clock, events) <= 2.0
        assert (await reply_of(turn)).text.strip() == SAID


@pytest.mark.server
async def test_a_turn_that_paused_goes_on(
    llmock_url: str, told_to: Callable[..., None], control: httpx2.Client
) -> None:
    async with session_on(f"{llmock_url}/anthropic") as (session, _, _):
        told_to({"type": "reply", "text": "Searching.", "finish_reason": "pause_turn"})
        assert (await reply_of(await session.send("Hi"))).text.strip() == SAID
        assert (await reply_of(await session.send("And now?"))).text.strip() == SAID
    assert [len(each) for each in sent_to(control)] == [1, 2, 4]


@pytest.mark.server
async def test_a_refusal_leaves_nothing_half_said_and_is_not_sent_again(
    llmock_url: str, told_to: Callable[..., None], control: httpx2.Client
) -> None:
    async with session_on(f"{llmock_url}/anthropic") as (session, _, _):
        told_to({"type": "reply", "text": "Well, first you", "finish_reason": "refusal"})
        with pytest.raises(ModelRefusedError, match="refused to answer"):
            await reply_of(await session.send("How do I do harm?"))
        assert (await reply_of(await session.send("And now?"))).text.strip() == SAID
        assert "Well, first you" not in str(await session.history())
    assert "How do I do harm?" not in json.dumps(sent_to(control)[-1])


@pytest.mark.server
async def test_white_space_alone_is_no_reply(
    llmock_url: str, told_to: Callable[..., None], control: httpx2.Client
) -> None:
    async with session_on(f"{llmock_url}/anthropic") as (session, _, _):
        told_to({"type": "reply", "text": " "})
        with pytest.raises(NoReplyError):
            await reply_of(await session.send("Hi"))
        assert (await reply_of(await session.send("And now?"))).text.strip() == SAID
    assert [each["role"] for each in sent_to(control)[-1]] == ["user", "user"]


def unmarked(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the marks for the cache, which move on."""
    found: list[dict[str, Any]] = json.loads(json.dumps(messages), object_hook=_without_mark)
    return found


def _without_mark(found: dict[str, Any]) -> dict[str, Any]:
    found.pop("cache_control", None)
    return found


# llama.cpp -------------------------------------------------------------------------------------------------------


def told(times: int) -> str:
    return "The boat left Bergen at dawn, and the sea was calm. " * times


@pytest.mark.server
async def test_a_small_model_of_real_weights_answers_counts_and_says_that_it_was_cut_off(llama_url: str) -> None:
    model = AnthropicModel("gemma", api_key="none", base_url=llama_url, max_tokens=12, timeout=60)
    async with Supervisor(MemoryStore(), model) as supervisor:
        session = supervisor.session("maren")
        with anyio.fail_after(120):
            reply = await session.ask("Tell me of boats.")
            assert (reply.stop_reason, bool(reply.text.strip())) == ("max_tokens", True)
            assert (await session.ask("And of the sea?")).text.strip()
        assert (await session.info()).tokens > 12


@pytest.mark.server
@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # likewise
async def test_a_request_that_is_larger_than_a_real_window_is_compacted_and_asked_again(llama_url: str) -> None:
    model = AnthropicModel("gemma", api_key="none", base_url=llama_url, max_tokens=12, timeout=60)
    model.can_summarise = False
    async with Supervisor(
        MemoryStore(), model, config=Config(max_context_tokens=100_000, keep_recent_tokens=200)
    ) as supervisor:
        session = supervisor.session("maren")
        with anyio.fail_after(200):
            await session.append(told(400))
            await session.say(told(400))
            assert (await session.ask("And then?")).text.strip()
        assert (await session.info()).compactions == 1
        assert (await session.ask("And now?")).text.strip()


@pytest.mark.server
@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # real weights take long
async def test_a_loop_of_tools_reads_nine_tenths_of_its_prefix_from_the_cache_of_a_real_server(llama_url: str) -> None:
    definition = {
        "name": "weather",
        "description": "Tell the weather of a city.",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
    model = AnthropicModel("gemma", api_key="none", base_url=llama_url, max_tokens=4, timeout=60)
    messages = [Message("m-1", 1, "user", "What is the weather in all towns of Norway?", START, 4)]
    shares: list[float] = []
    for number in range(20):
        request = Request(session="s", system=told(40), tools=(definition,), messages=tuple(messages), window=8000)
        with anyio.fail_after(60):
            usage = (await model.reply(request, _ignore)).usage
        assert usage is not None
        shares.append(usage.cache_read / usage.input)
        call = ToolUse(id=f"toolu_{number}", name="weather", input={"city": f"town {number}"}).to_dict()
        result = ToolResult(tool_use_id=f"toolu_{number}", content="rain").to_dict()
        at = len(messages) + 1
        messages.append(Message(f"m-{at}", at, "assistant", "", START, 4, blocks=(call,)))
        messages.append(Message(f"m-{at + 1}", at + 1, "user", "", START, 4, blocks=(result,)))
    assert min(shares[1:]) >= 0.9
    await model.aclose()


async def _ignore(piece: Emitted | str, /) -> None:
    """Hear nothing."""
