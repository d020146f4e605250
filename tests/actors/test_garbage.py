"""What fails leaves nothing to the garbage collector, which would stop everybody for a while, again and again."""

import contextlib
import gc
import logging
import weakref
from collections.abc import Awaitable, Callable, Generator, Sequence

import anyio
import pytest

from argentos import Config, Emit, MemoryStore, OfflineModel, ReplayModel, Reply, Request
from argentos.concurrency.threads import threads
from argentos.errors import ArgentError
from argentos.storage import Record, Replied, SessionKey, TurnEnded
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def uncollected() -> Generator[None]:
    """No garbage is collected, and no log keeps an error."""
    logging.disable()
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    logging.disable(logging.NOTSET)


async def error_of(act: Callable[[], Awaitable[object]]) -> weakref.ref[ArgentError]:
    """What it raises, if it is still there."""
    try:
        await act()
    except ArgentError as error:
        return weakref.ref(error)
    raise AssertionError("nothing was raised")


async def test_a_refused_message_is_forgotten_with_its_error(running: Running) -> None:
    async with running(ReplayModel(live=True), config=Config(mailbox_limit=1)) as supervisor:
        session = supervisor.session("maren")
        await session.send("The first, which is being answered.")
        await session.send("The second, which waits.")
        assert (await error_of(lambda: session.send("One too many.")))() is None


async def test_a_command_is_forgotten_with_its_error(running: Running) -> None:
    async with running(OfflineModel()) as supervisor:
        maren, nobody = supervisor.session("maren"), supervisor.session("nobody")
        await maren.ask("Hello?")
        for act in (maren.compact, nobody.stop, nobody.clear, nobody.info, nobody.delete):
            assert (await error_of(act))() is None


class BugError(Exception):
    pass


async def test_an_error_of_a_disk_thread_is_forgotten() -> None:
    run, raised = threads(), list[weakref.ref[BugError]]()

    def fail() -> None:
        error = BugError()
        raised.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error

    with contextlib.suppress(BugError):
        await run(fail)
    assert raised[0]() is None


class FailsOnce(MemoryStore):
    """Fails at the end of the first turn.

    Attributes:
        raised: what was raised then, if it is still there.
    """

    raised: weakref.ref[BugError] | None = None

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        if self.raised is None and any(isinstance(record, Replied | TurnEnded) for record in records):
            error = BugError()
            self.raised = weakref.ref(error)
            try:
                raise error
            finally:
                del error
        return await super().append(key, epoch, expected_sequence, records)


async def test_a_failure_is_forgotten_once_the_session_goes_on(running: Running) -> None:
    store = FailsOnce()
    async with running(OfflineModel(), on=store) as supervisor:
        await supervisor.session("maren").ask("Hello?")
    assert store.raised is not None
    assert store.raised() is None


class Cancelled(OfflineModel):
    """Waits until it is cancelled.

    Attributes:
        seen: the cancellation, if it is still there.
    """

    seen: weakref.ref[BaseException] | None = None

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class() as error:
            self.seen = weakref.ref(error)
            raise
        return Reply(request.session)


async def test_a_turn_that_was_stopped_is_forgotten_with_its_cancellation(running: Running) -> None:
    model = Cancelled()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.send("Hello?")
        await anyio.wait_all_tasks_blocked()
        await session.stop()
        await anyio.wait_all_tasks_blocked()
        assert model.seen is not None
        assert model.seen() is None
