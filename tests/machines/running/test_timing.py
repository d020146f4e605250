"""Timers of a machine that runs: by deadline, over restarts, and whatever is done to the clocks."""

import anyio
import pytest

from argentos.concurrency.clock import ManualClock
from argentos.machines.running import MemorySnapshots, Runner
from tests.machines.running.doors import House, door, facts, machine, new_clock

pytestmark = pytest.mark.anyio

CHAIN = machine("[*] --> A: begin", "A --> B: after 5s", "B --> C: after 10s", "C --> D: after 1h", "A --> A: again")


async def passes(runner: Runner, clock: ManualClock, seconds: float) -> str:
    clock.advance(seconds)
    await runner.settle()
    return runner.state


async def test_a_timer_raises_its_event_when_it_is_due_and_not_before() -> None:
    clock, house = new_clock(), House()
    async with door(house, clock=clock) as runner:
        await runner.send("install")
        await runner.send("push")
        assert await passes(runner, clock, 29.9) == "Open"
        assert await passes(runner, clock, 0.1) == "Closed"
        assert house.heard == ["beep", "log", "chime"]


async def test_nobody_has_to_ask_for_it() -> None:
    clock = new_clock()
    async with door(clock=clock) as runner, anyio.create_task_group() as group:
        await runner.send("install")
        await runner.send("push")

        async def wait() -> None:
            assert await runner.wait_for("Closed") == "Closed"

        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        clock.advance(30)


async def test_a_timer_ends_with_its_state_and_begins_anew_with_it() -> None:
    clock = new_clock()
    async with Runner(CHAIN, clock=clock) as runner:
        await runner.send("begin")
        assert await passes(runner, clock, 4) == "A"
        await runner.send("again")
        assert await passes(runner, clock, 4) == "A"
        assert await passes(runner, clock, 1) == "B"


async def test_what_is_late_comes_due_at_its_own_time() -> None:
    clock = new_clock()
    async with Runner(CHAIN, clock=clock) as runner:
        await runner.send("begin")
        assert await passes(runner, clock, 15) == "C"
        assert await passes(runner, clock, 3_599) == "C"
        assert await passes(runner, clock, 1) == "D"


async def test_an_event_that_comes_after_a_timer_was_due_finds_the_state_behind_it() -> None:
    clock = new_clock()
    async with Runner(CHAIN, clock=clock) as runner:
        await runner.send("begin")
        clock.advance(6)
        assert str(await runner.offer("again")) == "B knows no event 'again'"


@pytest.mark.parametrize("down", [0.0, 3.0, 5.0, 20.0, 86_400.0])
async def test_timers_run_through_restarts(down: float) -> None:
    clock, store = new_clock(), MemorySnapshots()
    async with Runner(CHAIN, clock=clock, store=store) as runner:
        await runner.send("begin")
        clock.advance(1)
    again = ManualClock(clock.now())
    again.advance(down)
    async with Runner(CHAIN, clock=again, store=store) as runner:
        passed = 1 + down
        for seconds, state in ((5, "A"), (15, "B"), (3_615, "C")):
            if passed < seconds:
                assert runner.state == state
                assert await passes(runner, again, seconds - passed - 0.25) == state
                await passes(runner, again, 0.25)
                passed = seconds
        assert runner.state == "D"


async def test_a_timer_is_due_at_its_time_though_what_is_stored_is_rounded() -> None:
    clock, store = new_clock(), MemorySnapshots()
    parts = (2 / 3, 1 / 3, 1.1, 0.7)
    async with Runner(CHAIN, clock=clock, store=store) as runner:
        clock.advance(2 / 3)
        await runner.send("begin")
    for seconds in parts:
        async with Runner(CHAIN, clock=clock, store=store) as runner:
            assert await passes(runner, clock, seconds) == "A"
    async with Runner(CHAIN, clock=clock, store=store) as runner:
        assert await passes(runner, clock, 5 - sum(parts)) == "B"


@pytest.mark.parametrize("jump", [-86_400.0, -1.0, 1.0, 86_400.0])
async def test_a_wall_clock_that_jumps_moves_no_timer(jump: float) -> None:
    clock = new_clock()
    async with Runner(CHAIN, clock=clock, store=MemorySnapshots()) as runner:
        await runner.send("begin")
        clock.advance(2)
        clock.jump(jump)
        assert await passes(runner, clock, 2) == "A"
        assert await passes(runner, clock, 1) == "B"


async def test_a_wall_clock_that_was_set_back_while_nothing_ran_lets_no_timer_wait_longer_than_it_had_left() -> None:
    clock, store = new_clock(), MemorySnapshots()
    async with Runner(CHAIN, clock=clock, store=store) as runner:
        await runner.send("begin")
        clock.advance(3)
        await runner.send("again")
        clock.advance(3)
    clock.jump(-86_400)
    async with Runner(CHAIN, clock=clock, store=store) as runner:
        assert await passes(runner, clock, 4.9) == "A"
        assert await passes(runner, clock, 0.1) == "B"


async def test_a_timer_that_a_guard_refuses_stays_due_and_is_raised_again_each_second() -> None:
    clock, seen = new_clock(), facts(may=False)
    async with Runner(machine("[*] --> A: go", "A --> B: after 5s [may]"), seen, clock=clock) as runner:
        await runner.send("go")
        assert await passes(runner, clock, 7) == "A"
        seen.may = True
        await runner.settle()
        assert runner.state == "A"
        assert await passes(runner, clock, 1) == "B"


async def test_whoever_changes_facts_can_have_it_raised_at_once() -> None:
    clock, seen = new_clock(), facts(may=False)
    async with Runner(machine("[*] --> A: go", "A --> B: after 5s [may]"), seen, clock=clock) as runner:
        await runner.send("go")
        assert await passes(runner, clock, 7) == "A"
        seen.may = True
        await runner.facts_changed()
        assert runner.state == "B"


async def test_of_a_clock_that_ran_ahead_for_years_no_more_is_caught_up_with_than_can_be() -> None:
    clock, store = new_clock(), MemorySnapshots()
    heart = machine("[*] --> A: go", "A --> B: after 1s", "B --> A: after 1s")
    async with Runner(heart, clock=clock, store=store) as runner:
        await runner.send("go")
    clock.advance(10 * 365 * 86_400)
    async with Runner(heart, clock=clock, store=store) as runner:
        assert store.snapshot is not None
        assert store.snapshot.sequence < 2_000
        before = store.snapshot.sequence
        await passes(runner, clock, 2)
        assert store.snapshot.sequence == before + 2


async def test_real_time_passes_too() -> None:
    async with Runner(machine("[*] --> A: go", "A --> B: after 20ms")) as runner:
        await runner.send("go")
        assert await runner.wait_for("B", timeout=10) == "B"
