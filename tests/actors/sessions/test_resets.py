"""Conversations that begin anew by themselves, with the next message of a person."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any, Literal
from zoneinfo import ZoneInfo

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argentos import (
    Accepted,
    Cleared,
    Config,
    ContextReset,
    ManualClock,
    MemoryStore,
    RecordAppended,
    ReplayModel,
    Session,
    Supervisor,
)
from argentos.actors.settings.reset_policy import ResetPolicy
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

HOUR = 3600.0


def resetting(**settings: Any) -> Config:
    return Config(passivate_after=10 * 86_400, **settings)


async def texts(session: Session) -> list[str]:
    return [each.text for each in await session.history()]


def model() -> ReplayModel:
    return ReplayModel([f"reply {number}" for number in range(1, 20)])


async def test_by_default_a_conversation_goes_on_for_ever(running: Running, clock: ManualClock) -> None:
    async with running(model()) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hi")
        clock.advance(400 * 86_400)
        await session.ask("Hi again")
        assert await texts(session) == ["Hi", "reply 1", "Hi again", "reply 2"]


async def test_after_a_pause_it_begins_anew_with_the_next_message(running: Running, clock: ManualClock) -> None:
    async with running(model(), config=resetting(reset_after=HOUR)) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hi")
        clock.advance(HOUR - 1)
        await session.ask("Still there?")
        assert len(await texts(session)) == 4
        clock.advance(HOUR)
        assert len(await texts(session)) == 4  # nothing happens before somebody writes
        await session.ask("Good morning")
        assert await texts(session) == ["Good morning", "reply 3"]
        assert len(await session.history(full=True)) == 6


async def test_each_day_it_begins_anew_at_a_wall_time_of_a_zone(running: Running, clock: ManualClock) -> None:
    config = resetting(reset_at="10:00", reset_zone="Europe/Berlin")  # 08:00 by UTC; it is 07:00
    async with running(model(), config=config) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hi")
        clock.advance(0.9 * HOUR)
        await session.ask("Still there?")
        clock.advance(0.1 * HOUR)
        await session.ask("Good morning")
        assert await texts(session) == ["Good morning", "reply 3"]


async def test_whoever_talks_is_told_and_so_is_whoever_listens(running: Running, clock: ManualClock) -> None:
    async with running(model(), config=resetting(reset_after=HOUR)) as supervisor, supervisor.events() as events:
        session = supervisor.session("maren")
        await session.ask("Hi")
        clock.advance(HOUR)
        turn = await session.send("Good morning")
        pieces = [piece async for piece in turn]
        assert pieces[0] == ContextReset("idle")
        assert ContextReset("idle") not in [piece async for piece in await session.send("And now?")]
        records: list[Any] = []
        while not (records and isinstance(records[-1], Accepted) and records[-1].content == "And now?"):
            event = await anext(events)
            if isinstance(event, RecordAppended):
                records.append(event.record)
        assert [each.by for each in records if isinstance(each, Cleared)] == ["idle reset"]


async def test_what_the_agent_says_of_its_own_accord_keeps_nothing_fresh(running: Running, clock: ManualClock) -> None:
    async with running(model(), config=resetting(reset_after=HOUR)) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hi")
        for _ in range(4):
            clock.advance(HOUR / 4)
            await session.say("All is well.")
        await session.ask("Good morning")
        assert await texts(session) == ["Good morning", "reply 2"]


async def test_heartbeats_keep_nothing_fresh_and_begin_nothing_anew(running: Running, clock: ManualClock) -> None:
    config = resetting(reset_after=HOUR, background_senders=("heartbeat",))
    async with running(model(), config=config) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hi")
        for _ in range(5):
            clock.advance(HOUR / 4)
            await session.ask("Anything to do?", sender="heartbeat")
        assert len(await texts(session)) == 12
        await session.ask("Good morning")
        assert await texts(session) == ["Good morning", "reply 7"]


async def test_the_reply_counts_from_when_it_came(running: Running, clock: ManualClock) -> None:
    async with running(model(), config=resetting(reset_after=HOUR)) as supervisor:
        session = supervisor.session("maren")
        await session.append("I am on my way.")
        clock.advance(HOUR - 1)
        await session.ask("Are you there?")
        assert len(await texts(session)) == 3


async def test_a_message_sent_again_begins_nothing_anew(running: Running, clock: ManualClock) -> None:
    async with running(model(), config=resetting(reset_after=HOUR)) as supervisor:
        session = supervisor.session("maren")
        first = await session.ask("Hi", message_id="m-1")
        clock.advance(2 * HOUR)
        assert await session.ask("Hi", message_id="m-1") == first
        assert await texts(session) == ["Hi", "reply 1"]


async def test_a_wall_clock_that_jumps_is_no_pause(running: Running, clock: ManualClock) -> None:
    async with running(model(), config=resetting(reset_after=HOUR)) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hi")
        clock.jump(30 * 86_400)
        clock.advance(0.9 * HOUR)  # the session becomes idle meanwhile
        await session.ask("Still there?")
        assert len(await texts(session)) == 4
        clock.jump(-60 * 86_400)
        await session.ask("And now?")
        assert len(await texts(session)) == 6


Step = tuple[Literal["advance", "ask", "beat", "jump", "restart", "say"], float]
STEPS = st.lists(
    st.tuples(st.sampled_from(["advance", "ask", "ask", "beat", "restart", "say"]), st.floats(0, 3 * 86_400))
    | st.tuples(st.just("jump"), st.floats(-5 * 86_400, 5 * 86_400)),
    max_size=20,
)
ANY = Config(
    reset_at="02:30",
    reset_zone="Europe/Berlin",
    reset_after=8 * HOUR,
    background_senders=("heartbeat",),
    passivate_after=10**8,
)
POLICY = ResetPolicy(time(2, 30), ZoneInfo("Europe/Berlin"), 8 * HOUR)
CHANGES = st.sampled_from(["2026-03-28T12:00", "2026-10-24T12:00", "2026-05-08T12:00"])


class Expected:
    """The texts of a context, by the policy alone."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.heard: tuple[datetime, float | None] | None = None

    def restart(self) -> None:
        if self.heard is not None:
            self.heard = (self.heard[0], None)

    def ask(self, text: str, now: datetime, moment: float) -> None:
        if self.heard is not None:
            at, known = self.heard
            idle = (now - at).total_seconds() if known is None else moment - known
            if POLICY.due(at, now, idle):
                self.texts = []
        self.heard = (now, moment)
        self.texts += [text, "reply"]


