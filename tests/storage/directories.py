"""State directories as tests see them: what lies in them, crashes, and disks that fail."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.lowlevel

from argentos.storage import FileStore, Metadata, SessionKey, Store
from argentos.storage.testing.story import KEY, Story, append, appended

T = TypeVar("T")

EVERYTHING = (1, 100_000)
ROOT = Path(__file__).parents[2]
CANARY = "canary-7Qx"


def folder(state: Path, key: SessionKey = KEY) -> Path:
    return state / "agents" / key.agent / "sessions" / key.id


def tree(path: Path) -> dict[str, bytes]:
    """Every file, except the lock, which says who had it last, and the index, which is only a view."""
    files = (each for each in path.rglob("*") if each.is_file() and each.name not in {"lock", "index.sqlite"})
    return {str(each.relative_to(path)): each.read_bytes() for each in files}


def holding(path: Path, text: str) -> list[str]:
    """The names of all files that hold a text."""
    return sorted(
        str(each.relative_to(path)) for each in path.rglob("*") if each.is_file() and text.encode() in each.read_bytes()
    )


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def flip(path: Path, text: bytes) -> None:
    """Damage one bit where a text begins."""
    data = bytearray(path.read_bytes())
    data[data.index(text)] ^= 1
    path.write_bytes(data)


def journal(state: Path) -> list[str]:
    return sorted(path.name for path in (state / "journal").iterdir())


def block(state: Path, key: SessionKey = KEY) -> Path:
    """Make it impossible to write the files of a session, though they can be read."""
    blocker = folder(state, key) / ".history.json.new"
    blocker.mkdir(parents=True)
    return blocker


def crashed(state: Path) -> Path:
    """The state directory as the owner's death at this moment would leave it."""
    copies = len(list(state.parent.glob("crashed-*")))
    return shutil.copytree(state, state.parent / f"crashed-{copies}")


async def kept(state: Path, *stories: Story, segment_size: int = 1 << 20) -> None:
    """Write sessions and close."""
    async with FileStore(state, segment_size=segment_size) as store:
        await appended(store, *stories)


async def assert_kept(state: Path, *stories: Story) -> None:
    """Whoever opens the directory finds these sessions, and can go on with each."""
    async with FileStore(state) as store:
        for story in stories:
            assert await store.load(story.key) == story.snapshot
            numbers = [message.number for message in await store.read(story.key, *EVERYTHING)]
            assert numbers == list(range(1, story.metadata.messages + 1))
            story.epoch += 1
            await append(store, story.say("going on"))
    async with FileStore(state, read_only=True) as store:
        for story in stories:
            assert await store.load(story.key) == story.snapshot


async def listed(store: Store, agent: str = "main", limit: int = 1000) -> list[Metadata]:
    """All pages of a list without problems."""
    page = await store.list(agent, None, limit)
    found = [*page.sessions]
    assert page.problems == ()
    while page.cursor is not None:
        page = await store.list(agent, page.cursor, limit)
        assert page.problems == ()
        found += page.sessions
    return found


class Disk:
    """A runner whose calls are counted, and can be made to fail or to bring something about."""

    def __init__(self, *, after: bool = False) -> None:
        self.calls = 0
        self.fails_at = 0
        self.after = after
        self.at: dict[int, Callable[[], None]] = {}
        self.before_each: Callable[[], None] | None = None

    async def __call__(self, function: Callable[[], T], /) -> T:
        await anyio.lowlevel.checkpoint()
        self.calls += 1
        if self.before_each is not None:
            self.before_each()
        if self.calls in self.at:
            self.at[self.calls]()
        if self.calls != self.fails_at:
            return function()
        if self.after:
            function()
        raise OSError(errno.EIO, os.strerror(errno.EIO))


class Gate:
    """A runner that holds calls up, once told which, until they are let through."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.hold("")

    def hold(self, name: str, *, after: bool = False) -> None:
        """From now on calls of the function or method of this name wait, before or after they did their work."""
        self._name, self._after = name, after
        self.is_waiting, self._opened = anyio.Event(), anyio.Event()

    def open(self) -> None:
        """Let those go on that wait, and all others."""
        self._name = ""
        self._opened.set()

    def pass_others(self) -> None:
        """Hold only those that wait already."""
        self._name = ""

    async def __call__(self, function: Callable[[], T], /) -> T:
        await anyio.lowlevel.checkpoint()
        name = str(getattr(getattr(function, "func", function), "__name__", ""))
        self.calls.append(name)
        if not self._name or name != self._name:
            return function()
        opened = self._opened
        if not self._after:
            await self._wait(opened)
            return function()
        result = function()
        await self._wait(opened)
        return result

    async def _wait(self, opened: anyio.Event) -> None:
        self.is_waiting.set()
        with anyio.fail_after(10):
            await opened.wait()
