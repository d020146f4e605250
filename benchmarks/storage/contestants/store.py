"""Ours, at the level of the store: `FileStore.append`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import anyio

from argentos import FileStore
from argentos.storage import Accepted, SessionKey, Transitioned
from benchmarks.storage.contestants.closed_loop import TEXT, Append

__all__ = ["opened"]


@asynccontextmanager
async def opened(folder: Path, sessions: int) -> AsyncGenerator[Append]:
    """A store, and sessions that begin with the record of their creation."""
    keys = [SessionKey("main", f"user-{number}") for number in range(sessions)]
    sequences = [1] * sessions

    async def append(session: int) -> None:
        sequence = sequences[session]
        sequences[session] = sequence + 1
        record = Accepted(
            sequence=sequence + 1,
            epoch=1,
            at=datetime.now(UTC),
            id=f"m-{sequence}",
            number=sequence,
            role="user",
            content=TEXT,
            tokens=75,
        )
        await store.append(keys[session], 1, sequence, (record,))

    async with FileStore(folder) as store:
        async with anyio.create_task_group() as group:
            for key in keys:
                group.start_soon(store.append, key, 1, 0, (_created(),))
        yield append


def _created() -> Transitioned:
    return Transitioned(
        sequence=1,
        epoch=1,
        at=datetime.now(UTC),
        source="[*]",
        target="Created",
        event="first_message",
        label="First message",
    )
