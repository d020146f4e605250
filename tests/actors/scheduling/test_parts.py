"""The dispatcher, the timers, the manual clock and the subscriptions, each by itself."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import anyio
import anyio.lowlevel
import pytest

from argentos import EventsMissed, ManualClock, RecordAppended
from argentos.actors.events import Events, Subscription
from argentos.actors.scheduling.slots import BackgroundTask, CurrentTask, Slots
from argentos.actors.scheduling.worker_pool import WorkerPool
from argentos.concurrency.clock import SystemClock
from argentos.concurrency.timers import Timers
from argentos.storage import Cleared, SessionKey

pytestmark = pytest.mark.anyio

A, B = SessionKey("main", "a"), SessionKey("main", "b")
START = datetime(2026, 1, 1, tzinfo=UTC)


async def test_jobs_run_in_the_order_of_their_submission() -> None:
    ran: list[int] = []

    def job(number: int) -> None:
        async def run() -> None:
            ran.append(number)

        dispatcher.submit(run)

    async with anyio.create_task_group() as group:
        dispatcher = WorkerPool(1, "test")
        dispatcher.start(group)
        for number in range(50):
            job(number)
        await dispatcher.drained()
        dispatcher.cancel()
    assert ran == list(range(50))


async def test_no_more_jobs_run_at_once_than_the_limit_and_that_many_do() -> None:
    running, most = 0, 0

    async def job() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await anyio.wait_all_tasks_blocked()
        running -= 1

    async with anyio.create_task_group() as group:
        dispatcher = WorkerPool(3, "test")
        dispatcher.start(group)
        for _ in range(10):
            dispatcher.submit(job)
        with anyio.fail_after(5):
            await dispatcher.drained()
        dispatcher.cancel()
    assert most == 3


async def test_a_long_queue_lets_other_tasks_run() -> None:
    seen: list[int] = []

    async def job() -> None:
        seen.append(len(seen))

    async with anyio.create_task_group() as group:
        dispatcher = WorkerPool(1, "test")
        dispatcher.start(group)
        for _ in range(1000):
            dispatcher.submit(job)
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        assert 0 < len(seen) < 1000
        await dispatcher.drained()
        dispatcher.cancel()


async def test_what_follows_a_job_runs_behind_what_waited_before() -> None:
    ran: list[str] = []

    async def first() -> None:
        dispatcher.follow(partial(note, "follows"))
        dispatcher.follow(partial(note, "follows, too"))

    async def note(name: str) -> None:
        ran.append(name)

    async with anyio.create_task_group() as group:
        dispatcher = WorkerPool(1, "test")
        dispatcher.start(group)
        dispatcher.submit(first)
        dispatcher.submit(partial(note, "waited"))
        await dispatcher.drained()
        dispatcher.cancel()
    assert ran == ["waited", "follows", "follows, too"]


async def test_what_follows_a_job_waits_for_no_other_that_follows_it() -> None:
    async def first() -> None:
        dispatcher.follow(anyio.sleep_forever)
        dispatcher.follow(done)

    async def done() -> None:
        event.set()

    event = anyio.Event()
    async with anyio.create_task_group() as group:
        dispatcher = WorkerPool(2, "test")
        dispatcher.start(group)
        dispatcher.submit(first)
        with anyio.fail_after(5):
            await event.wait()
        dispatcher.cancel()


async def test_a_job_that_runs_again_comes_behind_what_came_before_that() -> None:
    ran: list[str] = []

    async def flooded() -> None:
        ran.append("flooded")
        if len(ran) < 5:
            dispatcher.again(flooded)

    async def other() -> None:
        ran.append("other")

    async def send() -> None:
        dispatcher.submit(other)

    async with anyio.create_task_group() as group:
        dispatcher = WorkerPool(1, "test")
        dispatcher.start(group)
        dispatcher.submit(flooded)
        await anyio.lowlevel.checkpoint()
        group.start_soon(send)
        await anyio.wait_all_tasks_blocked()
        dispatcher.cancel()
    assert ran.count("flooded") == 4
    assert "other" in ran[:4]


async def test_a_job_that_runs_again_does_not_wait_for_what_follows_it() -> None:
    ran: list[str] = []

    async def first() -> None:
        ran.append("first")
        if len(ran) == 1:
            dispatcher.follow(anyio.sleep_forever)
            dispatcher.again(first)

    async with anyio.create_task_group() as group:
        dispatcher = WorkerPool(2, "test")
        dispatcher.start(group)
        dispatcher.submit(first)
        await anyio.wait_all_tasks_blocked()
        dispatcher.cancel()
    assert ran == ["first", "first"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_job_is_not_lost_when_its_worker_is_cancelled_before_it_runs_again(anyio_backend: str) -> None:
    assert anyio_backend == "asyncio"
    ran = 0

    async def job() -> None:
        nonlocal ran
        ran += 1
        if ran == 1:
            worker = asyncio.current_task()
            assert worker
            worker.cancel()
            dispatcher.again(job)

    async with anyio.create_task_group() as group:
        dispatcher = WorkerPool(1, "test")
        dispatcher.start(group)
        dispatcher.submit(job)
        with anyio.CancelScope(shield=True):  # as where the host is cancelled
            await dispatcher.drained()
        dispatcher.cancel()
    assert ran == 2


async def test_who_gives_way_sleeps_while_a_job_runs_and_not_where_none_does() -> None:
    rounds = 0

    async def count_rounds() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        dispatcher = WorkerPool(1, "test")
        dispatcher.start(group)
        group.start_soon(count_rounds)
        before = rounds
        await dispatcher.give_way()
        assert rounds - before <= 2
        dispatcher.submit(anyio.sleep_forever)
        began = anyio.current_time()
        await dispatcher.give_way()
        assert anyio.current_time() - began >= 0.001  # in which a thread gets the interpreter
        group.cancel_scope.cancel()
        dispatcher.cancel()


class Worked:
    """CurrentTask that run until they are told to end."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.leave = anyio.Semaphore(0)

    def job(self, number: int) -> BackgroundTask:
        async def work(job: BackgroundTask) -> None:
            with job.scope:
                self.begun.append(number)
                await self.leave.acquire()

        return BackgroundTask(
            ("turn", number, 1, 0), work, CurrentTask(Slots(1, WorkerPool(1, "other")), SessionKey("main", "a"))
        )


