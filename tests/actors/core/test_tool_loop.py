"""The loop of a turn: the model calls tools, and is asked again with what they gave, until it replies."""

from collections.abc import AsyncGenerator
from typing import Any

import anyio
import pytest
from anthropic import beta_async_tool
from anthropic.lib.tools import ToolError

from argentos import (
    ApprovalDecided,
    CallEnded,
    Config,
    ManualClock,
    MemoryStore,
    Message,
    RecordAppended,
    Replied,
    Reply,
    Subscription,
    Supervisor,
    Text,
    ToolCall,
    ToolUse,
    tool,
)
from argentos.actors.agents import Agent
from argentos.errors import ModelError, ModelRefusedError, NoReplyError
from argentos.llm import ToolAnswer, ToolContext
from tests.actors.conftest import count_words
from tests.actors.core.tools import Scripted, call, check_request, said

pytestmark = pytest.mark.anyio


@tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool
async def fail() -> str:
    """Fail."""
    raise RuntimeError("the disk is on fire")


@tool
async def hang() -> str:
    """Hang."""
    await anyio.sleep_forever()
    return ""


class World:
    def __init__(self, clock: ManualClock, store: MemoryStore) -> None:
        self.clock, self.store = clock, store

    def supervisor(self, model: Any, *tools: Any, config: Config | None = None, **options: Any) -> Supervisor:
        agent = Agent(model, tools=tools)
        settings: dict[str, Any] = {"clock": self.clock, "count": count_words, "count_inline": 10**6, "grace": 0}
        return Supervisor(self.store, agent, config=config, **settings, **options)


@pytest.fixture
def world(clock: ManualClock, store: MemoryStore) -> World:
    return World(clock, store)


async def history(supervisor: Supervisor, session: str = "maren") -> tuple[Message, ...]:
    found = await supervisor.session(session).history(full=True)
    check_request([each for each in found if not each.is_refused])
    return found


async def test_a_call_is_run_and_its_result_is_what_the_model_goes_on_with(world: World) -> None:
    model = Scripted(Reply([Text(text="Let me add."), call("add", "c1", a=2, b=3)]), "It is 5.")
    async with world.supervisor(model, add) as supervisor:
        reply = await supervisor.session("maren").ask("2 + 3?")
        assert reply.text == "It is 5."
        found = await history(supervisor)
    assert [said(each) for each in found] == [
        [("text", "2 + 3?")],
        [("text", "Let me add."), ("tool_use", "add")],
        [("tool_result", "5")],
        [("text", "It is 5.")],
    ]
    assert [each.turn for each in found] == [0, 1, 1, 0]
    assert [each["name"] for each in model.requests[0].tools] == ["add"]
    assert model.requests[1].messages[: len(model.requests[0].messages)] == model.requests[0].messages


async def test_calls_of_one_response_run_at_the_same_time(world: World) -> None:
    met = anyio.Event()
    running = 0

    @tool
    async def meet(name: str) -> str:
        """Wait for the other."""
        nonlocal running
        running += 1
        if running == 2:
            met.set()
        await met.wait()
        return name

    model = Scripted(Reply([call("meet", "c1", name="a"), call("meet", "c2", name="b")]), "Both.")
    async with world.supervisor(model, meet) as supervisor:
        with anyio.fail_after(5):
            await supervisor.session("maren").ask("meet")
        found = await history(supervisor)
    assert said(found[2]) == [("tool_result", "a"), ("tool_result", "b")]


async def test_a_tool_that_must_be_alone_has_nothing_beside_it(world: World) -> None:
    running: set[str] = set()
    together: list[int] = []

    @tool(alone=True)
    async def alone(name: str) -> str:
        """Be alone."""
        running.add(name)
        await anyio.lowlevel.checkpoint()
        together.append(len(running))
        running.remove(name)
        return name

    model = Scripted(Reply([call("alone", f"c{at}", name=str(at)) for at in range(3)]), "Done.")
    async with world.supervisor(model, alone) as supervisor:
        await supervisor.session("maren").ask("go")
    assert together == [1, 1, 1]


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (call("fail", "c1"), "failed: RuntimeError: the disk is on fire"),
        (call("nothing", "c1"), "not run: there is no tool 'nothing'; there are add, fail, hang"),
        (call("add", "c1", a="x"), "failed: the input of the tool 'add' is not as its schema says"),
        (call("hang", "c1"), "cancelled: the call took longer than 0.05 s"),
    ],
)
async def test_what_goes_wrong_with_a_call_is_an_error_that_the_model_sees(
    world: World, made: ToolUse, sentence: str
) -> None:
    model = Scripted(Reply([made]), "Sorry.")
    async with world.supervisor(model, add, fail, hang, config=Config(call_timeout=0.05)) as supervisor:
        assert (await supervisor.session("maren").ask("go")).text == "Sorry."
        found = await history(supervisor)
    (result,) = found[2].blocks
    assert result["is_error"]
    assert result["content"].startswith(sentence)


