"""Ours, through the public API: `Session.send`. A model answers each message at once, which is stored as well."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from argentos import FileStore, Supervisor
from benchmarks.storage.contestants.closed_loop import TEXT, Append
from benchmarks.storage.instant import InstantModel, count_quickly

__all__ = ["opened"]


@asynccontextmanager
async def opened(folder: Path, sessions: int) -> AsyncGenerator[Append]:
    """A supervisor, and sessions that have been answered once."""
    async with Supervisor(
        FileStore(folder), InstantModel(), count=count_quickly, count_inline=10**6, grace=1.0
    ) as supervisor:
        handles = [supervisor.session(f"user-{number}") for number in range(sessions)]
        async with anyio.create_task_group() as group:
            for handle in handles:
                group.start_soon(handle.ask, TEXT)

        async def append(session: int) -> None:
            await handles[session].send(TEXT)

        yield append
