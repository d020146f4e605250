"""Every compaction that is tried, what came of it, and who is told."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest

from argentos import (
    CompactionAttempt,
    CompactionFailed,
    Config,
    Emit,
    FileStore,
    MemoryStore,
    Message,
    OfflineModel,
    RecordAppended,
    Reply,
    Request,
    Session,
    Supervisor,
)
from argentos.errors import CompactionFailedError, ModelRefusedError, NoReplyError, NothingToCompactError
from argentos.storage import CompactionDeclined, Kept, Store, Summarised

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]

SMALL = Config(max_context_tokens=500)


class Scribe:
    """Answers at once, and writes summaries when it is let."""

    name = "scribe"
    can_summarise = True

    def __init__(self, *, summary: str = "They spoke of boats.", waits: bool = False) -> None:
        self.requests: list[Request] = []
        self.summary = summary
        self.summarising = anyio.Event()
        self.may_summarise = anyio.Event()
        self.may_reply = anyio.Event()
        self.may_reply.set()
        if not waits:
            self.may_summarise.set()

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.requests.append(request)
        if not request.instruction:
            await self.may_reply.wait()
            return Reply("word " * 10)
        self.summarising.set()
        await self.may_summarise.wait()
        return Reply(self.summary)


async def fill(session: Session, turns: int, begin: int = 0) -> None:
    """Make each turn cost about fifty tokens."""
    for number in range(begin, begin + turns):
        await session.ask(f"question {number} " + "word " * 30)


def counting(text: str) -> int:
    """Count words, but never those of quotes."""
    if text.startswith("Messages "):
        raise RuntimeError("out of order")
    return len(text.split())


async def statuses(session: Session) -> list[str]:
    return [each.status for each in await session.compactions()]


# What came of it -----------------------------------------------------------------------------------------------


async def test_a_compaction_says_what_it_gained_how_and_in_what_time(running: Running) -> None:
    async with running(Scribe()) as supervisor:
        session = supervisor.session("maren")
        await fill(session, 8)
        before = (await session.info()).tokens
        assert (await session.info()).compaction is None
        info = await session.compact("the boats")
        (attempt,) = await session.compactions()
    assert info.compaction == attempt
    assert (attempt.status, attempt.method, attempt.reason) == ("compacted", "model", "")
    assert (attempt.before, attempt.after) == (before, info.tokens)
    assert attempt.after < attempt.before
    assert (attempt.focus, attempt.by_hand) == ("the boats", True)
    assert 0 <= attempt.seconds < 60


async def test_one_made_in_quotes_says_why_it_is_not_the_models(running: Running) -> None:
    class Refusing(Scribe):
        async def reply(self, request: Request, _emit: Emit) -> Reply:
            if request.instruction:
                raise ModelRefusedError("the key is wrong")
            return await super().reply(request, _emit)

    async with running(Refusing(), config=SMALL) as supervisor:
        session = supervisor.session("maren")
        await fill(session, 12)
        attempt = (await session.compactions())[-1]
    assert (attempt.status, attempt.method, attempt.reason) == ("compacted", "extractive", "the key is wrong")
    assert not attempt.by_hand


@pytest.mark.parametrize(("words", "status"), [(0, "nothing_to_compact"), (3, "not_worth_it")])
async def test_one_that_would_gain_nothing_is_no_success_and_changes_nothing(
    running: Running, words: int, status: str
) -> None:
    async with running(Scribe()) as supervisor:
        session = supervisor.session("maren")
        await (session.ask("Hello? " * words) if words else session.create())
        before = await session.info()
        with pytest.raises(NothingToCompactError, match="was not compacted: there are no"):
            await session.compact()
        (attempt,) = await session.compactions()
        after = await session.info()
    assert (attempt.status, attempt.before, attempt.after) == (status, before.tokens, before.tokens)
    assert (after.compactions, after.tokens, after.state) == (0, before.tokens, before.state)


async def test_one_whose_summary_is_no_shorter_is_not_worth_it(running: Running) -> None:
    def long(text: str) -> int:
        return 400 if text.startswith("Messages ") else len(text.split())

    async with running(OfflineModel(), count=long) as supervisor:
        session = supervisor.session("maren")
        for number in range(6):
            await session.say(f"{number} " + "word " * 40)
        with pytest.raises(NothingToCompactError, match="no shorter"):
            await session.compact()
        assert await statuses(session) == ["not_worth_it"]
        assert (await session.info()).compactions == 0
        assert len(await session.history()) == 6


async def test_one_that_fails_keeps_the_history_and_is_told_to_whoever_talks(running: Running) -> None:
    async with running(OfflineModel(), count=counting, config=SMALL) as supervisor:
        session = supervisor.session("maren")
        for number in range(7):
            await session.say(f"{number} " + "word " * 58)
        turn = await session.send("Are you there?")
        pieces = [piece async for piece in turn]
        told = [piece for piece in pieces if isinstance(piece, CompactionFailed)]
        assert (await turn.reply()).text
        attempt = (await session.compactions())[0]
        assert len(await session.history()) == 9
        assert (await session.info()).compactions == 0
    assert (attempt.status, attempt.before) == ("failed", attempt.after)
    assert "out of order" in attempt.reason
    assert [piece.reason for piece in told] == [attempt.reason]


async def test_one_that_fails_by_hand_is_an_error_of_its_own(running: Running) -> None:
    async with running(OfflineModel(), count=counting) as supervisor:
        session = supervisor.session("maren")
        for number in range(6):
            await session.say(f"{number} " + "word " * 40)
        with pytest.raises(CompactionFailedError, match=r"out of order.*history is kept"):
            await session.compact()
        assert await statuses(session) == ["failed"]


@pytest.mark.parametrize("command", ["stop", "clear"])
async def test_one_that_is_stopped_says_so(running: Running, command: str) -> None:
    model = Scribe(waits=True)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await fill(session, 8)
        async with anyio.create_task_group() as group:
            group.start_soon(_refused, session, "it was stopped")
            await model.summarising.wait()
            await (session.stop() if command == "stop" else session.clear())
        assert await statuses(session) == ["stopped"]
        assert len(await session.history()) == (0 if command == "clear" else 16)


async def test_one_that_waits_for_a_turn_may_be_stopped_with_it(running: Running) -> None:
    model = Scribe()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await fill(session, 8)
        model.may_reply = anyio.Event()
        turn = await session.send("And now?")
        async with anyio.create_task_group() as group:
            group.start_soon(_refused, session, "it was stopped")
            await anyio.wait_all_tasks_blocked()
            await session.stop()
        with pytest.raises(NoReplyError):
            await turn.reply()
        assert await statuses(session) == ["stopped"]
        assert not any(request.instruction for request in model.requests)


async def _refused(session: Session, why: str) -> None:
    with pytest.raises(NothingToCompactError, match=why):
        await session.compact()


async def test_each_is_an_event(running: Running) -> None:
    async with running(Scribe()) as supervisor, supervisor.events() as events:
        session = supervisor.session("maren")
        with pytest.raises(NothingToCompactError):
            await (await _made(session)).compact()
        await fill(session, 8)
        await session.compact()
        records = [event.record for event in events.pending() if isinstance(event, RecordAppended)]
    ended = [each for each in records if isinstance(each, Summarised | Kept | CompactionDeclined)]
    assert [type(each).__name__ for each in ended] == ["CompactionDeclined", "Summarised"]


async def _made(session: Session) -> Session:
    await session.create()
    return session


# For how long it is known --------------------------------------------------------------------------------------


async def test_what_came_of_it_is_known_after_a_restart(running: Running, tmp_path: Path) -> None:
    async with running(Scribe(), on=FileStore(tmp_path / "state")) as supervisor:
        session = supervisor.session("maren")
        await fill(session, 8)
        await session.compact()
        attempts = await session.compactions()
    async with running(on=FileStore(tmp_path / "state")) as supervisor:
        assert await supervisor.session("maren").compactions() == attempts


async def test_fifty_are_known_at_most(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        await session.create()
        for _ in range(55):
            with pytest.raises(NothingToCompactError):
                await session.compact()
        assert len(await session.compactions()) == 50


# What was asked for survives -----------------------------------------------------------------------------------


async def _asked_and_killed(running: Running, model: Scribe, until: Callable[[], Awaitable[object]]) -> None:
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await fill(session, 8)
        if not model.may_reply.is_set():
            await session.send("And now?")
        async with anyio.create_task_group() as group:
            group.start_soon(_compact, session)
            await until()
            group.cancel_scope.cancel()


async def _compact(session: Session) -> None:
    await session.compact("the padlock code", keep=6)


async def _goes_on(running: Running, store: Store) -> tuple[list[Message], CompactionAttempt, Scribe]:
    model = Scribe()
    async with running(model, on=store) as supervisor:
        session = supervisor.session("maren")
        while not await session.compactions():
            await anyio.wait_all_tasks_blocked()
        return [*await session.history()], (await session.compactions())[0], model


async def test_the_focus_and_what_is_kept_survive_a_kill(running: Running, store: MemoryStore) -> None:
    model = Scribe(waits=True)
    await _asked_and_killed(running, model, model.summarising.wait)
    left, attempt, again = await _goes_on(running, store)
    assert len(left) == 6
    assert (attempt.status, attempt.focus, attempt.by_hand) == ("compacted", "the padlock code", True)
    assert again.requests[0].instruction.endswith("the padlock code")


async def test_a_compaction_that_waited_for_a_turn_is_made_after_a_kill_too(
    running: Running, store: MemoryStore
) -> None:
    class Late(Scribe):
        async def reply(self, request: Request, _emit: Emit) -> Reply:
            if request.messages[-1].text == "And now?":
                await anyio.sleep_forever()
            return await super().reply(request, _emit)

    model = Late()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await fill(session, 8)
        await session.send("And now?")
        async with anyio.create_task_group() as group:
            group.start_soon(_compact, session)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
    left, attempt, again = await _goes_on(running, store)
    assert (attempt.status, attempt.focus) == ("compacted", "the padlock code")
    assert [message.text for message in left][-2] == "And now?"
    assert len(left) == 6 + 1  # the turn goes on behind it
    assert again.requests[0].instruction.endswith("the padlock code")


# What is kept --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [0, 1, 5])
async def test_so_many_of_the_latest_messages_stay_word_for_word(running: Running, keep: int) -> None:
    async with running(Scribe()) as supervisor:
        session = supervisor.session("maren")
        await fill(session, 8)
        before = await session.history()
        await session.compact(keep=keep)
        left, everything = await session.history(), await session.history(full=True)
    assert left == before[len(before) - keep :]
    assert everything == before


async def test_where_all_is_to_be_kept_there_is_nothing_to_compact(running: Running) -> None:
    async with running(Scribe()) as supervisor:
        session = supervisor.session("maren")
        await fill(session, 8)
        with pytest.raises(NothingToCompactError):
            await session.compact(keep=16)
        assert len(await session.history()) == 16


# A look before -------------------------------------------------------------------------------------------------


async def test_a_preview_shows_the_summary_and_changes_nothing(running: Running) -> None:
    model = Scribe()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await fill(session, 8)
        before = await session.info()
        shown = await session.preview_compaction("the boats", keep=4)
        assert await session.info() == before
        assert await session.summary() is None
        assert model.requests[-1].instruction.endswith("the boats")
        await session.compact("the boats", keep=4)
        summary, info = await session.summary(), await session.info()
    assert summary is not None
    assert (shown.text, shown.method, shown.first, shown.last) == (summary.text, "model", 1, summary.last)
    assert (shown.replaced, shown.kept) == (12, 4)
    assert (shown.before, shown.after) == (before.tokens, info.tokens)


async def test_a_preview_of_nothing_says_so(running: Running) -> None:
    async with running(Scribe()) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        with pytest.raises(NothingToCompactError):
            await session.preview_compaction()
        assert await session.compactions() == ()


# While it runs -------------------------------------------------------------------------------------------------


async def test_two_who_ask_at_once_get_one_summary(running: Running) -> None:
    model = Scribe(waits=True)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await fill(session, 8)
        async with anyio.create_task_group() as group:
            group.start_soon(session.compact)
            await model.summarising.wait()
            group.start_soon(session.compact)
            await anyio.wait_all_tasks_blocked()
            model.may_summarise.set()
        assert await statuses(session) == ["compacted"]
        assert sum(1 for request in model.requests if request.instruction) == 1


async def test_a_message_comes_behind_the_summary_and_a_clear_wins_over_both(running: Running) -> None:
    model = Scribe(waits=True)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await fill(session, 8)
        async with anyio.create_task_group() as group:
            group.start_soon(session.compact)
            await model.summarising.wait()
            turn = await session.send("I came late.")
            model.may_summarise.set()
            await turn.reply()
        shown = model.requests[-1]
        assert shown.summary is not None
        assert shown.messages[-1].text == "I came late."
        await session.clear()
        assert await session.summary() is None
        assert await session.history() == ()
        assert len(await session.history(full=True)) == 18


async def test_a_session_deleted_meanwhile_stays_deleted(running: Running) -> None:
    model = Scribe(waits=True)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await fill(session, 8)
        async with anyio.create_task_group() as group:
            group.start_soon(_gone, session)
            await model.summarising.wait()
            await session.delete()
            model.may_summarise.set()
        await anyio.wait_all_tasks_blocked()
        assert await supervisor.list() == []


async def _gone(session: Session) -> None:
    with pytest.raises(Exception, match="was deleted"):
        await session.compact()
