"""A turn may be ended at any moment, from inside and from outside, and whoever looks on may leave at any moment."""

import gc
import itertools
import weakref
from pathlib import Path

import anyio
import pytest

from argentos import Emit, Message, Reply, Request, Session, Supervisor, Turn
from argentos.actors import RecordAppended, Subscription
from argentos.errors import ModelError, NoReplyError, ReplyInterruptedError
from argentos.storage import STOPPED, TurnEnded, TurnStarted
from argentos.storage.backup import restore
from tests.actors.slow import (
    Files,
    Interrupting,
    Memory,
    Talker,
    new_clock,
    nothing_left,
    steps_are_whole,
    supervise,
)
from tests.actors.suspensions import Cut, How, Suspensions, hows, suspensions

pytestmark = pytest.mark.anyio


async def test_a_turn_may_be_stopped_at_any_moment(anyio_backend_name: str, caplog: pytest.LogCaptureFixture) -> None:
    disk, model = Memory(), Talker()
    with nothing_left(disk, caplog), suspensions(anyio_backend_name) as counted:
        async with supervise(disk, model, new_clock()) as supervisor:
            for moment in itertools.count(1):
                session = supervisor.session(str(moment))
                if not await is_stopped(session, moment, counted):
                    break
                assert (await session.ask("And then?")).text == "Yes indeed."
        await steps_are_whole(disk)
    assert model.ended == model.begun


async def is_stopped(session: Session, moment: int, counted: Suspensions) -> bool:
    """Stop a turn at a moment; False if it was answered before that."""
    turn = await session.send("Hello?")
    is_time = anyio.Event()
    counted.then(moment, is_time.set)

    async def stop() -> None:
        await is_time.wait()
        await session.stop()

    async with anyio.create_task_group() as group:
        group.start_soon(stop)
        reply = await reply_to(turn)
        was_time = is_time.is_set()
        counted.forget()
        is_time.set()
        said = (await session.history(full=True))[1:]
        assert said == (reply,) if reply else all(is_a_beginning(each) for each in said)
        return was_time
    return False  # a group that was not cancelled is never left so


def is_a_beginning(said: Message) -> bool:
    return said.stop_reason == STOPPED and "Yes indeed.".startswith(said.text)


async def reply_to(turn: Turn) -> Message | None:
    try:
        return await turn.reply()
    except NoReplyError:
        return None


class Quitter(Talker):
    """Cancels what it waits for, the first time it is asked, and has no reply then."""

    async def reply(self, request: Request, emit: Emit) -> Reply:
        if self.begun:
            return await super().reply(request, emit)
        self.begun = self.ended = 1
        with anyio.CancelScope() as scope:
            scope.cancel()
            await anyio.sleep_forever()
        raise ReplyInterruptedError("the model gave none", is_transient=False)


async def test_a_model_that_cancels_itself_has_no_reply_and_answers_the_next(caplog: pytest.LogCaptureFixture) -> None:
    disk = Memory()
    with nothing_left(disk, caplog):
        async with supervise(disk, Quitter(), new_clock()) as supervisor:
            session = supervisor.session("maren")
            with pytest.raises(ModelError):
                await session.ask("Hello?")
            assert (await session.ask("And then?")).text == "Yes indeed."


