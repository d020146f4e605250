"""A kill at every point between decision, append, apply and effect of a session's life, and then revival.

A kill is what it leaves: a copy of what is durable at that instant, on which another supervisor begins. The life goes
on there: whoever got no answer asks again, as a client does. After each step the session has to be what it is without a
kill.
"""

import copy
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeAlias, cast

import anyio
import anyio.lowlevel
import pytest

from argentos import Config, Emit, FileStore, ManualClock, Reply, Request, Session, Supervisor
from argentos.errors import ArgentError, ModelUnavailableError, StoreFailedError
from argentos.machines import SESSION
from argentos.storage import MemoryStore, Record, SessionKey, Snapshot, Store, inline
from tests.actors.conftest import count_words

pytestmark = pytest.mark.anyio

AT_LEAST_ONCE = {
    "ask_model": "the reply is lost with the process until it is appended, so the message is asked again",
    "summarise": "likewise the summary, so it is made again",
    "write_files": "that they were written is noted in them alone, and writing them again changes nothing",
}
"""The effects that a kill may repeat, and why. Everything else is done once."""

START = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder with a name that nobody else has is made in it
SMALL = Config(max_context_tokens=500)


class Killed(Exception):  # noqa: N818 - it is no error
    """The life is over; what comes of the process afterwards does not count."""


class World:
    """What outlasts a process: the time, what was done outside, and when the process is to be killed.

    Attributes:
        points: the stages that were come to, in order.
        effects: how often each was done.
    """

    def __init__(self, kill_at: int | None, save: Callable[[], None]) -> None:
        self.clock = ManualClock(START)
        self.points: list[str] = []
        self.effects = Counter[str]()
        self.is_killed = anyio.Event()
        self._kill_at = kill_at
        self._save = save

    def reach(self, stage: str) -> None:
        """The process is at a stage; if that is the one, it gets no further, and nor does anything else in it."""
        if not self.is_killed.is_set():
            if len(self.points) == self._kill_at:
                self._save()
                self.is_killed.set()
            self.points.append(stage)
        if self.is_killed.is_set():
            raise Killed(stage)

    def do(self, effect: str) -> None:
        self.reach(f"before {effect}")
        self.effects[effect] += 1
        self.reach(f"behind {effect}")

    def revive(self) -> None:
        """From now on the process is another one, which is not killed."""
        self.is_killed = anyio.Event()
        self._kill_at = None


class Staged:
    """What tells of the stages of a store, which is mixed in with."""

    world: World

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        try:
            self.world.reach("decided")
            wants_files = await cast("Store", super()).append(key, epoch, expected_sequence, records)
            self.world.reach("appended")
        except Killed:
            raise StoreFailedError("killed") from None
        return wants_files

    async def checkpoint(self, key: SessionKey, snapshot: Snapshot) -> None:
        try:
            self.world.do("write_files")
            await cast("Store", super()).checkpoint(key, snapshot)
        except Killed:
            raise StoreFailedError("killed") from None


class StagedMemory(Staged, MemoryStore):
    pass


class StagedFiles(Staged, FileStore):
    pass


class Echo:
    """Its reply depends on the message alone, and its summary on what is summarised."""

    name = "echo"
    can_summarise = True

    def __init__(self, world: World) -> None:
        self.world = world

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        try:
            self.world.do("summarise" if request.instruction else "ask_model")
        except Killed:
            raise ModelUnavailableError("killed") from None
        last = request.messages[-1]
        return Reply(f"They spoke up to {last.number}." if request.instruction else f"Re: {last.text}")


class Disk(Protocol):
    """A durable medium."""

    def store(self, world: World) -> Store:
        """A store on what is durable now."""
        ...

    def save(self) -> None:
        """Keep what is durable at this instant: the next store begins with it."""
        ...


class Memory:
    """Where durable means that it was appended."""

    def __init__(self, _: Path) -> None:
        self._durable: dict[Any, Any] = {}
        self._current = StagedMemory()

    def store(self, world: World) -> Store:
        self._current = StagedMemory()
        self._current.world = world
        vars(self._current)["_sessions"] = self._durable
        return self._current

    def save(self) -> None:
        self._durable = copy.deepcopy(vars(self._current)["_sessions"])