@asynccontextmanager
async def places(limit: int, jobs: Iterable[BackgroundTask]) -> AsyncGenerator[Slots]:
    async def submit() -> None:
        for job in jobs:
            few.submit(job)

    async with anyio.create_task_group() as group:
        dispatcher = WorkerPool(10, "test")
        dispatcher.start(group)
        few = Slots(limit, dispatcher)
        dispatcher.submit(submit)
        await anyio.wait_all_tasks_blocked()
        yield few
        few.cancel()
        with anyio.fail_after(5):
            await dispatcher.drained()
        dispatcher.cancel()


async def test_no_more_jobs_have_a_place_than_there_are_and_the_others_come_in_order() -> None:
    worked = Worked()
    async with places(2, map(worked.job, range(5))) as few:
        assert (worked.begun, few.running, few.waiting) == ([0, 1], 2, 3)
        worked.leave.release()
        await anyio.wait_all_tasks_blocked()
        assert (worked.begun, few.running, few.waiting) == ([0, 1, 2], 2, 2)
        for _ in range(4):
            worked.leave.release()
        with anyio.fail_after(5):
            await few.drained()
        assert (worked.begun, few.running, few.waiting) == ([0, 1, 2, 3, 4], 0, 0)


async def test_a_job_that_is_cancelled_before_it_has_a_place_is_not_begun() -> None:
    worked = Worked()
    jobs = [worked.job(number) for number in range(3)]
    async with places(1, jobs):
        jobs[1].cancel()
        jobs[0].cancel()
        await anyio.wait_all_tasks_blocked()
        assert worked.begun == [0, 2]


async def test_places_that_are_cancelled_end_what_runs_and_drop_what_waits() -> None:
    worked = Worked()
    async with places(1, map(worked.job, range(3))) as few:
        few.cancel()
        await anyio.wait_all_tasks_blocked()
        assert (worked.begun, few.running, few.waiting) == ([0], 0, 0)


async def test_cancelling_ends_what_runs_and_drops_what_waits() -> None:
    async with anyio.create_task_group() as group:
        dispatcher = WorkerPool(1, "test")
        dispatcher.start(group)
        dispatcher.submit(anyio.sleep_forever)
        dispatcher.submit(anyio.sleep_forever)
        await anyio.wait_all_tasks_blocked()
        dispatcher.cancel()


async def test_timers_fire_in_the_order_of_their_deadlines_and_once() -> None:
    fired: list[str] = []
    clock = ManualClock(START)
    timers = Timers[SessionKey](clock, lambda key: fired.append(key.id))
    async with anyio.create_task_group() as group:
        group.start_soon(timers.run)
        timers.arm(A, 20)
        timers.arm(B, 10)
        await anyio.wait_all_tasks_blocked()
        clock.advance(9)
        await anyio.wait_all_tasks_blocked()
        assert fired == []
        clock.advance(100)
        await anyio.wait_all_tasks_blocked()
        assert fired == ["b", "a"]
        group.cancel_scope.cancel()


async def test_an_earlier_deadline_is_not_slept_through() -> None:
    fired: list[str] = []
    clock = ManualClock(START)
    timers = Timers[SessionKey](clock, lambda key: fired.append(key.id))
    async with anyio.create_task_group() as group:
        group.start_soon(timers.run)
        timers.arm(A, 100)
        await anyio.wait_all_tasks_blocked()
        timers.arm(A, 10)
        await anyio.wait_all_tasks_blocked()
        clock.advance(10)
        await anyio.wait_all_tasks_blocked()
        assert fired == ["a"]
        clock.advance(1000)
        await anyio.wait_all_tasks_blocked()
        assert fired == ["a"]
        group.cancel_scope.cancel()