async def test_an_error_of_the_sdk_brings_its_content(world: World) -> None:
    @beta_async_tool
    async def look(what: str) -> str:
        """Look."""
        raise ToolError([{"type": "text", "text": f"there is no {what}: {'x' * 1000}"}])

    model = Scripted(Reply([call("look", "c1", what="mast")]), "None.")
    async with world.supervisor(model, look) as supervisor:
        await supervisor.session("maren").ask("look")
        (result,) = (await history(supervisor))[2].blocks
    assert result["is_error"]
    assert result["content"] == [{"type": "text", "text": f"there is no mast: {'x' * 1000}"}]


async def test_a_result_that_is_too_long_is_cut_with_a_note(world: World) -> None:
    @tool
    async def read() -> str:
        """Read a lot."""
        return "x" * 1000

    model = Scripted(Reply([call("read", "c1")]), "Long.")
    async with world.supervisor(model, read, config=Config(result_limit=100)) as supervisor:
        await supervisor.session("maren").ask("read")
        found = await history(supervisor)
    assert found[2].blocks[0]["content"] == "x" * 100 + "\n[cut: the first 100 of 1000 characters]"


async def test_a_tool_is_given_the_context_of_its_call(world: World) -> None:
    seen: list[ToolContext] = []

    @tool
    async def look(context: ToolContext) -> str:
        """Look around."""
        seen.append(context)
        assert ToolContext.current() is context
        return "seen"

    model = Scripted(Reply([call("look", "c1")]), "Good.")
    async with world.supervisor(model, look) as supervisor:
        await supervisor.session("maren").ask("look", message_id="m-1")
    assert [(each.session, each.agent, each.message_id, each.call_id) for each in seen] == [
        ("maren", "main", "m-1", "c1")
    ]


async def test_too_many_calls_are_refused_and_then_the_turn_fails(world: World) -> None:
    twice = Reply([call("add", "c1", a=1, b=1), call("add", "c2", a=2, b=2)])
    model = Scripted(twice, Reply([call("add", "c3", a=3, b=3)]))
    async with world.supervisor(model, add, config=Config(turn_calls=1)) as supervisor:
        with pytest.raises(NoReplyError, match="calls tools beyond turnCalls"):
            await supervisor.session("maren").ask("add")
        found = await history(supervisor)
    first, second = found[2].blocks
    assert first["content"] == "2"
    assert "1 calls are the most of a turn (turnCalls)" in second["content"]
    assert found[-1].blocks[0]["is_error"]


async def test_a_stop_while_a_tool_runs_leaves_no_call_without_a_result(world: World) -> None:
    model = Scripted(Reply([call("hang", "c1"), call("add", "c2", a=1, b=1)]), "Next.")
    async with world.supervisor(model, hang, add) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("go")
        async for piece in turn:
            if isinstance(piece, ToolAnswer):
                break
        await session.stop()
        with pytest.raises(NoReplyError):
            await turn.reply()
        found = await history(supervisor)
        assert [block.get("is_error", False) for block in found[2].blocks] == [True, False]
        assert (await session.ask("and now?")).text == "Next."


async def test_readers_see_calls_and_their_results(world: World) -> None:
    model = Scripted(Reply([Text(text="Adding."), call("add", "c1", a=1, b=1)]), "2.")
    async with world.supervisor(model, add) as supervisor:
        turn = await supervisor.session("maren").send("1 + 1?")
        pieces = [piece async for piece in turn]
        assert [type(each).__name__ for each in pieces] == ["TextDelta", "ToolCall", "ToolAnswer", "TextDelta"]
        assert pieces[1] == ToolCall("c1", "add", {"a": 1, "b": 1})
        assert pieces[2] == ToolAnswer("c1", "add", "2")
        assert [text async for text in turn.text()] == ["Adding.", "2."]


