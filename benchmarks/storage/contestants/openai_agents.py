# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
"""OpenAI Agents SDK: `SQLiteSession.add_items`, a session object for each conversation, all in one file."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from agents import SQLiteSession

from benchmarks.storage.contestants.closed_loop import TEXT, Append

__all__ = ["opened"]


@asynccontextmanager
async def opened(folder: Path, sessions: int) -> AsyncGenerator[Append]:
    """Sessions in one database, which the SDK writes in threads."""
    stored = [SQLiteSession(f"user-{number}", folder / "sessions.db") for number in range(sessions)]

    async def append(session: int) -> None:
        await stored[session].add_items([{"role": "user", "content": TEXT}])

    yield append
    for session in stored:
        session.close()
