"""Deletes sessions on a small tmpfs without a free page.

python -m tests.storage.full_disk FOLDER HOW    fails by an assertion
"""

import logging
import shutil
import sys
from pathlib import Path

import anyio

from argentos.gateway.cli import main as argent
from argentos.storage import FileStore, SessionKey, inline
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended
from tests.campaigns.scarcity import few_pages, small_disk
from tests.storage.directories import CANARY, holding

LAST = SessionKey("main", "user-eve")
SEGMENT = 1 << 20


def secret(key: SessionKey) -> Story:
    return Story(key).converse(CANARY, CANARY).summarise(2, CANARY).say(CANARY)


async def after_an_orderly_end(state: Path) -> None:
    async with FileStore(state, segment_size=SEGMENT) as store:
        await appended(store, secret(KEY), secret(LAST), Story(OTHER).converse("a"))


async def after_a_kill(state: Path) -> None:
    """Half in the files, half in a journal whose last write is torn."""
    stories = secret(KEY), secret(LAST), Story(OTHER).converse("a")
    async with FileStore(state, run=inline, segment_size=SEGMENT) as store:
        await appended(store, *stories)
    async with FileStore(state, run=inline, segment_size=SEGMENT) as store:
        for story in stories:
            story.epoch = 2
            await append(store, story.say(CANARY if story.key != OTHER else "b"))
        await append(store, stories[2].say("torn"))
        left = shutil.copytree(state, state.with_name("left"))
    path = left / "journal" / "00000001.journal"
    data = path.read_bytes()
    torn = data.rindex(b"torn")
    path.write_bytes(data[:torn] + bytes(len(data) - torn))
    shutil.rmtree(state)
    left.rename(state)


async def beside_others_in_a_full_segment(state: Path, disk: Path) -> None:
    story, other = secret(KEY), Story(OTHER).say("x" * 600_000)
    async with FileStore(state, run=inline, segment_size=SEGMENT) as store:
        await appended(store, other, story)
        with few_pages(disk, 0):
            assert await store.delete(KEY)
            assert await store.load(KEY) is None
    async with FileStore(state, run=inline) as store:
        assert await store.load(KEY) is None
        assert holding(state, CANARY) == []
        assert await store.load(OTHER) == other.snapshot


def by_command(state: Path, disk: Path) -> None:
    with few_pages(disk, 0):
        assert argent(["--state-dir", str(state), "doctor"]) == 1  # says that the disk is full
        assert argent(["--state-dir", str(state), "sessions", "delete", "--yes", KEY.id]) == 0
        assert argent(["--state-dir", str(state), "sessions", "prune", "--yes", "--larger-than", "1"]) == 0
    names = sorted(each.name for each in (state / "agents" / "main" / "sessions").iterdir())
    assert KEY.id not in names
    assert argent(["--state-dir", str(state), "doctor"]) == 0


def main() -> None:
    logging.getLogger("argentos").addHandler(logging.NullHandler())
    disk = small_disk(Path(sys.argv[1]) / "disk")
    state = disk / "state"
    match sys.argv[2]:
        case "owner":
            anyio.run(beside_others_in_a_full_segment, state, disk)
        case "ended":
            anyio.run(after_an_orderly_end, state)
            by_command(state, disk)
        case _:
            anyio.run(after_a_kill, state)
            by_command(state, disk)


if __name__ == "__main__":
    main()