async def test_a_refusal_ends_the_turn_and_requests_leave_the_exchange_out(world: World) -> None:
    model = Scripted("Hello.", Reply("I would ra", stop_reason="refusal"), "Sure.")
    async with world.supervisor(model) as supervisor:
        session = supervisor.session("maren")
        await session.ask("hi")
        with pytest.raises(ModelRefusedError):
            await session.ask("something bad")
        assert (await session.ask("something good")).text == "Sure."
        found = await history(supervisor)
    assert [(each.text, each.is_refused) for each in found] == [
        ("hi", False),
        ("Hello.", False),
        ("something bad", True),
        ("something good", False),
        ("Sure.", False),
    ]
    assert [each.text for each in model.requests[-1].messages] == ["hi", "Hello.", "something good"]


async def test_a_pause_is_kept_and_the_model_asked_on(world: World) -> None:
    model = Scripted(Reply("Searching", stop_reason="pause_turn"), "Found.")
    async with world.supervisor(model) as supervisor:
        assert (await supervisor.session("maren").ask("search")).text == "Found."
        found = await history(supervisor)
    assert [(each.text, each.stop_reason) for each in found[1:]] == [("Searching", "pause_turn"), ("Found.", None)]
    assert [each.role for each in model.requests[1].messages] == ["user", "assistant"]


async def test_pauses_are_bounded(world: World) -> None:
    model = Scripted(*[Reply(f"pause {at}", stop_reason="pause_turn") for at in range(30)])
    async with world.supervisor(model) as supervisor:
        reply = await supervisor.session("maren").ask("search")
    assert (reply.text, reply.stop_reason) == ("pause 20", "pause_turn")


@pytest.mark.parametrize("reason", ["max_tokens", "something_new"])
async def test_a_reply_that_is_cut_off_is_kept_without_the_calls_that_may_not_be_whole(
    world: World, reason: str
) -> None:
    model = Scripted(Reply([Text(text="I will"), call("add", "c1", a=1)], stop_reason=reason))
    async with world.supervisor(model, add) as supervisor:
        reply = await supervisor.session("maren").ask("go")
        assert (reply.text, reply.stop_reason, said(reply)) == ("I will", reason, [("text", "I will")])
        await history(supervisor)


@pytest.mark.parametrize("content", ["  \n", [Text(text=" ")]])
async def test_white_space_alone_is_no_reply(world: World, content: Any) -> None:
    async with world.supervisor(Scripted(Reply(content))) as supervisor:
        with pytest.raises(NoReplyError) as caught:
            await supervisor.session("maren").ask("hm")
    assert caught.value.outcome == "no_reply"


