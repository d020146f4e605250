"""What tasks wait with, on every kind of event loop."""

import asyncio
from collections.abc import Callable

import anyio
import pytest
import trio

from argentos.concurrency.waiter import new_waiter


@pytest.mark.anyio
async def test_a_task_waits_until_the_waiter_is_set_once_or_more() -> None:
    waiter = new_waiter()
    woken: list[bool] = []

    async def wait() -> None:
        await waiter.wait()
        woken.append(waiter.is_set())

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        assert not waiter.is_set()
        waiter.set()
        waiter.set()
    assert woken == [True]


@pytest.mark.anyio
async def test_a_waiter_that_was_set_before_is_not_waited_for() -> None:
    waiter = new_waiter()
    waiter.set()
    with anyio.fail_after(10):
        await waiter.wait()


@pytest.mark.anyio
async def test_a_waiter_may_be_set_though_the_task_was_cancelled() -> None:
    waiter = new_waiter()
    with anyio.move_on_after(0):
        await waiter.wait()
    assert not waiter.is_set()
    waiter.set()
    assert waiter.is_set()


def test_trio_as_a_guest_of_asyncio_has_waiters_of_its_own() -> None:
    async def wait_for_another() -> str:
        waiter = new_waiter()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(waiter.wait)
            await trio.testing.wait_all_tasks_blocked()
            waiter.set()
        return "woken"

    async def host() -> str:
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        _as_guest(wait_for_another, done)
        return await asyncio.wait_for(done, 5)

    assert asyncio.run(host()) == "woken"


def _as_guest(work: Callable[[], object], done: "asyncio.Future[str]") -> None:
    trio.lowlevel.start_guest_run(
        work,  # type: ignore[arg-type]
        run_sync_soon_threadsafe=asyncio.get_running_loop().call_soon_threadsafe,
        done_callback=lambda outcome: done.set_result(outcome.unwrap()),
    )
