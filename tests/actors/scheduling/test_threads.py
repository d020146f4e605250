"""A supervisor is used in the event loop that it was opened in; other threads are told of the way."""

from collections.abc import Awaitable, Callable

import anyio
import anyio.to_thread
import pytest
from anyio.from_thread import BlockingPortal

from argentos import Session, Supervisor
from argentos.errors import WrongEventLoopError
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

CALLS: list[Callable[[Supervisor, Session], Awaitable[object]]] = [
    lambda _, session: session.ask("hello"),
    lambda _, session: session.send("hello"),
    lambda _, session: session.info(),
    lambda _, session: session.history(),
    lambda _, session: session.compact(),
    lambda _, session: session.stop(),
    lambda _, session: session.delete(),
    lambda supervisor, _: supervisor.list(),
    lambda supervisor, _: supervisor.drain(),
]


@pytest.mark.parametrize("call", CALLS)
async def test_a_call_from_the_loop_of_another_thread_is_an_error_that_offers_a_portal(
    running: Running, anyio_backend_name: str, call: Callable[[Supervisor, Session], Awaitable[object]]
) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        await session.ask("hello")

        def run_elsewhere() -> None:
            async def main() -> None:
                with anyio.fail_after(5):
                    await call(supervisor, session)

            anyio.run(main, backend=anyio_backend_name)

        with pytest.raises(WrongEventLoopError, match="another thread; have that call it, by an anyio"):
            await anyio.to_thread.run_sync(run_elsewhere)
        assert (await session.ask("still here?")).number == 4


async def test_a_portal_takes_calls_from_other_threads(running: Running) -> None:
    async with running() as supervisor, BlockingPortal() as portal:
        session = supervisor.session("maren")
        assert (await anyio.to_thread.run_sync(lambda: portal.call(session.ask, "hello"))).number == 2
