"""The task that holds a supervisor may be cancelled at any moment, in the way of anyio or of asyncio, once or again.

The supervisor then ends at once, or as far as it has to, and leaves nothing behind: what it has acknowledged is stored,
nothing is half there, and the next one begins where it ended.
"""

import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from argentos import Message, Supervisor
from argentos.errors import ArgentError
from tests.actors.slow import (
    HANG,
    Disk,
    Files,
    Interrupting,
    Memory,
    Talker,
    new_clock,
    nothing_left,
    steps_are_whole,
    supervise,
)
from tests.actors.suspensions import Cut, Followed, How, Suspensions, hows, moments

pytestmark = pytest.mark.anyio


class Life:
    """A supervisor's life, from its host's point of view.

    Attributes:
        accepted: texts that are acknowledged, by session and id.
    """

    def __init__(self, disk: Disk) -> None:
        self.accepted: dict[tuple[str, str], str] = {}
        self.replies: dict[tuple[str, str], Message] = {}
        self._disk = disk
        self.is_looked_on = anyio.Event()
        self.is_answered = anyio.Event()
        self._is_up = anyio.Event()
        self._supervisor: Supervisor | None = None

    async def lead(self) -> None:
        """What the host does."""
        async with supervise(self._disk, Talker(), new_clock()) as supervisor:
            self._supervisor = supervisor
            self._is_up.set()
            await self._ask(supervisor, "inside", "m-1", "Hello?")
            await self._ask(supervisor, "inside", "m-2", "word " * 40)
            await self._ask(supervisor, "inside", "m-3", "word " * 40)
            await supervisor.session("inside").compact()
            await self._send(supervisor, "inside", "m-4", HANG)
            await self._send(supervisor, "inside", "m-5", "And now?")

    async def _ask(self, supervisor: Supervisor, name: str, message_id: str, text: str) -> None:
        reply = await supervisor.session(name).ask(text, message_id=message_id)
        self.accepted[name, message_id] = text
        self.replies[name, message_id] = reply

    async def _send(self, supervisor: Supervisor, name: str, message_id: str, text: str) -> None:
        await supervisor.session(name).send(text, message_id=message_id)
        self.accepted[name, message_id] = text

    async def look_on(self) -> None:
        """What somebody else does beside the host, until the supervisor has ended; never without an answer."""
        await self._is_up.wait()
        assert self._supervisor is not None
        self.is_looked_on.set()
        try:
            for number in itertools.count(1):
                await self._ask(self._supervisor, "outside", f"m-{number}", "Hello?")
        except ArgentError:
            self.is_answered.set()

    async def check(self) -> None:
        """Another supervisor finds what was acknowledged, and goes on."""
        await steps_are_whole(self._disk)
        async with supervise(self._disk, Talker(), new_clock(), resume=False) as supervisor:
            for name, message_id in self.accepted:
                messages = await supervisor.session(name).history(full=True)
                assert [each.text for each in messages if each.id == message_id] == [self.accepted[name, message_id]]
            for (name, message_id), reply in self.replies.items():
                messages = await supervisor.session(name).history(full=True)
                assert [each for each in messages if message_id in each.reply_to] == [reply]
            for name in {name for name, _ in self.accepted}:
                session = supervisor.session(name)
                await session.stop()
                assert (await session.ask("And then?")).text == "Yes indeed."


