"""A model for when there is none."""

import re
from collections.abc import AsyncGenerator
from typing import Final

import anyio.lowlevel

from argentos.llm.model import Reply, Request

__all__ = ["OfflineModel"]

_QUOTED: Final = 80  # characters


class OfflineModel:
    """Answers without any model, always the same to the same, and says so.

    For trying things out without a key. Its tokens are the locally counted ones, exactly.
    """

    name = "offline"
    token_ratio = 1.0
    can_summarise = False

    async def stream(self, request: Request) -> AsyncGenerator[str | Reply, None]:
        """See `Model.stream`."""
        text = _reply(request)
        for piece in re.findall(r"\S+\s*", text):
            await anyio.lowlevel.checkpoint()
            yield piece
        yield Reply(text, sender="offline")


def _reply(request: Request) -> str:
    asked = [message for message in request.messages if message.role == "user"]
    words = " ".join(asked[-1].text.split()) if asked else ""
    quoted = words if len(words) <= _QUOTED else f"{words[: _QUOTED - 1].rsplit(' ', 1)[0]} …"
    number = asked[-1].number if asked else 0
    known = f"{len(request.messages)} messages of this conversation are before me"
    if request.summary:
        known += f", and a summary of messages {request.summary.first}–{request.summary.last}"
    return (
        f"I am offline: no model answers here, so all I can say is that your message {number}, “{quoted}”, is"
        f" stored. {known}. Set ANTHROPIC_API_KEY for a real reply."
    )
