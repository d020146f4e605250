"""Some frameworks end by cancelling every task that there is, and some cancel tasks that are not theirs."""

import asyncio
import inspect
import itertools
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import pytest

from tests.actors.slow import Disk, Files, Memory, Talker, new_clock, nothing_left, steps_are_whole, supervise
from tests.actors.suspensions import Suspensions, suspensions
from tests.actors.test_cancelled_hosts import Life

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]


@pytest.mark.parametrize("medium", [Memory, Files])
@pytest.mark.parametrize("times", [1, 2])
async def test_all_tasks_may_be_cancelled_at_any_moment(
    medium: Callable[[Path], Disk],
    times: int,
    is_long: bool,  # noqa: FBT001 - a fixture
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for moment in itertools.count(times, 1 if is_long or medium is Memory else 12):
        disk = medium(tmp_path / str(moment))
        with nothing_left(disk, caplog), suspensions("asyncio") as counted:
            if not await are_cut(Life(disk), moment, times, counted):
                break


def has_begun(task: "asyncio.Task[object]") -> bool:
    """One that has not is none that anyio could cope with: what waits for it would wait for ever."""
    return inspect.getcoroutinestate(cast("Coroutine[Any, Any, Any]", task.get_coro())) != inspect.CORO_CREATED


async def are_cut(life: Life, moment: int, times: int, counted: Suspensions) -> bool:
    """Cancel all tasks at a moment; False if the host ended before that."""
    before = asyncio.all_tasks()
    was_cancelled = False

    def cancel() -> None:
        nonlocal times, was_cancelled
        tasks = {task for task in asyncio.all_tasks() - before if has_begun(task)}
        was_cancelled = was_cancelled or bool(tasks)
        for task in tasks:
            task.cancel()
        times -= 1
        if times:
            counted.then(1, cancel)

    counted.then(moment, cancel)
    host = asyncio.get_running_loop().create_task(life.lead())
    await asyncio.wait((host,))
    counted.forget()
    assert host.cancelled() or host.exception() is None
    await life.check()
    return was_cancelled


@pytest.mark.parametrize("medium", [Memory, Files])
async def test_any_one_task_may_be_cancelled_alone(
    medium: Callable[[Path], Disk], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    disk = medium(tmp_path)
    for number in itertools.count():
        with nothing_left(disk, caplog):
            if not await is_cut_alone(disk, number):
                break
        await steps_are_whole(disk)


async def is_cut_alone(disk: Disk, number: int) -> bool:
    """Cancel one of the tasks that a supervisor has begun; False if there are not so many.

    Whether the supervisor can go on without is its own affair: it ends, at the latest, when its host does.
    """
    before = asyncio.all_tasks()
    is_up = asyncio.Event()

    async def lead() -> None:
        async with supervise(disk, Talker(), new_clock()) as supervisor:
            await supervisor.session("maren").ask("Hello?", message_id=f"m-{number}")
            is_up.set()
            await asyncio.Event().wait()

    host = asyncio.get_running_loop().create_task(lead())
    await is_up.wait()
    begun = {task for task in asyncio.all_tasks() - before - {host} if has_begun(task)}
    tasks = sorted(begun, key=lambda task: task.get_name())
    for task in tasks[number : number + 1]:
        task.cancel()
        await asyncio.wait((task,))
    host.cancel()
    await asyncio.wait((host,))
    assert host.cancelled()
    return number < len(tasks)
