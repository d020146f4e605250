"""Every public coroutine of a runner is a cancellation point, in the way of anyio and of asyncio."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from argentos.machines.running import EffectHandler, MachineSnapshot, MemorySnapshots, Runner
from tests.machines.running.doors import House, door, machine, stored


async def subscribed(runner: Runner) -> None:
    async with runner.subscribe():
        pass


COROUTINES: dict[str, Callable[[Runner], Awaitable[object]]] = {
    "send": lambda runner: runner.send("lock"),
    "offer": lambda runner: runner.offer("pull"),
    "wait_for": lambda runner: runner.wait_for("Closed"),
    "settle": lambda runner: runner.settle(),
    "facts_changed": lambda runner: runner.facts_changed(),
    "subscribe": subscribed,
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", [*COROUTINES, "enter"])
@pytest.mark.parametrize("kept", [False, True])
async def test_a_scope_that_is_cancelled_is_left(name: str, *, kept: bool) -> None:
    store = MemorySnapshots() if kept else None
    runner = door(store=store)
    if name == "enter":
        with anyio.CancelScope() as scope:
            scope.cancel()
            async with runner:
                pytest.fail("it went on")
    async with runner:
        await runner.send("install")
        for _ in range(40):
            with anyio.CancelScope() as scope:
                scope.cancel()
                await COROUTINES.get(name, COROUTINES["send"])(runner)
                pytest.fail("it went on")
            assert runner.state == "Closed"
        await runner.send("lock")


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("name", COROUTINES)
def test_a_task_that_does_nothing_else_can_be_cancelled(name: str, *, kept: bool) -> None:
    async def main() -> None:
        async with door(store=MemorySnapshots() if kept else None) as runner:
            await runner.send("install")

            async def loop() -> None:
                while True:
                    await COROUTINES[name](runner)
                    if name == "send":
                        await runner.send("unlock")

            task = asyncio.create_task(loop())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(asyncio.shield(task), 10)
            await runner.settle()
            await runner.send("lock" if runner.state == "Closed" else "unlock")

    asyncio.run(main())


class Slow(MemorySnapshots):
    """A store that takes some rounds of the event loop."""

    async def save(self, snapshot: MachineSnapshot, /) -> None:
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        await super().save(snapshot)
        for _ in range(3):
            await anyio.lowlevel.checkpoint()


@pytest.mark.anyio
async def test_whenever_a_sender_is_cancelled_what_is_seen_is_what_is_stored_and_effects_run() -> None:
    for moment in range(30):
        house, store = House(), Slow(stored().snapshot)
        async with door(house, store=store) as runner:
            async with anyio.create_task_group() as group:
                group.start_soon(runner.send, "push")
                for _ in range(moment):
                    await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
            await runner.settle()
            assert store.snapshot is not None
            assert (store.snapshot.state, store.snapshot.pending) == (runner.state, ())
            assert house.heard == (["beep", "log"] if runner.state == "Open" else [])


@pytest.mark.anyio
async def test_an_effect_goes_on_though_its_sender_is_cancelled() -> None:
    begun, go_on, done = anyio.Event(), anyio.Event(), list[str]()

    async def slow() -> None:
        begun.set()
        await go_on.wait()
        done.append("slow")

    async with Runner(machine("[*] --> A: go / slow"), effects={"slow": slow}) as runner:
        async with anyio.create_task_group() as group:
            group.start_soon(runner.send, "go")
            await begun.wait()
            group.cancel_scope.cancel()
        go_on.set()
        await runner.settle()
        assert (runner.state, done) == ("A", ["slow"])


@pytest.mark.anyio
async def test_a_runner_that_is_cancelled_ends_at_once_and_what_is_stored_runs_later() -> None:
    done: list[str] = []
    store: Any = MemorySnapshots()
    slow = machine("[*] --> A: go / slow")

    async def forever() -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(10), anyio.CancelScope() as scope:
        async with (
            Runner(slow, effects={"slow": EffectHandler(forever, timeout=None)}, store=store) as runner,
            anyio.create_task_group() as group,
        ):
            group.start_soon(runner.send, "go")
            await runner.wait_for("A")
            scope.cancel()
    async with Runner(slow, effects={"slow": lambda: done.append("slow")}, store=store) as runner:
        await runner.settle()
    assert done == ["slow"]
