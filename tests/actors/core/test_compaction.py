"""When the window fills: summarise, replace, preserve, continue."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

import anyio
import pytest

from argentos import Agent, Config, Emit, ManualClock, Model, ReplayModel, Reply, Request, Supervisor
from argentos.actors import Transcript, TranscriptMessage
from argentos.errors import (
    ContextOverflowError,
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
)
from argentos.storage import MemoryStore

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]

SMALL = Config(max_context_tokens=500)


class Scripted:
    """A model that answers in ten words, and summarises when it is let."""

    name = "scripted"
    can_summarise = True

    def __init__(self, *, overflows: int = 0) -> None:
        self.requests: list[Request] = []
        self.summarising = anyio.Event()
        self.may_summarise = anyio.Event()
        self.overflows = overflows

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.requests.append(request)
        if request.instruction:
            self.summarising.set()
            await self.may_summarise.wait()
            return Reply("They spoke of boats.")
        if self.overflows:
            self.overflows -= 1
            raise ContextOverflowError("too long")
        return Reply(f"reply {len(self.requests)} " + "word " * 8)


async def fill(supervisor: Supervisor, turns: int) -> None:
    """Make each turn cost about fifty tokens."""
    session = supervisor.session("maren")
    for number in range(turns):
        await session.ask(f"question {number} " + "word " * 30)


async def test_a_full_window_is_compacted_and_the_conversation_goes_on(running: Running) -> None:
    async with running(ReplayModel(["word " * 10] * 30), config=SMALL) as supervisor:
        await fill(supervisor, 30)
        info = await supervisor.session("maren").info()
        assert info.compactions >= 2
        assert info.state == "Active"
        assert info.tokens < 0.85 * 500


async def test_recent_messages_stay_word_for_word_and_nothing_is_discarded(running: Running) -> None:
    async with running(ReplayModel(["word " * 10] * 12), config=SMALL) as supervisor:
        await fill(supervisor, 12)
        session = supervisor.session("maren")
        context, everything = await session.history(), await session.history(full=True)
        assert 0 < len(context) < len(everything) == 24
        assert everything[-len(context) :] == context
        assert [message.number for message in everything] == list(range(1, 25))


async def test_without_a_model_the_summary_quotes_what_it_replaces_and_names_its_range(running: Running) -> None:
    async with running(ReplayModel(["word " * 10] * 12), config=SMALL) as supervisor:
        await fill(supervisor, 12)
        session = supervisor.session("maren")
        summary = await session.summary()
        assert summary is not None
        assert (summary.method, summary.first) == ("extractive", 1)
        assert f"1–{summary.last}" in summary.text
        replaced = " ".join(m.text for m in (await session.history(full=True))[: summary.last])
        quote = summary.text.splitlines()[1].split("“")[1].rstrip("”… ")
        assert quote in replaced


async def test_the_models_own_summary_is_used_and_shown_to_it_afterwards(running: Running) -> None:
    model = Scripted()
    model.may_summarise.set()
    async with running(model, config=SMALL) as supervisor:
        await fill(supervisor, 12)
        summary = await supervisor.session("maren").summary()
        assert summary is not None
        assert (summary.method, summary.text) == ("model", "They spoke of boats.")
        assert model.requests[-1].summary == summary


async def test_messages_that_arrive_during_a_compaction_are_accepted_and_answered_after_it(running: Running) -> None:
    model = Scripted()
    async with running(model, config=SMALL) as supervisor:
        session = supervisor.session("maren")
        async with anyio.create_task_group() as group:
            group.start_soon(fill, supervisor, 12)
            await model.summarising.wait()
            assert (await session.info()).state == "Compacted"
            late = await session.send("I came late.")
            await session.say("So did I.")
            assert (await session.info()).state == "Compacted"
            model.may_summarise.set()
            await late.reply()
        texts = [message.text for message in await session.history()]
        assert "I came late." in texts
        assert "So did I." in texts


async def test_a_hung_summariser_does_not_hold_the_session(running: Running) -> None:
    config = Config(max_context_tokens=500, compaction_timeout=0.01)
    async with running(Scripted(), config=config) as supervisor:
        await fill(supervisor, 12)
        summary = await supervisor.session("maren").summary()
        assert summary is not None
        assert summary.method == "extractive"


@pytest.mark.parametrize("command", ["stop", "clear"])
async def test_stop_and_clear_end_a_compaction(running: Running, command: str) -> None:
    model = Scripted()
    async with running(model, config=SMALL) as supervisor:
        session = supervisor.session("maren")
        async with anyio.create_task_group() as group:
            group.start_soon(fill_until_stopped, supervisor)
            await model.summarising.wait()
            info = await (session.stop() if command == "stop" else session.clear())
            assert info.compactions == 0
        assert (await session.info()).state == "Active"
        assert await session.summary() is None
        assert len(await session.history()) == (0 if command == "clear" else (await session.info()).messages)


async def fill_until_stopped(supervisor: Supervisor) -> None:
    from argentos.errors import NoReplyError  # noqa: PLC0415

    with pytest.raises(NoReplyError):
        await fill(supervisor, 30)


async def test_by_hand_an_idle_session_takes_the_diagrams_way(running: Running, clock: ManualClock) -> None:
    async with running(ReplayModel(["word " * 40] * 8)) as supervisor:
        session = supervisor.session("maren")
        await fill(supervisor, 8)
        clock.advance(1800)
        info = await session.compact("keep the boats")
        assert info.state == "Active"
        assert [edge.split(":")[0] for edge in info.edges][2:] == [
            "Active --> Idle",
            "Idle --> Active",
            "Active --> Compacted",
            "Compacted --> Active",
        ]


async def test_by_hand_the_focus_reaches_the_model(running: Running) -> None:
    model = Scripted()
    model.may_summarise.set()
    async with running(model) as supervisor:
        await fill(supervisor, 10)
        await supervisor.session("maren").compact("the padlock code")
        assert "the padlock code" in model.requests[-1].instruction


async def test_by_hand_during_a_turn_the_compaction_follows_the_turn(running: Running) -> None:
    model = ReplayModel(["word " * 40] * 8, live=True)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await fill(supervisor, 8)
        turn = await session.send("And now?")
        async with anyio.create_task_group() as group:
            group.start_soon(session.compact)
            await anyio.wait_all_tasks_blocked()
            assert (await session.info()).compactions == 0
            model.feed("Now.")
        assert (await turn.reply()).text == "Now."
        assert (await session.info()).compactions == 1


async def test_a_model_whose_window_is_smaller_than_thought_is_compacted_for_and_asked_again(running: Running) -> None:
    model = Scripted()
    model.may_summarise.set()
    async with running(model, config=SMALL) as supervisor:
        session = supervisor.session("maren")
        await fill(supervisor, 6)
        model.overflows = 1
        reply = await session.ask("Does it fit?")
        assert reply.text.startswith("reply")
        assert (await session.info()).compactions == 1


async def test_a_compaction_that_cannot_make_room_is_ended_and_the_turn_shows_whether_it_fits(running: Running) -> None:
    model = Scripted()
    async with running(model, config=SMALL) as supervisor:
        session = supervisor.session("maren")
        await fill(supervisor, 3)
        model.overflows = 1
        turn = await session.send("Does it fit? " + "word " * 100)
        await model.summarising.wait()
        for _ in range(3):
            await session.say("word " * 150)  # kept, for they came behind the message that is to be answered
        asked = len(model.requests)
        model.may_summarise.set()
        with anyio.fail_after(5):
            assert (await turn.reply()).text.startswith("reply")
        assert sum(1 for request in model.requests[asked:] if request.instruction) <= 1  # the one after the turn


async def test_a_context_that_no_compaction_helps_fails_its_turn(running: Running) -> None:
    async with running(Scripted(overflows=5), config=SMALL) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(ContextOverflowError):
            await session.ask("Does it fit?")
        assert (await session.info()).state == "Active"


async def test_a_compaction_cut_off_by_a_restart_is_made_again(running: Running, store: MemoryStore) -> None:
    model = Scripted()
    async with running(model, config=SMALL) as supervisor:
        with anyio.move_on_after(5) as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(fill, supervisor, 12)
                await model.summarising.wait()
                scope.cancel()
    session_store = store
    again: Model = ReplayModel(["After all."] * 3)
    async with running(again, on=session_store, config=SMALL) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Are you there?")
        info = await session.info()
        assert (info.state, info.compactions) == ("Active", 1)


async def test_a_compaction_by_hand_cut_off_by_a_restart_is_made_again(running: Running, store: MemoryStore) -> None:
    model = Scripted()
    async with running(model) as supervisor:
        await fill(supervisor, 8)
        async with anyio.create_task_group() as group:
            group.start_soon(supervisor.session("maren").compact)
            await model.summarising.wait()
            group.cancel_scope.cancel()
    async with running(ReplayModel(), on=store) as supervisor:
        session = supervisor.session("maren")
        while (await session.info()).state == "Compacted":
            await anyio.wait_all_tasks_blocked()
        summary = await session.summary()
        assert summary is not None
        assert (summary.first, summary.last + len(await session.history())) == (1, 16)


class Overloaded:
    """Fails so often before it writes a summary."""

    can_summarise = True

    def __init__(self, times: int, error: ModelError) -> None:
        self.left = times
        self.error = error

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        if request.instruction and self.left:
            self.left -= 1
            raise self.error
        return Reply("They met." if request.instruction else "Re")


@pytest.mark.parametrize(
    ("times", "error", "method"),
    [
        (2, ModelUnavailableError("overloaded", retry_after=0.0), "model"),
        (3, ModelUnavailableError("overloaded", retry_after=0.0), "extractive"),
        (1, ModelUnavailableError("overloaded", retry_after=1000.0), "extractive"),
        (1, ModelRefusedError("wrong key"), "extractive"),
    ],
)
async def test_a_summary_is_asked_for_again_where_the_model_cannot_answer_for_now(
    store: MemoryStore, times: int, error: ModelError, method: str
) -> None:
    model = Overloaded(times, error)
    async with Supervisor(store, model, config=Config(compaction_timeout=60.0)) as supervisor:
        session = supervisor.session("maren")
        for number in range(4):
            await session.ask(f"question {number} " * 40)
        await session.compact()
        summary = await session.summary()
    assert summary is not None
    assert (summary.method, model.left) == (method, 0)


class Measuring:
    """Counts by itself, or cannot."""

    can_summarise = True
    window = 1000

    def __init__(self, *tokens: object) -> None:
        self.tokens = list(tokens)
        self.asked = 0

    async def measure(self, request: Request) -> object:
        self.asked += 1
        given = self.tokens.pop(0) if self.tokens else request.window // 2
        if isinstance(given, Exception):
            raise given
        return given

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        return Reply("They met." if request.instruction else "Re")


@pytest.mark.parametrize(
    ("tokens", "compactions"),
    [((5000,), 1), ((10,), 0), ((1000,), 0), ((ValueError("no"),), 0), (("many",), 0), ((-1,), 0), ((True,), 0)],
)
async def test_near_the_limit_the_model_s_own_count_decides_whether_a_request_fits(
    store: MemoryStore, tokens: tuple[object, ...], compactions: int
) -> None:
    model = Measuring(*tokens)
    async with Supervisor(store, model, count=lambda text: len(text.split()), count_inline=1000) as supervisor:
        session = supervisor.session("maren")
        for _ in range(3):
            await session.ask("word " * 190)
        assert model.asked == 0
        assert (await session.ask("word " * 200)).text == "Re"
        assert model.asked >= 1
        assert (await session.info()).compactions == compactions


class Cheaper:
    """A model with a window of its own, that only summarises."""

    name = "cheaper"

    def __init__(self, window: int) -> None:
        self.window = window
        self.requests: list[Request] = []
        self.is_closed = False

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.requests.append(request)
        return Reply("Course of things: they spoke of boats.")

    async def aclose(self) -> None:
        self.is_closed = True


async def test_another_model_may_write_the_summaries(store: MemoryStore) -> None:
    talker, cheaper = Scripted(), Cheaper(1000)
    config = Config(max_context_tokens=4000)
    async with Supervisor(store, Agent(talker, system="Sail.", summariser=cheaper), config=config) as supervisor:
        session = supervisor.session("maren")
        for number in range(20):
            await session.ask(f"question {number} " + "word " * 230)
        summary = await session.summary()
    assert summary is not None
    assert (summary.method, summary.text) == ("model", "Course of things: they spoke of boats.")
    assert not any(request.instruction for request in talker.requests)
    assert len(cheaper.requests) > 3
    assert all(request.window == 1000 and request.system != "Sail." for request in cheaper.requests)
    assert cheaper.is_closed


@pytest.mark.parametrize("times", [2, 10])
async def test_a_session_imported_at_many_times_its_window_is_brought_down(store: MemoryStore, times: int) -> None:
    model = Scripted()
    model.may_summarise.set()
    said = [TranscriptMessage(role="user", text=f"m{number} " + "word " * 95) for number in range(20 * times)]
    async with Supervisor(store, model, config=Config(max_context_tokens=2000)) as supervisor:
        session = supervisor.session("maren")
        assert (
            await session.adopt(Transcript(agent="main", session="maren", messages=tuple(said)))
        ).percent > 90 * times
        with anyio.fail_after(20):
            assert (await session.ask("Where were we?")).text.startswith("reply")
        info, everything = await session.info(), await session.history(full=True)
        summary = await session.summary()
    assert info.percent < 85
    assert info.state == "Active"
    assert summary is not None
    assert (summary.method, summary.text) == ("model", "They spoke of boats.")
    assert [each.text for each in everything][:-2] == [each.text for each in said]
