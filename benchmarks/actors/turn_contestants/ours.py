"""Ours, through the public API: `Session.ask`, with a `FileStore`, tiktoken, and a model that answers at once."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from argentos import Emit, FileStore, Reply, Request, Supervisor
from benchmarks.actors.turn_contestants.conversation import ANSWER, QUESTION, Conversations, Turn

__all__ = ["opened"]


class _Model:
    name = "instant"

    async def reply(self, _request: Request, _emit: Emit) -> Reply:
        """See `argentos.Model.reply`."""
        return Reply(ANSWER)


@asynccontextmanager
async def opened(folder: Path, sessions: int) -> AsyncGenerator[Turn]:
    """A supervisor with the settings of the product."""
    async with Supervisor(FileStore(folder), _Model(), grace=1.0) as supervisor:
        conversations = [Conversations(supervisor.session, number) for number in range(sessions)]

        async def turn(session: int) -> None:
            await conversations[session].next().ask(QUESTION)

        yield turn
