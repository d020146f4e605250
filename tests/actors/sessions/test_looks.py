"""Looks at a session cost no change of tasks each, and keep nobody from running."""

import anyio
import anyio.lowlevel
import pytest

from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


async def test_others_run_while_somebody_looks_without_a_pause(running: Running) -> None:
    async with running() as supervisor, anyio.create_task_group() as group:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        rounds = 0

        async def others() -> None:
            nonlocal rounds
            while True:
                rounds += 1
                await anyio.lowlevel.checkpoint()

        group.start_soon(others)
        for _ in range(200):
            await session.info()
        group.cancel_scope.cancel()
    assert rounds >= 10


async def test_a_loop_of_looks_is_cancelled_from_elsewhere(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        async with anyio.create_task_group() as group:

            async def look() -> None:
                while True:
                    await session.info()

            group.start_soon(look)
            await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()


async def test_who_is_cancelled_already_gets_no_look(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        for _ in range(40):  # whoever's turn it is to let others run
            with anyio.CancelScope() as scope:
                scope.cancel()
                await session.info()
            assert scope.cancelled_caught
