# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
"""Google ADK: `DatabaseSessionService`, whose runner gets the session, and appends two events a turn."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from google.adk.events import Event
from google.adk.sessions import DatabaseSessionService
from google.genai.types import Content, Part

from benchmarks.actors.turn_contestants.conversation import ANSWER, QUESTION, Conversations, Turn

__all__ = ["opened"]


def _event(author: str, role: str, text: str) -> Event:
    return Event(author=author, invocation_id="i", content=Content(role=role, parts=[Part(text=text)]))


@asynccontextmanager
async def opened(folder: Path, sessions: int) -> AsyncGenerator[Turn]:
    """A database behind SQLAlchemy's pool of connections."""
    service = DatabaseSessionService(f"sqlite+aiosqlite:///{folder / 'sessions.db'}")
    conversations = [Conversations(str, number) for number in range(sessions)]

    async def turn(session: int) -> None:
        key = {"app_name": "benchmark", "user_id": f"user-{session}", "session_id": conversations[session].next()}
        stored = await service.get_session(**key) or await service.create_session(**key)
        await service.append_event(stored, _event("user", "user", QUESTION))
        await service.append_event(stored, _event("agent", "model", ANSWER))

    yield turn
    await service.close()
