"""A model that answers without any service."""

import re
from typing import Final

import anyio.lowlevel

from argentos.llm.model import Emit, Reply, Request

__all__ = ["OfflineModel"]

_QUOTED: Final = 80  # characters


class OfflineModel:
    """A stand-in that answers without any model, the same to the same request, and says so.

    For trying things out without a key. Its tokens are the locally counted ones, exactly.
    """

    name = "offline"

    async def reply(self, request: Request, emit: Emit, /) -> Reply:
        """See `Model.reply`."""
        text = _reply(request)
        for piece in re.findall(r"\S+\s*", text):
            await anyio.lowlevel.checkpoint()
            await emit(piece)
        return Reply(text, sender="offline")


def _messages(first: int, last: int) -> str:
    return f"message {first}" if first == last else f"messages {first}–{last}"


def _reply(request: Request) -> str:
    asked = request.messages[-1]
    words = " ".join(asked.text.split())
    quoted = words if len(words) <= _QUOTED else f"{words[: _QUOTED - 1].rsplit(' ', 1)[0]} …"
    seen = _messages(request.messages[0].number, asked.number)
    if request.summary:
        seen = f"a summary of {_messages(request.summary.first, request.summary.last)}, and {seen} in full"
    return (
        f"I am offline: no model answers here, so all I can say is that your message {asked.number}, “{quoted}”, is"
        f" stored. A model would see {seen}. Set ANTHROPIC_API_KEY for a real reply."
    )
