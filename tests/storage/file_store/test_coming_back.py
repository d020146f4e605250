"""Messages that come back from the archive: each stands in one file, whenever the process dies in between."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anyio import wait_all_tasks_blocked

from argentos.storage import FileStore, inline
from argentos.storage.disk import durable
from argentos.storage.repair.doctor import check
from argentos.storage.testing.story import KEY, Story, append
from tests.storage.directories import crashed, folder

pytestmark = pytest.mark.anyio


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def numbers(state: Path) -> list[int]:
    """The numbers of the messages in all files of the session, those that are there twice, twice."""
    history = json.loads((folder(state) / "history.json").read_bytes())
    parts = [json.loads(path.read_bytes()) for path in folder(state).glob("archive/0*.json")]
    return sorted(each["number"] for part in (history, *parts) for each in part.get("messages", ()))


def dying_after(steps: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A change of a file that fails once so many were made; what follows fails as well."""
    done = 0

    def wrapped(change: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            nonlocal done
            done += 1
            if done > steps:
                raise OSError(5, "the process has died")
            return change(*arguments)

        return run

    return wrapped


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("again", [False, True], ids=["undone", "undone and replaced again"])
@pytest.mark.parametrize("steps", range(8))
async def test_each_message_is_in_one_file_though_the_writing_was_cut_off(
    state: Path, monkeypatch: pytest.MonkeyPatch, steps: int, *, again: bool
) -> None:
    story = Story().mark().converse("a", "b").summarise(2).converse("c").clear()
    async with FileStore(state, run=inline) as store:
        await append(store, story)
    assert numbers(state) == [1, 2, 3, 4, 5, 6]
    story.epoch = 2
    async with FileStore(state, run=inline) as store:
        await store.load(KEY)
        await append(store, story.undo().undo().say("d", "assistant"))
        if again:
            await append(store, story.summarise(3))
        with monkeypatch.context() as patched:
            dying = dying_after(steps)
            for name in ("replace", "remove"):
                patched.setattr(durable, name, dying(getattr(durable, name)))
            await store.checkpoint(KEY, story.snapshot)
            await wait_all_tasks_blocked()
            left = crashed(state)
    assert [finding for finding in check(left) if not finding.is_harmless] == []
    story.epoch = 3
    async with FileStore(left, run=inline) as store:
        assert await store.load(KEY) == story.snapshot
        assert await store.read(KEY, 1, 100) == story.messages
        assert await store.checkpoints(KEY) == story.checkpoints
        await append(store, story.say("e", "assistant"))
    assert numbers(left) == [*range(1, 9)]
    assert [*check(left)] == []
