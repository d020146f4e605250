"""Faults of a model that pass: the turn is tried again by itself, later and later, and not for ever."""

from datetime import timedelta

import anyio
import pytest

from argentos import Address, Config, Emit, ManualClock, RecordAppended, Reply, Request, Session, Turn
from argentos.errors import (
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
    NoReplyError,
    ReplyInterruptedError,
)
from argentos.storage import TurnDelayed
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


class Busy:
    """A model that raises these errors, one for each request, and then answers."""

    name = "busy"

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked = 0

    async def reply(self, request: Request, emit: Emit) -> Reply:
        self.asked += 1
        await emit("half ")
        if self.errors:
            raise self.errors.pop(0)
        return Reply(f"Re: {request.messages[-1].text}")


async def settle() -> None:
    await anyio.wait_all_tasks_blocked()


async def sent(session: Session, text: str = "one", address: Address | None = None) -> Turn:
    turn = await session.send(text, message_id=text, address=address)
    await settle()
    return turn


async def wait_out(session: Session, clock: ManualClock) -> float:
    """Let the time pass until the model is asked again; gives the seconds."""
    at = (await session.info()).retry_at
    assert at is not None
    seconds = (at - clock.now()).total_seconds()
    clock.advance(seconds - 0.001)
    await settle()
    assert (await session.info()).retry_at == at
    clock.advance(0.001001)
    await settle()
    return seconds


@pytest.mark.parametrize(
    "error",
    [
        ModelUnavailableError("overloaded"),
        ReplyInterruptedError("broke off"),
        ModelError("not now", is_transient=True),
    ],
)
async def test_a_fault_that_passes_is_tried_again_and_the_sender_gets_the_reply(
    running: Running, clock: ManualClock, error: ModelError
) -> None:
    model = Busy(error)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        turn = await sent(session)
        info = await session.info()
        assert (info.waiting, info.failed, info.retry_reason, model.asked) == (1, 0, str(error), 1)
        await wait_out(session, clock)
        with anyio.fail_after(5):
            assert (await turn.reply()).text == "Re: one"
        info = await session.info()
        assert (turn.attempt, info.retry_at, info.retry_reason, info.waiting) == (2, None, "", 0)
        assert [message.text for message in await session.history()] == ["one", "Re: one"]


@pytest.mark.parametrize(
    "error", [ModelRefusedError("wrong key"), ModelUnavailableError("busy", is_transient=False), ValueError("a bug")]
)
async def test_a_fault_that_does_not_pass_is_not_tried_again(running: Running, error: Exception) -> None:
    model = Busy(error)
    async with running(model) as supervisor:
        with pytest.raises(ModelError), anyio.fail_after(5):
            await supervisor.session("maren").ask("one")
    assert model.asked == 1


async def test_waits_grow_and_end_after_so_many_attempts_with_the_error(running: Running, clock: ManualClock) -> None:
    model = Busy(*[ModelUnavailableError("overloaded")] * 100)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        turn = await sent(session)
        waits = [await wait_out(session, clock) for _ in range(5)]
        for wait, longest in zip(waits, [1, 2, 4, 8, 16], strict=True):
            assert longest / 2 <= wait <= longest
        with pytest.raises(ModelUnavailableError, match="overloaded"), anyio.fail_after(5):
            await turn.reply()
        info = await session.info()
        assert (model.asked, info.failed, info.failure, info.retry_at) == (6, 1, "overloaded", None)
        model.errors.clear()
        assert (await (await session.retry()).reply()).text == "Re: one"


async def test_the_provider_is_left_alone_for_as_long_as_it_asks(running: Running, clock: ManualClock) -> None:
    model = Busy(ModelUnavailableError("limit", retry_after=100.0))
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        turn = await sent(session)
        assert 100 <= await wait_out(session, clock) <= 111
        assert (await turn.reply()).text == "Re: one"


@pytest.mark.parametrize(
    ("config", "retry_after", "asked"),
    [
        (Config(retry_attempts=0), None, 1),
        (Config(retry_for=0.1), None, 1),
        (Config(), 301.0, 1),
        (Config(retry_for=250.0), 100.0, 3),
        (Config(retry_attempts=2), None, 3),
    ],
    ids=["no attempts", "no time", "asks for too long", "too long together", "two attempts"],
)
async def test_the_waits_are_bounded_by_number_and_time(
    running: Running, clock: ManualClock, config: Config, retry_after: float | None, asked: int
) -> None:
    model = Busy(*[ModelUnavailableError("limit", retry_after=retry_after)] * 100)
    async with running(model, config=config) as supervisor:
        session = supervisor.session("maren")
        turn = await sent(session)
        while (await session.info()).retry_at:
            await wait_out(session, clock)
        with pytest.raises(ModelUnavailableError) as raised, anyio.fail_after(5):
            await turn.reply()
        assert raised.value.retry_after == retry_after
    assert model.asked == asked


