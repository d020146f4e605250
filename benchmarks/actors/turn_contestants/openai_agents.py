# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
"""OpenAI Agents SDK: what its runner does with a `SQLiteSession` in a turn, all sessions in one file."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from agents import SQLiteSession

from benchmarks.actors.turn_contestants.conversation import ANSWER, QUESTION, Conversations, Turn

__all__ = ["opened"]


@asynccontextmanager
async def opened(folder: Path, sessions: int) -> AsyncGenerator[Turn]:
    """Sessions in one database, which the SDK reads and writes in threads: `get_items`, and `add_items` twice."""

    def begin(name: str) -> SQLiteSession:
        return SQLiteSession(name, folder / "sessions.db")

    conversations = [Conversations(begin, number) for number in range(sessions)]

    async def turn(session: int) -> None:
        stored = conversations[session].next()
        await stored.get_items()
        await stored.add_items([{"role": "user", "content": QUESTION}])
        await stored.add_items([{"role": "assistant", "content": ANSWER}])

    yield turn