class Files:
    """A state directory, which is copied as it lies there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0

    @property
    def _path(self) -> Path:
        return self._folder / f"life-{self._number}"

    def store(self, world: World) -> Store:
        store = StagedFiles(self._path, run=inline, segment_size=65_536)
        store.world = world
        return store

    def save(self) -> None:
        before = self._path
        self._number += 1
        shutil.copytree(before, self._path, ignore=shutil.ignore_patterns("*.sock"))


# The life ------------------------------------------------------------------------------------------------------


Step: TypeAlias = Callable[[Session, World], Awaitable[None]]


def asks(number: int) -> Step:
    async def step(session: Session, _: World) -> None:
        await session.ask(f"question {number} " + "word " * 30, message_id=f"m-{number}")

    return step


async def idles(session: Session, world: World) -> None:
    """Half an hour passes; the session idles when it is next looked at."""
    if (await session.info()).state != "Idle":
        world.clock.advance(1800)
        await session.info()


async def says(session: Session, _: World) -> None:
    await session.say("By the way.", message_id="a-1")


async def clears(session: Session, _: World) -> None:
    await session.clear()


async def stops(session: Session, _: World) -> None:
    await session.stop()


async def compacts(session: Session, _: World) -> None:
    while (await session.info()).state == "Compacted":  # the revived session goes on with it by itself
        await anyio.lowlevel.checkpoint()
    if (await session.info()).compactions == 0:
        await session.compact()


LIFE = (asks(1), asks(2), idles, asks(3), says, *map(asks, range(4, 8)), idles, asks(8), clears, asks(9), stops)


async def lead(disk: Disk, world: World, life: Sequence[Step] = LIFE) -> list[dict[str, Any]]:
    """Lead the life to its end, with as many processes as it takes; gives what the session is after each step."""
    course: list[dict[str, Any]] = []
    while True:
        async with Supervisor(
            disk.store(world),
            Echo(world),
            config=SMALL,
            clock=world.clock,
            count=count_words,
            count_inline=10**6,
            grace=0,
        ) as supervisor:
            session = supervisor.session("maren")
            await go_on(session, world, life, course)
            if len(course) == len(life):
                return [*course, {"edges": await edges_of(session)}]
        world.revive()


async def edges_of(session: Session) -> dict[str, int]:
    """How often each was taken; a timer that came due during a kill counts when the session is next at work."""
    return {edge: taken.count for edge, taken in (await session.info()).edges.items()}


async def go_on(session: Session, world: World, life: Sequence[Step], course: list[dict[str, Any]]) -> None:
    """Take the steps that are left until the process is killed."""
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(cancel_when_killed, world, scope)
            for step in life[len(course) :]:
                try:
                    with anyio.fail_after(20):
                        await step(session, world)
                        course.append(await seen(session))
                except ArgentError:
                    if not world.is_killed.is_set():
                        raise
                    break
            group.cancel_scope.cancel()


async def cancel_when_killed(world: World, scope: anyio.CancelScope) -> None:
    await world.is_killed.wait()
    scope.cancel()


async def seen(session: Session) -> dict[str, Any]:
    """What the session is, once it has come to rest."""
    while (await session.info()).state == "Compacted":
        await anyio.lowlevel.checkpoint()
    info, summary = await session.info(), await session.summary()
    return {
        "info": (info.state, info.messages, info.turns, info.compactions, info.waiting, info.tokens),
        "messages": [(each.number, each.id, each.role, each.text) for each in await session.history(full=True)],
        "context": [each.number for each in await session.history()],
        "summary": summary.text if summary else None,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory, where there is such a place: a kill takes nothing of what was written, so no disk is waited for."""
    with TemporaryDirectory(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else tmp_path) as path:
        yield Path(path)


@pytest.fixture(params=[Memory, Files])
def medium(request: pytest.FixtureRequest) -> Callable[[Path], Disk]:
    kind: Callable[[Path], Disk] = request.param
    return kind


async def test_the_life_comes_through_every_stage_and_edge(medium: Callable[[Path], Disk], folder: Path) -> None:
    world = World(None, lambda: None)
    course = await lead(medium(folder), world)
    sides = {f"{side} {effect}" for effect in AT_LEAST_ONCE for side in ("before", "behind")}
    assert set(world.points) == {"decided", "appended"} | sides
    assert SESSION.effects | {"ask_model"} == world.effects.keys()
    assert course[-1]["edges"].keys() == {str(edge) for edge in SESSION.transitions}


async def test_a_session_killed_at_any_point_goes_on_as_without_but_for_the_effects_listed(
    medium: Callable[[Path], Disk], folder: Path
) -> None:
    undisturbed = World(None, lambda: None)
    expected = await lead(medium(folder / "undisturbed"), undisturbed)
    repeated: set[str] = set()
    for number, stage in enumerate(undisturbed.points):
        disk = medium(folder / f"kill-{number}")
        world = World(number, disk.save)
        assert await lead(disk, world) == expected, f"killed at point {number}: {stage}"
        repeated |= (world.effects - undisturbed.effects).keys()
    assert repeated == AT_LEAST_ONCE.keys()


async def test_a_compaction_asked_for_by_hand_that_is_killed_anywhere_is_finished_as_it_was_asked_for(
    medium: Callable[[Path], Disk], folder: Path
) -> None:
    life = (asks(1), asks(2), asks(3), compacts)
    undisturbed = World(None, lambda: None)
    expected = await lead(medium(folder / "undisturbed"), undisturbed, life)
    for number, stage in enumerate(undisturbed.points):
        disk = medium(folder / f"kill-{number}")
        assert await lead(disk, World(number, disk.save), life) == expected, f"killed at point {number}: {stage}"


def test_the_effects_that_a_kill_repeats_are_three_at_most() -> None:
    assert len(AT_LEAST_ONCE) <= 3
