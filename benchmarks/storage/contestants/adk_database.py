# pyright: basic, reportMissingImports=false
"""Google ADK: `DatabaseSessionService`, SQLAlchemy on SQLite."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from google.adk.sessions import DatabaseSessionService

from benchmarks.storage.contestants.adk import appending
from benchmarks.storage.contestants.closed_loop import Append

__all__ = ["opened"]


@asynccontextmanager
async def opened(folder: Path, sessions: int) -> AsyncGenerator[Append]:
    """A database behind SQLAlchemy's pool of connections."""
    service = DatabaseSessionService(f"sqlite+aiosqlite:///{folder / 'sessions.db'}")
    async with appending(service, sessions) as append:
        yield append
