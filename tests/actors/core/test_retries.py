"""Turns that failed: everybody can see them, and have them run once more without sending anything again."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest

from argentos import (
    Address,
    Config,
    Emit,
    FileStore,
    ManualClock,
    MemoryStore,
    RecordAppended,
    Reply,
    Request,
    Session,
    Supervisor,
)
from argentos.errors import (
    ModelRefusedError,
    NoReplyError,
    NothingToCompactError,
    NothingToRetryError,
    SessionNotFoundError,
)
from argentos.storage import Store, TurnEnded

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]

TELEGRAM = Address("telegram", "maren")
DISCORD = Address("discord", "maren")


class Moody:
    """A model that refuses as long as it is told to, and keeps what it was asked."""

    name = "moody"
    can_summarise = False

    def __init__(self, *, fails: bool = True) -> None:
        self.fails = fails
        self.asked: list[list[str]] = []
        self.go_on = anyio.Event()
        self.go_on.set()

    async def reply(self, request: Request, emit: Emit) -> Reply:
        self.asked.append([message.text for message in request.messages])
        await self.go_on.wait()
        if self.fails:
            raise ModelRefusedError("the key is wrong")
        await emit("Re: ")
        return Reply(f"Re: {request.messages[-1].text}")


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path)


async def fail(session: Session, *texts: str, address: Address | None = None) -> None:
    for text in texts:
        with pytest.raises(ModelRefusedError):
            await session.ask(text, message_id=f"m-{text}", address=address)


async def texts(session: Session, *, full: bool = False) -> list[str]:
    return [message.text for message in await session.history(full=full)]


# Seeing it -------------------------------------------------------------------------------------------------------


async def test_messages_whose_turn_failed_are_seen_in_info_list_and_history(running: Running, store: Store) -> None:
    model = Moody()
    async with running(model, on=store) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "one", "two")
        model.fails = False
        await session.ask("three")
    async with running(on=store) as supervisor:
        session = supervisor.session("maren")
        (listed,) = await supervisor.list()
        for info in (listed, await session.info()):
            assert (info.failed, info.failure, info.waiting) == (2, "the key is wrong", 0)
        for history in (await session.history(), await session.history(full=True)):
            assert [message.failure for message in history] == ["the key is wrong", "the key is wrong", "", ""]


async def test_a_failed_turn_is_an_event_with_its_reason(running: Running, store: Store) -> None:
    async with running(Moody(), on=store) as supervisor, supervisor.events() as events:
        await fail(supervisor.session("maren"), "one")
        records = [event.record for event in events.pending() if isinstance(event, RecordAppended)]
        (ended,) = [record for record in records if isinstance(record, TurnEnded)]
        assert (ended.outcome, ended.messages, ended.reason) == ("failed", (1,), "the key is wrong")


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_message_that_failed_and_is_sent_again_says_that_it_failed_and_how_to_retry(
    running: Running, store: Store, *, is_restarted: bool
) -> None:
    async with running(Moody(), on=store) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "one")
        if not is_restarted:
            await check_failed(session)
    if is_restarted:
        async with running(on=store) as supervisor:
            await check_failed(supervisor.session("maren"))


async def check_failed(session: Session) -> None:
    turn = await session.send("one", message_id="m-one")
    with pytest.raises(NoReplyError, match=r"failed \(the key is wrong\).*argent sessions retry maren m-one") as raised:
        await turn.reply()
    assert raised.value.outcome == "failed"
    assert await texts(session) == ["one"]


async def test_what_failed_is_forgotten_when_the_context_is_cleared(running: Running, store: Store) -> None:
    async with running(Moody(), on=store) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "one", "two")
        assert (await session.clear()).failed == 0
        with pytest.raises(NothingToRetryError, match="no message of session maren"):
            await session.retry()
        with pytest.raises(NothingToRetryError, match="has left the context; send its text with another id"):
            await session.retry("m-one")
        assert [message.failure for message in await session.history(full=True)] == ["the key is wrong"] * 2


async def test_what_a_summary_replaced_counts_as_failed_no_more(running: Running, store: Store) -> None:
    model = Moody()
    async with running(model, on=store, config=Config(max_context_tokens=500)) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "one")
        model.fails = False
        for _ in range(12):
            await session.ask("word " * 30)
        assert (await session.info()).compactions > 0
        assert (await session.info()).failed == 0
        with pytest.raises(NoReplyError, match="failed"):
            await (await session.send("one", message_id="m-one")).reply()


async def test_of_messages_that_failed_together_those_that_a_summary_replaced_count_no_more(
    running: Running, store: Store
) -> None:
    model = Moody()
    model.go_on = anyio.Event()
    async with running(model, on=store, config=Config(max_context_tokens=500)) as supervisor:
        session = supervisor.session("maren")
        await session.send("first")
        turns = [await session.send(f"{number}" + " word" * 80, message_id=f"{number}") for number in range(4)]
        model.go_on.set()
        for turn in turns:
            with pytest.raises(ModelRefusedError):
                await turn.reply()
        assert (await session.info()).failed == 5
        await session.compact()
        left = [message.id for message in await session.history()]
        assert 0 < len(left) < 4
        assert (await session.info()).failed == len(left)
        with pytest.raises(NothingToRetryError, match="has left the context"):
            await session.retry("0")
        model.fails = False
        assert (await (await session.retry("3")).reply()).reply_to == (*left,)


async def test_a_message_that_failed_again_is_kept_as_failed_though_later_ones_are_summarised(
    running: Running, store: Store
) -> None:
    model = Moody()
    async with running(model, on=store, config=Config(max_context_tokens=500)) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "one")
        model.fails = False
        await session.ask("word " * 60, message_id="m-two")
        model.fails = True
        with pytest.raises(ModelRefusedError):
            await (await session.retry("m-one")).reply()
        await session.compact()
        assert [message.id for message in await session.history()] == ["m-one"]
        assert (await session.info()).failed == 1
        model.fails = False
        assert (await (await session.retry("m-one")).reply()).text == "Re: one"


# Trying it again -------------------------------------------------------------------------------------------------


async def test_the_latest_turn_that_failed_is_run_once_more(running: Running, store: Store) -> None:
    model = Moody()
    async with running(model, on=store) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "one", "two")
        model.fails = False
        turn = await session.retry()
        assert [piece async for piece in turn.text()] == ["Re: ", "two"]
        reply = await turn.reply()
        assert (turn.message_id, reply.text, reply.reply_to) == ("m-two", "Re: two", ("m-two",))
        assert (await session.info()).failed == 1
        assert (await (await session.retry()).reply()).text == "Re: one"
        assert (await session.info()).failed == 0
        assert (await session.info()).failure == ""
    assert model.asked[2:] == [["one", "two"], ["two", "Re: two", "one"]]


async def test_a_message_that_failed_is_tried_again_by_its_id_and_stands_in_the_context_once(
    running: Running, store: Store
) -> None:
    model = Moody()
    async with running(model, on=store) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "one", "two")
        tokens = (await session.info()).tokens
        model.fails = False
        assert (await (await session.retry("m-one")).reply()).text == "Re: one"
        assert (await session.info()).tokens == tokens + 6  # those of the reply
        assert await texts(session) == ["one", "two", "Re: one"]
        assert await texts(session, full=True) == ["one", "two", "Re: one"]
        assert [message.failure for message in await session.history()] == ["", "the key is wrong", ""]
        assert (await session.ask("one", message_id="m-one")).text == "Re: one"
    assert model.asked[-1] == ["two", "one"]


async def test_messages_that_were_answered_together_are_tried_again_together(running: Running, store: Store) -> None:
    model = Moody()
    model.go_on = anyio.Event()
    async with running(model, on=store) as supervisor:
        session = supervisor.session("maren")
        turns = [await session.send(text, message_id=text) for text in ("one", "two", "three")]
        model.go_on.set()
        for turn in turns:
            with pytest.raises(ModelRefusedError):
                await turn.reply()
        model.fails = False
        reply = await (await session.retry("two")).reply()
        assert reply.reply_to == ("two", "three")
        assert (await session.info()).failed == 1


async def test_a_retry_that_fails_can_be_tried_again(running: Running, store: Store) -> None:
    model = Moody()
    async with running(model, on=store) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "one")
        for _ in range(2):
            with pytest.raises(ModelRefusedError):
                await (await session.retry("m-one")).reply()
            assert (await session.info()).failed == 1
        model.fails = False
        assert (await (await session.retry()).reply()).text == "Re: one"
        assert await texts(session) == ["one", "Re: one"]


async def test_what_is_tried_again_while_a_summary_is_made_takes_nothing_else_out_of_the_context(
    running: Running, store: Store
) -> None:
    model = Moody()
    model.can_summarise = True
    async with running(model, on=store, config=Config(max_context_tokens=500)) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "one")
        model.fails = False
        for text in ("two " * 40, "three " * 40):
            await session.ask(text)
        before = await texts(session)
        model.go_on = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(session.compact)
            while len(model.asked) < 4:
                await anyio.lowlevel.checkpoint()
            turn = await session.retry("m-one")
            model.go_on.set()
            with anyio.fail_after(5):
                assert (await turn.reply()).text == "Re: one"
        gone = model.asked[3]
        assert gone == before[: len(gone)]
        assert model.asked[-1] == [*before[len(gone) :], "one"]
        assert await texts(session) == ["one", *before[len(gone) :], "Re: one"]
        assert (await session.info()).failed == 0


async def test_a_summary_of_nothing_but_what_is_tried_again_meanwhile_is_not_taken(
    running: Running, store: Store
) -> None:
    model = Moody()
    model.can_summarise = True
    async with running(model, on=store, config=Config(max_context_tokens=500)) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "word " * 100)
        await session.say("two")
        model.fails, model.go_on = False, anyio.Event()

        async def compact() -> None:
            with pytest.raises(NothingToCompactError, match="tried again"):
                await session.compact()

        async with anyio.create_task_group() as group:
            group.start_soon(compact)
            while len(model.asked) < 2:
                await anyio.lowlevel.checkpoint()
            turn = await session.retry()
            model.go_on.set()
            with anyio.fail_after(5):
                await turn.reply()
        assert await session.summary() is None
        assert model.asked[-1] == ["two", "word " * 100]


async def test_what_left_the_context_before_a_message_that_is_older_is_recognised_when_sent_again(
    running: Running, store: Store
) -> None:
    model = Moody()
    async with running(model, on=store, config=Config(max_context_tokens=500)) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "one")
        said = await session.say("two " * 60, message_id="m-two")
        model.fails = False
        await (await session.retry()).reply()
        await session.compact()
        assert [message.text for message in await session.history()] == ["one", "Re: one"]
        assert await session.say("two " * 60, message_id="m-two") == said


async def test_a_retry_counts_as_activity(running: Running, store: Store, clock: ManualClock) -> None:
    async with running(Moody(), on=store, config=Config(idle_after=60.0)) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "one")
        clock.advance(50.0)
        with pytest.raises(ModelRefusedError):
            await (await session.retry()).reply()
        assert (await session.info()).last_activity == clock.now()
        clock.advance(50.0)
        await anyio.wait_all_tasks_blocked()
        assert (await session.info()).state == "Active"
        clock.advance(10.0)
        await anyio.wait_all_tasks_blocked()
        assert (await session.info()).state == "Idle"


async def test_a_retry_outlasts_the_process(running: Running, store: Store) -> None:
    model = Moody()
    async with running(model, on=store) as supervisor:
        await fail(supervisor.session("maren"), "one")
        model.go_on = anyio.Event()
        await supervisor.session("maren").retry()
    async with running(Moody(fails=False), on=store) as supervisor:
        session = supervisor.session("maren")
        with anyio.fail_after(5):
            assert (await session.ask("one", message_id="m-one")).text == "Re: one"
        assert await texts(session) == ["one", "Re: one"]


async def test_a_retry_asked_for_twice_runs_once(running: Running, store: Store) -> None:
    model = Moody()
    async with running(model, on=store) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "one")
        model.fails, model.go_on = False, anyio.Event()
        turns = [await session.retry("m-one") for _ in range(2)]
        turns.append(await session.send("one", message_id="m-one"))
        model.go_on.set()
        assert {(await turn.reply()).number for turn in turns} == {2}
    assert len(model.asked) == 2


async def test_the_reply_to_a_retry_is_owed_to_where_the_message_came_from(running: Running, store: Store) -> None:
    model = Moody()
    async with running(model, on=store, outbox=("telegram", "discord")) as supervisor:
        session = supervisor.session("maren")
        await fail(session, "one", address=TELEGRAM)
        await fail(session, "two", address=DISCORD)
        model.fails = False
        await (await session.retry("m-one")).reply()
        async with supervisor.outbox("telegram") as outbox:
            with anyio.fail_after(5):
                assert (await anext(outbox)).message.text == "Re: one"


async def test_what_did_not_fail_is_not_tried_again(running: Running, store: Store) -> None:
    async with running(Moody(fails=False), on=store) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(SessionNotFoundError):
            await session.retry()
        await session.ask("one", message_id="m-one")
        with pytest.raises(NothingToRetryError, match="did not fail"):
            await session.retry("m-one")
        with pytest.raises(NothingToRetryError, match="has no message 'm-two'"):
            await session.retry("m-two")
        with pytest.raises(NothingToRetryError, match="no message of session maren"):
            await session.retry()
        assert await texts(session) == ["one", "Re: one"]


# From another process --------------------------------------------------------------------------------------------


async def test_a_retry_can_be_asked_for_over_the_socket(running: Running, tmp_path: Path) -> None:
    model = Moody()
    async with running(model, on=FileStore(tmp_path)) as supervisor, Supervisor.connect(tmp_path) as owner:
        session = supervisor.session("maren")
        await fail(session, "one", "two")
        remote = owner.session("maren")
        assert (await remote.info()).failed == 2
        model.fails = False
        turn = await remote.retry("m-one")
        assert [piece async for piece in turn.text()] == ["Re: ", "one"]
        assert (await turn.reply()).text == "Re: one"
        assert (await (await remote.retry()).reply()).text == "Re: two"
        with pytest.raises(NothingToRetryError):
            await remote.retry()