async def test_calls_with_the_same_id_and_with_nonsense_are_answered(world: World) -> None:
    nonsense: list[Any] = [
        {"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1, "b": 1}},
        {"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 2, "b": 2}},
        {"type": "tool_use", "name": "add", "input": "3 and 3"},
        {"type": "tool_use", "id": "no good id!", "name": "", "input": {}},
    ]
    async with world.supervisor(Scripted(Reply(nonsense), "Fine."), add) as supervisor:
        assert (await supervisor.session("maren").ask("go")).text == "Fine."
        found = await history(supervisor)
    assert [block["content"] for block in found[2].blocks][:2] == ["2", "4"]
    assert [block.get("is_error", False) for block in found[2].blocks] == [False, False, True, True]


async def test_rounds_write_as_many_records_each(world: World) -> None:
    rounds = [Reply([call("add", f"c{at}", a=at, b=1)]) for at in range(20)]
    async with world.supervisor(Scripted(*rounds, "Done."), add) as supervisor, supervisor.events() as events:
        await supervisor.session("maren").ask("go")
        kinds = [type(event.record).__name__ async for event in _until_reply(events)]
    assert kinds.count("Responded") == kinds.count("CallEnded") == 20
    assert kinds.count("TurnStarted") == 1
    assert len(kinds) <= 50
    assert ApprovalDecided.__name__ not in kinds
    assert CallEnded.__name__ in kinds


async def _until_reply(events: Subscription) -> AsyncGenerator[RecordAppended]:
    async for event in events:
        if isinstance(event, RecordAppended):
            yield event
            if isinstance(event.record, Replied):
                return


async def test_what_the_agent_says_meanwhile_does_not_part_a_call_from_its_result(world: World) -> None:
    release = anyio.Event()

    @tool
    async def wait() -> str:
        """Wait."""
        await release.wait()
        return "waited"

    model = Scripted(Reply([call("wait", "c1")]), "Done.", "Again.")
    async with world.supervisor(model, wait) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("wait")
        async for piece in turn:
            if isinstance(piece, ToolCall):
                break
        await session.say("By the way …")
        release.set()
        assert (await turn.reply()).text == "Done."
        assert (await session.ask("again")).text == "Again."  # whose request is checked


async def test_a_model_that_fails_behind_a_call_is_asked_again_later(world: World, clock: ManualClock) -> None:
    busy = ModelError("busy", is_transient=True)
    model = Scripted(Reply([call("add", "c1", a=1, b=1)]), busy, "2.")
    async with world.supervisor(model, add) as supervisor:
        turn = await supervisor.session("maren").send("1 + 1?")
        while len(model.requests) < 2:
            await anyio.lowlevel.checkpoint()
        while not (await supervisor.session("maren").info()).retry_reason:
            await anyio.lowlevel.checkpoint()
        clock.advance(5)
        assert (await turn.reply()).text == "2."


async def test_a_context_that_fills_between_two_rounds_is_compacted_and_the_turn_goes_on(world: World) -> None:
    @tool
    async def read(n: int) -> str:
        """Read."""
        return f"{n} " + "word " * 60

    rounds = [Reply([call("read", f"c{at}", n=at)]) for at in range(3)]
    model = Scripted(*(f"reply {at}" for at in range(4)), *rounds, "Done.")
    async with world.supervisor(
        model, read, config=Config(max_context_tokens=500, keep_recent_tokens=50)
    ) as supervisor:
        session = supervisor.session("maren")
        for at in range(4):
            await session.ask(f"{at} " + "word " * 60)
        with anyio.fail_after(10):
            assert (await session.ask("read")).text == "Done."
        info = await session.info()
        assert info.compactions >= 1
        assert info.state == "Active"


async def test_the_second_overflow_of_the_window_compacts(world: World) -> None:
    long = "word " * 40
    model = Scripted(long, long, Reply("as far as", stop_reason="model_context_window_exceeded"), "Again.")
    async with world.supervisor(model, config=Config(max_context_tokens=1000, keep_recent_tokens=50)) as supervisor:
        session = supervisor.session("maren")
        for at in range(2):
            await session.ask(f"{at} {long}")
        reply = await session.ask("go on")
        assert (reply.text, reply.stop_reason) == ("as far as", "model_context_window_exceeded")
        assert (await session.ask("and?")).text == "Again."
        assert (await session.info()).compactions == 1


async def test_what_others_do_to_an_input_or_a_result_changes_no_history(world: World) -> None:
    def spoil(given: dict[str, Any]) -> bool:
        given["ports"].append("spoilt")
        return False

    class Spoiling:
        name = "spoil"
        needs_approval = staticmethod(spoil)

        def to_dict(self) -> dict[str, Any]:
            return {"name": self.name, "description": "Spoil.", "input_schema": {"type": "object"}}

        async def call(self, given: Any, /) -> object:
            spoil(given)
            return [{"type": "text", "text": "ok"}]

    model = Scripted(Reply([call("spoil", "c1", ports=[1])]), "Done.")
    async with world.supervisor(model, Spoiling()) as supervisor:
        turn = await supervisor.session("maren").send("go")
        async for piece in turn:
            if isinstance(piece, ToolCall):
                piece.input["ports"].clear()
            if isinstance(piece, ToolAnswer) and not isinstance(piece.content, str):
                piece.content[0]["text"] = "spoilt"
        for message in await history(supervisor):
            for block in message.content:
                if isinstance(block, ToolUse):
                    spoil(block.input)
        found = await history(supervisor)
    assert found[1].blocks[0]["input"] == {"ports": [1]}
    assert found[2].blocks[0]["content"] == [{"type": "text", "text": "ok"}]