@pytest.mark.parametrize("medium", [Memory, Files])
async def test_the_host_may_be_cancelled_at_any_moment(
    anyio_backend_name: str,
    medium: Callable[[Path], Disk],
    is_long: bool,  # noqa: FBT001 - a fixture
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stride = 1 if is_long or medium is Memory else 4
    for how in hows(anyio_backend_name):
        for again in range(1, 10 if is_long and how is How.TWICE else 2):
            for moment in moments(how, stride):
                disk = medium(tmp_path / f"{how.value}-{moment}-{again}")
                with nothing_left(disk, caplog):
                    if not await is_cut(Life(disk), how, moment, again):
                        break


async def is_cut(life: Life, how: How, moment: int, again: int = 1) -> bool:
    """Cancel a host at a moment; False if it ended before that."""
    cut, counted = Cut(how), Suspensions()

    def cancel() -> None:
        cut.cancel()
        if how is How.TWICE:
            counted.then(again, cut.cancel)

    async def lead() -> None:
        await Followed(life.lead(), counted.tell)

    counted.then(moment, cancel)
    await watched(life, cut, lead)
    await life.check()
    return cut.was_cancelled


async def watched(life: Life, cut: Cut, lead: Callable[[], Awaitable[None]]) -> None:
    """Lead a life to its end, with somebody beside it who gets an answer."""
    async with anyio.create_task_group() as group:
        group.start_soon(life.look_on)
        await cut.run(lead)
        if life.is_looked_on.is_set():
            with anyio.fail_after(5):
                await life.is_answered.wait()
        group.cancel_scope.cancel()


@pytest.mark.parametrize("behind", [False, True])
async def test_the_host_may_be_cancelled_while_a_thread_is_at_the_disk(
    anyio_backend_name: str,
    behind: bool,  # noqa: FBT001 - a parameter of the test
    is_long: bool,  # noqa: FBT001 - a fixture
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for how in hows(anyio_backend_name):
        for call in moments(how, 1 if is_long else 7):
            disk = Files(tmp_path / f"{how.value}-{call}")
            with nothing_left(disk, caplog):
                if not await is_cut_at_the_disk(disk, how, call, behind=behind):
                    break


async def is_cut_at_the_disk(disk: Files, how: How, call: int, *, behind: bool) -> bool:
    """Cancel a host while a thread is about to do something, or has just done it; False if it ended before that."""
    cut, counted, life = Cut(how), Suspensions(), Life(disk)

    def cancel() -> None:
        cut.cancel()
        if how is How.TWICE:
            counted.then(1, cut.cancel)

    async def lead() -> None:
        await Followed(life.lead(), counted.tell)

    disk.run = threads = Interrupting(cancel, behind=behind)
    threads.then(call)
    await watched(life, cut, lead)
    disk.run = None
    await life.check()
    return cut.was_cancelled


class Served(Life):
    """The life of a supervisor of which another process wants something that takes long."""

    def __init__(self, disk: Files) -> None:
        super().__init__(disk)
        self._directory = disk.path
        self._is_asked = anyio.Event()

    async def lead(self) -> None:
        async with supervise(self._disk, Talker(), new_clock()):
            self._is_up.set()
            await self._is_asked.wait()

    async def look_on(self) -> None:
        await self._is_up.wait()
        self.is_looked_on.set()
        try:
            async with Supervisor.connect(self._directory) as owner:
                turn = await owner.session("remote").send(HANG, message_id="m-1")
                self.accepted["remote", "m-1"] = HANG
                self._is_asked.set()
                await turn.reply()
        except ArgentError:
            self.is_answered.set()


async def test_the_host_may_be_cancelled_at_any_moment_while_another_process_waits_for_an_answer(
    anyio_backend_name: str,
    is_long: bool,  # noqa: FBT001 - a fixture
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for how in hows(anyio_backend_name):
        for moment in moments(how, 1 if is_long else 3):
            disk = Files(tmp_path / f"{how.value}-{moment}")
            with nothing_left(disk, caplog):
                if not await is_cut(Served(disk), how, moment):
                    break


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_host_may_be_cancelled_just_as_its_socket_appears(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for attempt in range(10):
        disk = Files(tmp_path / str(attempt))
        cut = Cut(How.NATIVE)
        with nothing_left(disk, caplog):
            async with anyio.create_task_group() as group:
                group.start_soon(cut.run, Life(disk).lead)
                while not (disk.path / "control.sock").exists():
                    await anyio.lowlevel.checkpoint()
                cut.cancel()