async def live(start: str, steps: Sequence[Step]) -> None:
    clock, store, expected = ManualClock(datetime.fromisoformat(start).replace(tzinfo=UTC)), MemoryStore(), Expected()
    left = [*steps]
    while left:
        answering = ReplayModel(["reply"] * 20)
        async with Supervisor(store, answering, config=ANY, clock=clock, grace=0) as supervisor:
            session = supervisor.session("maren")
            while left:
                word, seconds = left.pop(0)
                if word == "restart":
                    expected.restart()
                    break
                await take(word, seconds, session, clock, expected)
                if expected.texts:
                    assert await texts(session) == expected.texts


async def take(word: str, seconds: float, session: Session, clock: ManualClock, expected: Expected) -> None:
    if word == "advance":
        clock.advance(seconds)
    elif word == "jump":
        clock.jump(seconds)
    elif word == "ask":
        expected.ask("Hi", clock.now(), clock.monotonic())
        await session.ask("Hi")
    elif word == "beat" and expected.texts:
        await session.ask("Anything to do?", sender="heartbeat")
        expected.texts += ["Anything to do?", "reply"]
    elif word == "say" and expected.texts:
        await session.say("All is well.")
        expected.texts.append("All is well.")


@settings(max_examples=100, deadline=None)
@given(CHANGES, STEPS)
def test_whatever_happens_to_clocks_and_processes_the_policy_alone_decides(start: str, steps: list[Step]) -> None:
    anyio.run(live, start, steps)


async def test_a_restart_changes_nothing(running: Running, clock: ManualClock) -> None:
    config = resetting(reset_after=HOUR)
    async with running(model(), config=config) as supervisor:
        await supervisor.session("maren").ask("Hi")
    clock.advance(HOUR / 2)
    async with running(model(), config=config) as supervisor:
        await supervisor.session("maren").ask("Still there?")
        assert len(await texts(supervisor.session("maren"))) == 4
    clock.advance(HOUR)
    async with running(model(), config=config) as supervisor:
        await supervisor.session("maren").ask("Good morning")
        assert await texts(supervisor.session("maren")) == ["Good morning", "reply 1"]
