"""What a supervisor holds in memory is bounded, however many sessions there are and whatever they do."""

import sys
import tracemalloc
from datetime import UTC, datetime

import anyio
import pytest

from argentos import Config, Emit, ManualClock, MemoryStore, Reply, Request, Supervisor
from argentos.actors.core.supervision import Supervision
from argentos.concurrency.timers import Timers
from argentos.storage import SessionKey
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

LIMIT = 20
AT = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)


class Waiting:
    """A model that answers nothing until it may, but for messages that are short."""

    name = "waiting"

    def __init__(self) -> None:
        self.go_on = anyio.Event()

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        if request.messages[-1].text == "think":
            await self.go_on.wait()
        return Reply("Yes.")


# Sessions ----------------------------------------------------------------------------------------------


async def begin(supervisor: Supervisor, at_work: int, quiet: int) -> None:
    for number in range(at_work):
        await supervisor.session(f"busy-{number}").send("think")
    for number in range(quiet):
        await supervisor.session(f"quiet-{number}").say("Hello.")


@pytest.mark.parametrize("at_work", [0, 1, 16, 17, LIMIT - 1])
async def test_no_more_sessions_are_in_memory_than_may_be_whichever_are_at_work(running: Running, at_work: int) -> None:
    async with running(Waiting(), config=Config(max_live=LIMIT)) as supervisor:
        await begin(supervisor, at_work, 10 * LIMIT)
        assert supervisor.live == LIMIT


async def test_no_more_than_are_at_work_are_in_memory_where_those_are_too_many(running: Running) -> None:
    model = Waiting()
    async with running(model, config=Config(max_live=LIMIT)) as supervisor:
        await begin(supervisor, 3 * LIMIT, 10 * LIMIT)
        await anyio.wait_all_tasks_blocked()
        assert supervisor.live == 3 * LIMIT
        model.go_on.set()
        await anyio.wait_all_tasks_blocked()
        assert supervisor.live == LIMIT


async def test_those_used_last_stay_in_memory(running: Running) -> None:
    class Loading(MemoryStore):
        def __init__(self) -> None:
            super().__init__()
            self.loaded: list[str] = []

        async def load(self, key: object) -> object:  # type: ignore[override]
            self.loaded.append(key.id)  # type: ignore[attr-defined]
            return await super().load(key)  # type: ignore[arg-type]

    store = Loading()
    async with running(Waiting(), on=store, config=Config(max_live=LIMIT)) as supervisor:
        await begin(supervisor, 0, LIMIT)
        await supervisor.session("quiet-0").say("Hello again.")
        await supervisor.session("new").say("Hello.")
        store.loaded.clear()
        await supervisor.session("quiet-0").say("Still here.")
        assert store.loaded == []
        await supervisor.session("quiet-1").say("Hello again.")
        assert store.loaded == ["quiet-1"]


async def test_making_room_costs_the_same_however_many_are_at_work(running: Running) -> None:
    """Counted in calls, for a clock would tell of the machine."""

    async def calls(at_work: int) -> int:
        model = Waiting()
        async with running(model, config=Config(max_live=at_work + 1), on=MemoryStore(), max_turns=1) as supervisor:
            await begin(supervisor, at_work, 5)
            made = 0

            def count(*_: object) -> None:
                nonlocal made
                made += 1

            sys.setprofile(count)
            try:
                for number in range(20):
                    await supervisor.session(f"more-{number}").say("Hello.")
            finally:
                sys.setprofile(None)
            return made

    assert await calls(400) < 1.2 * await calls(20)


# Timers and failures -----------------------------------------------------------------------------------


def test_deadlines_that_come_earlier_each_time_leave_few_behind(clock: ManualClock) -> None:
    """As where messages are collected: each has a deadline before the one of idling."""
    timers = Timers[SessionKey](clock, lambda _: None)
    keys = [SessionKey("main", f"s-{number}") for number in range(10)]
    for number in range(10_000, 0, -1):
        timers.arm(keys[number % len(keys)], float(number))
    assert len(timers) < 100


def test_sessions_that_failed_once_are_not_remembered_for_ever() -> None:
    supervision = Supervision(3, 5.0)
    cause = ValueError("a bug")

    def grown_by(first: int, failures: int) -> int:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(first, first + failures):
            supervision.fail(SessionKey("main", f"s-{number}"), cause, float(number), AT)
        return tracemalloc.get_traced_memory()[0] - before

    tracemalloc.start()
    try:
        grown_by(0, 100)
        assert grown_by(100, 10_000) < 10_000
    finally:
        tracemalloc.stop()


def test_failures_within_the_period_park_whoever_else_fails_meanwhile() -> None:
    supervision = Supervision(3, 5.0)
    cause = ValueError("a bug")
    decisions: list[str] = []
    for number in range(4):
        for other in range(100):
            supervision.fail(SessionKey("main", f"s-{other}-{number}"), cause, float(number), AT)
        decisions.append(supervision.fail(SessionKey("main", "maren"), cause, float(number), AT))
    assert decisions == ["restart", "restart", "restart", "park"]
