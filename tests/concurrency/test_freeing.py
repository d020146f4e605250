"""Many objects are freed in a thread: whatever lets go of a hundred thousand at once holds up the event loop."""

import gc
import threading
from datetime import UTC, datetime
from typing import Final

import anyio
import anyio.to_thread
import pytest

from argentos import MemoryStore
from argentos.concurrency.threads import free
from argentos.llm.extraction import extract
from argentos.storage import Accepted, Message, SessionKey, fold

pytestmark = pytest.mark.anyio

NOW: Final = datetime(2026, 5, 8, tzinfo=UTC)
KEY: Final = SessionKey("main", "maren")
MANY: Final = 3000
freed: list[int] = []
all_freed: Final = threading.Event()


class Watched(Accepted, frozen=True, tag="accepted"):
    """A record that tells which thread frees it."""

    def __del__(self) -> None:
        freed.append(threading.get_ident())
        if len(freed) == MANY:
            all_freed.set()


def said(kind: type[Accepted], number: int) -> Accepted:
    text = f"{number}: they spoke of ships"
    return kind(
        sequence=number, epoch=1, at=NOW, id=f"m-{number}", number=number, role="assistant", content=text, tokens=5
    )


async def threads_that_freed_many() -> set[int]:
    assert await anyio.to_thread.run_sync(all_freed.wait, 10)
    return set(freed)


@pytest.fixture(autouse=True)
def nothing_freed() -> None:
    freed.clear()
    all_freed.clear()


async def test_few_are_freed_at_once_and_many_in_a_thread() -> None:
    few, many = ([said(Watched, number) for number in range(1, count + 1)] for count in (10, MANY))
    free(few)
    assert freed == [threading.get_ident()] * 10
    freed.clear()
    free(many)
    assert threading.get_ident() not in await threads_that_freed_many()
    assert not many


async def test_records_that_a_checkpoint_covers_are_freed_in_a_thread() -> None:
    async with MemoryStore() as store:
        await store.append(KEY, 1, 0, [said(Watched, number) for number in range(1, MANY + 1)])
        snapshot = fold(KEY, None, [said(Accepted, number) for number in range(1, MANY + 1)]).snapshot
        await store.checkpoint(KEY, snapshot)
        assert threading.get_ident() not in await threads_that_freed_many()


def test_quotes_are_chosen_without_objects_for_the_garbage_collector() -> None:
    """It would stop everybody while it looks at all of them."""
    tracked: list[int] = []

    def count(text: str) -> int:
        tracked.append(len(gc.get_objects()))
        return len(text.split())

    messages = [
        Message(id="", number=number, role="user", text=f"{number}: the order is {number * 7}", at=NOW, tokens=8)
        for number in range(1, MANY)
    ]
    gc.collect()
    before = len(gc.get_objects())
    extract(messages, None, budget=100, count=count)
    assert max(tracked) - before < MANY // 3
