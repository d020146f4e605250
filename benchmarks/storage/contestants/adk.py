# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
"""Google ADK: `append_event` of its two services that store in SQLite."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from google.adk.events import Event
from google.adk.sessions import BaseSessionService
from google.genai.types import Content, Part

from benchmarks.storage.contestants.closed_loop import TEXT, Append

__all__ = ["appending"]


@asynccontextmanager
async def appending(service: BaseSessionService, sessions: int) -> AsyncGenerator[Append]:
    """Sessions of a service, each held by its writer."""
    stored = [
        await service.create_session(app_name="benchmark", user_id=f"user-{number}", session_id="s")
        for number in range(sessions)
    ]

    async def append(session: int) -> None:
        content = Content(role="user", parts=[Part(text=TEXT)])
        await service.append_event(stored[session], Event(author="user", invocation_id="i", content=content))

    yield append
    await service.close()