async def test_sessions_that_fail_together_do_not_come_back_together(running: Running) -> None:
    model = Busy(*[ModelUnavailableError("overloaded")] * 100)
    async with running(model) as supervisor:
        for number in range(50):
            await sent(supervisor.session(f"user-{number}"))
        times = {info.retry_at for info in await supervisor.list()}
    assert len(times) == 50


@pytest.mark.parametrize("command", ["stop", "clear", "interrupt"])
async def test_stop_clear_and_interrupt_end_the_wait(running: Running, clock: ManualClock, command: str) -> None:
    model = Busy(ModelUnavailableError("overloaded"))
    config = Config(queue_mode="interrupt" if command == "interrupt" else "collect")
    async with running(model, config=config) as supervisor:
        session = supervisor.session("maren")
        turn = await sent(session)
        if command == "interrupt":
            assert (await session.ask("two")).text == "Re: two"
        else:
            info = await (session.stop() if command == "stop" else session.clear())
            assert (info.retry_at, info.waiting) == (None, 0)
        with pytest.raises(NoReplyError), anyio.fail_after(5):
            await turn.reply()
        asked = model.asked
        clock.advance(1000)
        await settle()
        assert model.asked == asked


async def test_messages_that_come_meanwhile_wait_behind_and_are_answered_after(
    running: Running, clock: ManualClock
) -> None:
    async with running(Busy(ModelUnavailableError("overloaded"))) as supervisor:
        session = supervisor.session("maren")
        turns = [await sent(session, "one"), await sent(session, "two")]
        again = await session.send("one", message_id="one")
        joined = await session.retry("one")
        await wait_out(session, clock)
        with anyio.fail_after(5):
            replies = [(await turn.reply()).text for turn in (*turns, again, joined)]
        assert replies == ["Re: one", "Re: two", "Re: one", "Re: one"]


async def test_a_wait_is_an_event(running: Running) -> None:
    async with running(Busy(ModelUnavailableError("overloaded"))) as supervisor, supervisor.events() as events:
        await sent(supervisor.session("maren"))
        records = [event.record for event in events.pending() if isinstance(event, RecordAppended)]
        (delayed,) = [record for record in records if isinstance(record, TurnDelayed)]
        assert (delayed.attempt, delayed.reason) == (1, "overloaded")
        assert 0 < delayed.seconds <= 1


# Across restarts -------------------------------------------------------------------------------------------------


async def test_a_wait_goes_on_over_a_restart_and_its_attempts_are_counted(running: Running, clock: ManualClock) -> None:
    config = Config(retry_attempts=2)
    asked = 0
    for _ in range(2):
        model = Busy(*[ModelUnavailableError("limit", retry_after=60.0)] * 100)
        async with running(model, config=config) as supervisor:
            session = supervisor.session("maren")
            await settle()
            if not asked:
                await sent(session)
            assert (await session.info()).retry_at is not None
            clock.advance(40)
            await settle()
            if asked:
                assert model.asked == 1  # 80 s after the first attempt
            asked += model.asked
    assert asked == 2
    model = Busy(*[ModelUnavailableError("limit")] * 100)
    async with running(model, config=config) as supervisor:
        session = supervisor.session("maren")
        await settle()
        assert model.asked == 0
        clock.advance(80)
        turn = await session.send("one", message_id="one")
        with pytest.raises((ModelUnavailableError, NoReplyError)), anyio.fail_after(5):
            await turn.reply()
        assert (await session.info()).failed == 1
    assert model.asked == 1


@pytest.mark.parametrize("jump", [timedelta(days=-365), timedelta(days=365)])
async def test_a_clock_that_was_set_while_nothing_ran_has_nobody_wait_longer_than_was_meant(
    running: Running, clock: ManualClock, jump: timedelta
) -> None:
    async with running(Busy(ModelUnavailableError("limit", retry_after=60.0))) as supervisor:
        await sent(supervisor.session("maren"))
    other = ManualClock(clock.now() + jump)
    async with running(Busy(), clock=other) as supervisor:
        session = supervisor.session("maren")
        await settle()
        other.advance(67)
        turn = await session.send("one", message_id="one")
        with anyio.fail_after(5):
            assert (await turn.reply()).text == "Re: one"