async def test_a_reader_of_a_turn_may_leave_at_any_moment(
    anyio_backend_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    disk = Memory()
    with nothing_left(disk, caplog), suspensions(anyio_backend_name) as counted:
        async with supervise(disk, Talker(), new_clock()) as supervisor:
            for how in hows(anyio_backend_name):
                for moment in itertools.count(1):
                    turn = await supervisor.session(f"{how.value}-{moment}").send("Hello?")
                    if not await is_left(turn, how, moment, counted):
                        break


async def is_left(turn: Turn, how: How, moment: int, counted: Suspensions) -> bool:
    """Leave a turn at a moment while somebody else reads it; False if it ended before that."""
    cut, read = Cut(how), list[str]()

    async def read_all() -> None:
        read.extend([piece async for piece in turn.text()])

    async def listen() -> None:
        async for _ in turn.text():
            pass

    async with anyio.create_task_group() as group:
        group.start_soon(read_all)
        counted.then(moment, cut.cancel)
        await cut.run(listen)
        counted.forget()
    assert "".join(read) == (await turn.reply()).text == "Yes indeed."
    return cut.was_cancelled


async def test_a_subscriber_may_leave_at_any_moment(anyio_backend_name: str, caplog: pytest.LogCaptureFixture) -> None:
    disk = Memory()
    with nothing_left(disk, caplog), suspensions(anyio_backend_name) as counted:
        async with supervise(disk, Talker(), new_clock()) as supervisor:
            left: list[weakref.ref[Subscription]] = []
            for how in hows(anyio_backend_name):
                for moment in range(1, 30):
                    left += await subscriptions_left(supervisor, f"{how.value}-{moment}", Cut(how), moment, counted)
            gc.collect()
            assert not any(subscription() for subscription in left)


async def subscriptions_left(
    supervisor: Supervisor, name: str, cut: Cut, moment: int, counted: Suspensions
) -> list[weakref.ref[Subscription]]:
    """Leave a subscription at a moment, while whoever else has one misses nothing."""
    left: list[weakref.ref[Subscription]] = []

    async def listen() -> None:
        async with supervisor.events() as events:
            left.append(weakref.ref(events))
            async for _ in events:
                pass

    async with supervisor.events() as events:
        async with anyio.create_task_group() as group:
            group.start_soon(cut.run, listen)
            counted.then(moment, cut.cancel)
            await supervisor.session(name).ask("Hello?")
            counted.forget()
            cut.cancel()
        happened = [event for event in events.pending() if isinstance(event, RecordAppended)]
    derived = (TurnStarted, TurnEnded)  # of an ask: they have the sequence of its message and of its reply
    written = [event.record.sequence for event in happened if not isinstance(event.record, derived)]
    assert written == [*range(1, len(written) + 1)]
    assert [type(event.record) for event in happened if isinstance(event.record, derived)] == [*derived]
    return left


@pytest.mark.parametrize("behind", [False, True])
async def test_a_backup_cancelled_at_any_moment_is_whole_or_is_not_there(
    anyio_backend_name: str,
    behind: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    disk = Files(tmp_path / "state")
    for how in hows(anyio_backend_name):
        for call in itertools.count(1):
            target = tmp_path / f"{how.value}-{call}"
            with nothing_left(disk, caplog):
                if not await is_backup_cut(disk, target, how, call, behind=behind):
                    break


async def is_backup_cut(disk: Files, target: Path, how: How, call: int, *, behind: bool) -> bool:
    """Cancel a backup while a thread works at it; False if it ended before that."""
    cut = Cut(how)
    threads = disk.run = Interrupting(cut.cancel, behind=behind)
    async with supervise(disk, Talker(), new_clock(), resume=False) as supervisor:
        reply = await supervisor.session("maren").ask("Hello?", message_id="m")
        threads.then(call)
        await cut.run(lambda: supervisor.backup(target))
        found = [path.name for path in tmp_files(target)]
        assert (await supervisor.session("maren").ask("Hello?", message_id="m")) == reply
    disk.run = None
    assert [path.name for path in tmp_files(target)] == found
    assert found in ([], [target.name])
    if found:
        restored = Files(target.with_name(f"{target.name}-restored"))
        restore(target, restored.path)
        async with supervise(restored, Talker(), new_clock(), resume=False) as supervisor:
            assert (await supervisor.session("maren").history(full=True))[1] == reply
    return cut.was_cancelled


def tmp_files(target: Path) -> list[Path]:
    """The file, and what it may have been called before it was whole."""
    return [path for path in target.parent.iterdir() if path.is_file() and target.name in path.name]
