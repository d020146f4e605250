"""Whoever asks for something may be cancelled at any moment, in the way of anyio or of asyncio.

Every moment is come to: what is asked for is run once to count how often a task, whichever, hands control back to the
event loop, and then again for each of these moments, at which whoever asked is cancelled.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from argentos import Message, Session, Supervisor
from argentos.actors.core.commands import Delete
from argentos.errors import NoReplyError, SessionNotFoundError, SupervisorStoppedError
from tests.actors.slow import (
    HANG,
    SMALL,
    Disk,
    Files,
    Memory,
    Talker,
    new_clock,
    nothing_left,
    steps_are_whole,
    supervise,
)
from tests.actors.suspensions import Cut, How, Suspensions, hows, moments, suspensions

pytestmark = pytest.mark.anyio


class Asked(NamedTuple):
    """What is asked of a session.

    Attributes:
        prepare: what the session did before.
        ask: what is cancelled; gives what was acknowledged.
        check: what has to hold afterwards, given what was acknowledged, None if nothing was.
    """

    prepare: Callable[[Session], Awaitable[object]]
    ask: Callable[[Session], Awaitable[object]]
    check: Callable[[Session, Any], Awaitable[None]]


async def texts(session: Session) -> list[str]:
    return [message.text for message in await session.history(full=True)]


async def nothing(_: Session) -> None:
    pass


async def one_message_and_its_reply(session: Session, _: Any) -> None:
    reply = await session.ask("Hello?", message_id="m")
    assert await texts(session) == ["Hello?", "Yes indeed."]
    assert (await session.history(full=True))[1] == reply


async def one_message_that_was_said(session: Session, acknowledged: Message | None) -> None:
    said = await session.say("Good morning.", message_id="m")
    assert acknowledged in {None, said}
    assert await texts(session) == ["Good morning."]


async def hangs(session: Session) -> None:
    await session.send(HANG, message_id="h")
    await session.send("Hello?", message_id="m")


async def is_stopped(session: Session, acknowledged: Any) -> None:
    if acknowledged is None:
        await session.stop()
    with pytest.raises(NoReplyError):
        await session.ask(HANG, message_id="h")
    with pytest.raises(NoReplyError):
        await session.ask("Hello?", message_id="m")
    asked, said = (await texts(session))[:2], (await texts(session))[2:]
    assert asked == [HANG, "Hello?"]
    assert "Yes indeed.".startswith("".join(said))  # what had been said until then is kept


async def asks_once(session: Session) -> None:
    await session.ask("Hello?")


async def is_cleared_or_not(session: Session, acknowledged: Any) -> None:
    left = [message.text for message in await session.history()]
    assert left in ([[]] if acknowledged else [[], ["Hello?", "Yes indeed."]])
    assert await texts(session) == ["Hello?", "Yes indeed."]


async def asks_at_length(session: Session) -> None:
    for _ in range(3):
        await session.ask("word " * 40)


async def is_compacted_or_not(session: Session, acknowledged: Any) -> None:
    await session.ask("And now?")
    info = await session.info()
    assert info.state == "Active"
    assert info.compactions == 1 if acknowledged else info.compactions <= 1
    assert len(await texts(session)) == 8


async def is_deleted_or_whole(session: Session, acknowledged: Any) -> None:
    try:
        await session.stop()  # behind the deletion, which may go on though nobody waits for it
        left = await texts(session)
    except SessionNotFoundError:
        return
    assert acknowledged is None
    assert left == ["Hello?", "Yes indeed."]


ASKED = {
    "ask": Asked(nothing, partial(Session.ask, content="Hello?", message_id="m"), one_message_and_its_reply),
    "send": Asked(nothing, partial(Session.send, content="Hello?", message_id="m"), one_message_and_its_reply),
    "say": Asked(nothing, partial(Session.say, content="Good morning.", message_id="m"), one_message_that_was_said),
    "stop": Asked(hangs, Session.stop, is_stopped),
    "clear": Asked(asks_once, Session.clear, is_cleared_or_not),
    "compact": Asked(asks_at_length, Session.compact, is_compacted_or_not),
    "delete": Asked(asks_once, Session.delete, is_deleted_or_whole),
}


@pytest.fixture(params=[Memory, Files])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    kind: Callable[[Path], Disk] = request.param
    return kind(tmp_path)


@pytest.fixture
def stride(disk: Disk, is_long: bool) -> int:  # noqa: FBT001 - a fixture
    """How far apart the moments are: on files further, for the disk takes its time."""
    return 3 if isinstance(disk, Files) and not is_long else 1


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
async def test_whoever_asks_may_be_cancelled_at_any_moment(
    anyio_backend_name: str, disk: Disk, stride: int, asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    with nothing_left(disk, caplog), suspensions(anyio_backend_name) as counted:
        async with supervise(disk, Talker(), new_clock()) as supervisor:
            for how in hows(anyio_backend_name):
                await sweep(supervisor, asked, how, counted, stride=stride)
        await steps_are_whole(disk)


async def test_whoever_wakes_a_session_that_just_leaves_memory_may_be_cancelled_at_any_moment(
    anyio_backend_name: str, disk: Disk, stride: int, caplog: pytest.LogCaptureFixture
) -> None:
    clock = new_clock()

    async def idles(session: Session) -> None:
        await session.ask("Good morning.", message_id="first")
        clock.advance(SMALL.idle_after)
        assert (await session.info()).state == "Idle"

    async def wakes(session: Session) -> Message:
        clock.advance(SMALL.passivate_after)
        return await session.ask("Hello?", message_id="m")

    async def goes_on(session: Session, acknowledged: Message | None) -> None:
        reply = await session.ask("Hello?", message_id="m")
        assert acknowledged in {None, reply}
        assert await texts(session) == ["Good morning.", "Yes indeed.", "Hello?", "Yes indeed."]

    with nothing_left(disk, caplog), suspensions(anyio_backend_name) as counted:
        async with supervise(disk, Talker(), clock) as supervisor:
            for how in hows(anyio_backend_name):
                asked = Asked(idles, wakes, goes_on)
                await sweep(supervisor, asked, how, counted, stride=stride)
        await steps_are_whole(disk)


async def sweep(supervisor: Supervisor, asked: Asked, how: How, counted: Suspensions, *, stride: int) -> None:
    """Ask a session each, and cancel that at another moment each."""
    for moment in moments(how, stride):
        if not await is_cut(supervisor.session(f"{how.value}-{moment}"), asked, how, moment, counted):
            return


async def is_cut(session: Session, asked: Asked, how: How, moment: int, counted: Suspensions) -> bool:
    """Ask for something and cancel it at a moment; False if it ended before that."""
    await asked.prepare(session)
    cut = Cut(how)
    acknowledged: list[object] = []

    async def ask() -> None:
        acknowledged.append(await asked.ask(session))

    def cancel() -> None:
        cut.cancel()
        if how is How.TWICE:
            counted.then(1, cut.cancel)

    counted.then(moment, cancel)
    await cut.run(ask)
    counted.forget()
    await asked.check(session, acknowledged[0] if acknowledged else None)
    assert (await session.ask("And then?", message_id="next")).text == "Yes indeed."
    return cut.was_cancelled


async def test_what_was_answered_is_not_taken_back_when_the_step_is_cut_off_behind_it() -> None:
    command = Delete(new_clock().now(), None)
    command.answer(value=True)
    command.fail(SupervisorStoppedError("the supervisor was closed"))
    assert await command.answered()
