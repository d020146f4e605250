"""The size of a session while its files are written."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from anyio import wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from argentos import FileStore, ManualClock
from argentos.storage.testing.story import BEGIN, KEY, Story, append

T = TypeVar("T")


@pytest.mark.anyio
async def test_what_is_written_while_it_is_measured_is_counted(tmp_path: Path) -> None:
    story = Story().say("x" * 5000)
    measured = 0

    async def run(function: Callable[[], T], /) -> T:
        nonlocal measured
        await checkpoint()
        found = function()
        if getattr(function, "func", function).__name__ == "size_of_folder":
            measured += 1
            if measured == 1:  # its files appear just behind that
                await store.checkpoint(KEY, story.snapshot)
                await wait_all_tasks_blocked()
        return found

    async with FileStore(tmp_path, clock=ManualClock(BEGIN), run=run) as store:
        await append(store, story)
        assert 5000 <= await store.size(KEY) < 10_000
        assert measured == 2
