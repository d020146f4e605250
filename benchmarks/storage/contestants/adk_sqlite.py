# pyright: basic, reportMissingImports=false
"""Google ADK: `SqliteSessionService`, what `adk web` uses for a `sqlite://` address."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from google.adk.sessions.sqlite_session_service import SqliteSessionService

from benchmarks.storage.contestants.adk import appending
from benchmarks.storage.contestants.closed_loop import Append

__all__ = ["opened"]


@asynccontextmanager
async def opened(folder: Path, sessions: int) -> AsyncGenerator[Append]:
    """A database that the service connects to anew for each event."""
    async with appending(SqliteSessionService(str(folder / "sessions.db")), sessions) as append:
        yield append