async def test_deadlines_that_have_all_passed_leave_room_for_others() -> None:
    fired: list[str] = []
    clock = ManualClock(START)
    timers = Timers[SessionKey](clock, lambda key: fired.append(key.id))
    async with anyio.create_task_group() as group:
        group.start_soon(timers.run)
        for number in range(1000):
            timers.arm(SessionKey("main", str(number)), 10)
        await anyio.wait_all_tasks_blocked()
        clock.advance(3600)
        while not fired:
            await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        assert len(fired) < 20
        await anyio.wait_all_tasks_blocked()
        assert len(fired) == 1000
        group.cancel_scope.cancel()


async def test_a_disarmed_timer_does_not_fire() -> None:
    fired: list[str] = []
    clock = ManualClock(START)
    timers = Timers[SessionKey](clock, lambda key: fired.append(key.id))
    async with anyio.create_task_group() as group:
        group.start_soon(timers.run)
        timers.arm(A, 10)
        timers.disarm(A)
        clock.advance(20)
        await anyio.wait_all_tasks_blocked()
        assert fired == []
        group.cancel_scope.cancel()


async def test_deadlines_of_sessions_that_come_and_go_are_not_kept() -> None:
    timers = Timers[SessionKey](ManualClock(START), lambda _: None)
    timers.arm(B, 5)
    for deadline in range(10, 10_000):
        timers.arm(A, deadline)
        timers.disarm(A)
    assert len(timers) < 100


class _CountingClock(ManualClock):
    sleeps = 0

    async def sleep_until(self, deadline: float) -> None:
        self.sleeps += 1
        await super().sleep_until(deadline)


async def test_a_session_that_comes_and_goes_does_not_disturb_the_sleep_of_the_timers() -> None:
    clock = _CountingClock(START)
    timers = Timers[SessionKey](clock, lambda _: None)
    async with anyio.create_task_group() as group:
        group.start_soon(timers.run)
        for late in range(20):
            timers.arm(A, 100 + late)
            await anyio.wait_all_tasks_blocked()
            timers.disarm(A)
        assert clock.sleeps == 1
        group.cancel_scope.cancel()


async def test_a_deadline_outlives_those_of_sessions_that_are_gone() -> None:
    fired: list[str] = []
    clock = ManualClock(START)
    timers = Timers[SessionKey](clock, lambda key: fired.append(key.id))
    timers.arm(B, 5000)
    for late in range(1000):
        timers.arm(A, 1000 + late)
        timers.disarm(A)
    async with anyio.create_task_group() as group:
        group.start_soon(timers.run)
        await anyio.wait_all_tasks_blocked()
        clock.advance(5000)
        await anyio.wait_all_tasks_blocked()
        assert fired == ["b"]
        group.cancel_scope.cancel()


async def test_the_clock_of_the_machine_does_not_wait_for_what_has_passed() -> None:
    clock = SystemClock()
    with anyio.fail_after(10):
        await clock.sleep_until(clock.monotonic() - 1)


async def test_a_manual_clock_wakes_sleepers_when_their_time_comes() -> None:
    clock = ManualClock(START)
    woken: list[float] = []

    async def sleep(until: float) -> None:
        await clock.sleep_until(until)
        woken.append(until)

    async with anyio.create_task_group() as group:
        for until in (30, 10, 20, 0):
            group.start_soon(sleep, until)
        await anyio.wait_all_tasks_blocked()
        assert woken == [0]
        clock.advance_to(datetime(2026, 1, 1, 0, 0, 20, tzinfo=UTC))
        await anyio.wait_all_tasks_blocked()
        assert sorted(woken) == [0, 10, 20]
        clock.advance_to(START)  # a time that has passed changes nothing
        assert clock.now() == datetime(2026, 1, 1, 0, 0, 20, tzinfo=UTC)
        clock.advance(10)


async def test_a_slow_subscriber_loses_the_oldest_events_and_is_told_how_many() -> None:
    events = Events()
    buffer = events.subscribe(limit=3)
    subscription = Subscription(buffer)
    for sequence in range(1, 6):
        events.publish(A, [Cleared(sequence=sequence, epoch=1, at=START)])
    pending = list(subscription.pending())
    assert isinstance(pending[0], EventsMissed)
    assert pending[0].count == 2
    assert [event.record.sequence for event in pending[1:] if isinstance(event, RecordAppended)] == [3, 4, 5]
    events.unsubscribe(buffer)
    events.publish(A, [Cleared(sequence=6, epoch=1, at=START)])
    assert list(subscription.pending()) == []
