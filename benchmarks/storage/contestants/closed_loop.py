"""The load: each session writes its next message when the one before is acknowledged."""

import resource
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Final, TypeAlias

import anyio
from msgspec import Struct

__all__ = ["TEXT", "Append", "Sample", "closed_loop", "durability", "raise_file_limit"]

TEXT: Final = "A message of 300 bytes, as people write them to each other all day long. ".ljust(300, ".")

Append: TypeAlias = Callable[[int], Awaitable[object]]
"""Stores one more message in the session of this number, and returns when it is acknowledged."""


class Sample(Struct, frozen=True, kw_only=True):
    """What one run came to.

    Attributes:
        messages: acknowledged.
        begin: seconds of the monotonic clock, as `end`.
        p50: seconds from the call to the acknowledgement; `p99` likewise.
        failures: how often an append raised what; the session then went on with the next.
        durability: the pragmas of the database, where there is one.
    """

    messages: int
    begin: float
    end: float
    p50: float
    p99: float
    failures: dict[str, int] = {}
    durability: str = ""

    @property
    def rate(self) -> float:
        """Messages per second."""
        return self.messages / (self.end - self.begin)


async def closed_loop(append: Append, sessions: int, seconds: float) -> Sample:
    """Run all sessions for this long, after one message to warm up; what is under way at the end still counts."""
    await append(0)
    took: list[float] = []
    failures = Counter[str]()
    begin = time.monotonic()
    deadline = begin + seconds

    async def converse(session: int) -> None:
        now = begin
        while now < deadline:
            before = time.monotonic()
            try:
                await append(session)
            except Exception as error:  # noqa: BLE001 - peers refuse under load; it is counted
                failures[f"{type(error).__name__}: {error}".splitlines()[0][:80]] += 1
                now = time.monotonic()
            else:
                now = time.monotonic()
                took.append(now - before)

    async with anyio.create_task_group() as group:
        for session in range(sessions):
            group.start_soon(converse, session)
    end = time.monotonic()
    took = sorted(took) or [end - begin]
    p50, p99 = (took[len(took) * percent // 100] for percent in (50, 99))
    return Sample(messages=len(took), begin=begin, end=end, p50=p50, p99=p99, failures=dict(failures))


def durability(folder: Path) -> str:
    """The pragmas of the database in the folder, as every connection finds them; empty where there is none."""
    levels = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}
    for path in folder.glob("*.db"):
        with closing(sqlite3.connect(path)) as connection:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            (level,) = connection.execute("PRAGMA synchronous").fetchone()
            return f"{mode.upper()}, {levels[level]}"
    return ""


def raise_file_limit() -> None:
    """Open as many files as the system allows: some peers open files for each append."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
