"""Whoever reads a session's files at any moment finds them there, whole."""

import sys

import anyio
import msgspec
import pytest

from argentos.storage import FileStore
from argentos.storage.testing.story import KEY, Story, append
from tests.campaigns.reader import Seen
from tests.campaigns.shares import ROOT, quick_folder

READS = 30_000
SECONDS = 300


async def talk(store: FileStore, story: Story) -> None:
    """Go on for ever: the files grow, and after each compaction they are small again."""
    while True:
        await append(store, story.converse("x" * 200))
        if len(story.context.messages) > 40:
            story.summarise(30)
        await store.checkpoint(KEY, story.snapshot)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_files_that_are_being_written_are_read_whole(scale: int) -> None:
    with quick_folder() as state:
        folder = state / "agents" / "main" / "sessions" / KEY.id
        command = [sys.executable, "-m", "tests.campaigns.reader", str(folder), str(READS * scale)]
        story = Story()
        async with FileStore(state) as store:
            await append(store, story)  # at the end of this, the files are there
        async with FileStore(state) as store, anyio.create_task_group() as group:
            group.start_soon(talk, store, story)
            with anyio.fail_after(SECONDS * scale):
                done = await anyio.run_process(command, cwd=ROOT, stderr=None)
                assert_whole(msgspec.json.decode(done.stdout, type=Seen))
            group.cancel_scope.cancel()


def assert_whole(seen: Seen) -> None:
    sys.stdout.write(
        f"\n{seen.reads} reads of {seen.versions} contents, {seen.missing} missing, {len(seen.broken)} broken\n"
    )
    assert (seen.missing, seen.broken) == (0, [])
    assert min(seen.versions.values()) > 100
