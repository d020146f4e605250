"""Turns as server-sent events: their pieces as they come, and the reply, or why there is none."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from msgspec import Struct

from argentos.actors import Turn
from argentos.gateway.api.service import Service
from argentos.gateway.api.streams.event_stream import EventStream, Tell, frame
from argentos.llm import (
    ApprovalWanted,
    CompactionFailed,
    ContextReset,
    Piece,
    Retrying,
    TextDelta,
    ThinkingDelta,
    ToolAnswer,
    ToolCall,
)

__all__ = ["PIECE_EVENTS", "Attempt", "MessageAccepted", "turn_stream"]

PIECE_EVENTS: Final[dict[type[Piece], str]] = {
    TextDelta: "text-delta",
    ThinkingDelta: "thinking-delta",
    ToolCall: "tool-call",
    ToolAnswer: "tool-answer",
    ApprovalWanted: "approval-wanted",
    Retrying: "retrying",
    ContextReset: "context-reset",
    CompactionFailed: "compaction-failed",
}
"""The names of the events, by the kinds of pieces."""


class MessageAccepted(Struct, frozen=True, rename="camel"):
    """A message that is durable, and that will be answered.

    Attributes:
        message_id: under which it can be sent again without being taken twice.
        number: of the message in its session.
    """

    message_id: str
    number: int


class Attempt(Struct, frozen=True):
    """A turn begins, or begins again: the pieces of an earlier attempt count no more.

    Attributes:
        attempt: 1, or more where it begins again.
    """

    attempt: int


def turn_stream(service: Service, turn: Turn) -> EventStream:
    """The response that streams a turn from its beginning."""
    return EventStream(service, _opened(turn))


@asynccontextmanager
async def _opened(turn: Turn) -> AsyncGenerator[Callable[[Tell], Awaitable[None]]]:
    async def write(tell: Tell) -> None:
        await tell(frame("accepted", MessageAccepted(turn.message_id, turn.number)))
        latest = 0
        async for attempt, pieces in turn.together():
            frames = [frame(PIECE_EVENTS[type(each)], each) for each in pieces]
            if attempt != latest:
                latest = attempt
                frames.insert(0, frame("attempt", Attempt(attempt)))
            await tell(b"".join(frames))
        await tell(frame("reply", await turn.reply()))

    yield write
