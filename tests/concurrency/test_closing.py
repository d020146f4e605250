"""A cancellation leads out of whatever is open as it is: one raised anew sends stacks of contexts round in circles."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from argentos import FileStore, MemoryStore, OfflineModel, Supervisor
from argentos.gateway import Gateway
from argentos.gateway.channels.running import Channels
from argentos.machines import Diagram, Machine, Runner

Opened = Callable[[Path], AbstractAsyncContextManager[object]]


def offline() -> Supervisor:
    return Supervisor(MemoryStore(), OfflineModel())


@asynccontextmanager
async def gateway(folder: Path) -> AsyncGenerator[object]:
    async with AsyncExitStack() as stack:
        supervisor = await stack.enter_async_context(offline())
        await stack.enter_async_context(Channels(supervisor, (), folder))
        yield await stack.enter_async_context(Gateway(supervisor, None))


@asynccontextmanager
async def second_process(folder: Path) -> AsyncGenerator[object]:
    async with (
        Supervisor(FileStore(folder), OfflineModel()),
        Supervisor.connect(folder) as connected,
        Gateway(connected, None),
    ):
        yield connected


def runner(_: Path) -> Runner:
    return Runner(Machine(Diagram.parse("stateDiagram-v2\n[*] --> Open: begin")))


def supervisor(_: Path) -> Supervisor:
    return offline()


@pytest.mark.parametrize("opened", [gateway, second_process, runner, supervisor, FileStore])
def test_a_cancellation_that_leads_out_is_not_raised_anew(opened: Opened, tmp_path: Path) -> None:
    async def live(seen: list[BaseException], is_open: asyncio.Event) -> None:
        async with opened(tmp_path):
            is_open.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError as error:
                seen.append(error)
                raise

    async def cancelled() -> tuple[list[BaseException], BaseException]:
        seen: list[BaseException] = []
        is_open = asyncio.Event()
        living = asyncio.create_task(live(seen, is_open))
        await asyncio.wait_for(is_open.wait(), timeout=10)
        living.cancel()
        with pytest.raises(asyncio.CancelledError) as raised:
            await living
        return seen, raised.value

    seen, raised = asyncio.run(cancelled())
    assert [raised] == seen
