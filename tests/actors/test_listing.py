"""Lists of many sessions: in order, complete, and no burden for others."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

import anyio
import anyio.lowlevel
import pytest

from argentos import FileStore, ManualClock, Supervisor
from argentos.storage import MemoryStore, Store, inline

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]
MANY = 600


@pytest.fixture(params=["memory", "file"])
def known(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path, run=inline)


async def make(supervisor: Supervisor, many: int) -> None:
    async with anyio.create_task_group() as group:
        for number in range(many):
            group.start_soon(supervisor.session(f"s-{number}").create)


async def test_a_list_of_many_sessions_lets_others_go_on(running: Running, known: Store) -> None:
    moments = 0

    async def go_on() -> None:
        nonlocal moments
        while True:
            await anyio.lowlevel.checkpoint()
            moments += 1

    async with running(on=known) as supervisor:
        await make(supervisor, MANY)
        async with anyio.create_task_group() as group:
            group.start_soon(go_on)
            assert len(await supervisor.list()) == MANY
            group.cancel_scope.cancel()
        assert moments >= 2 * MANY / 100  # while they are read, told and put in order


async def test_a_list_begins_with_the_latest_activity_however_many_there_are(
    running: Running, clock: ManualClock, known: Store
) -> None:
    async with running(on=known) as supervisor:
        await make(supervisor, 260)
        for number in (7, 3, 250, 11):
            clock.advance(1)
            await supervisor.session(f"s-{number}").say("It is time.")
        sessions = await supervisor.list()
        assert [each.id for each in sessions][:4] == ["s-11", "s-250", "s-3", "s-7"]
        assert [each.id for each in sessions][4:] == sorted(
            f"s-{number}" for number in range(260) if number not in {7, 3, 250, 11}
        )


async def test_a_session_that_is_deleted_while_it_is_listed_is_listed_or_not(running: Running) -> None:
    async with running() as supervisor:
        await make(supervisor, 500)

        async def delete() -> None:
            for number in range(500):
                await supervisor.session(f"s-{number}").delete()

        async with anyio.create_task_group() as group:
            group.start_soon(delete)
            assert len(await supervisor.list()) <= 500
        assert await supervisor.list() == []
