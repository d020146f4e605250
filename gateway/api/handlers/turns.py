"""Turns: answered by the reply, by its pieces, or without waiting, as clients ask; and attached to while they run."""

from collections.abc import Mapping
from typing import Final

from argentos.actors import Turn
from argentos.gateway.api.call import Call, SessionParameters
from argentos.gateway.api.routes import PREFIX, Route
from argentos.gateway.api.streams.event_stream import EventStream
from argentos.gateway.api.streams.turns import MessageAccepted, turn_stream
from argentos.storage import Message

__all__ = ["ROWS", "TURN_HEADERS", "TURN_STATUSES", "turn_answer"]

TURN_HEADERS: Final = ("Prefer",)
"""The headers by which a client says what it is answered with."""

TURN_STATUSES: Final[Mapping[type, int]] = {MessageAccepted: 202}
"""The statuses of what a turn is answered with."""


async def turn_answer(call: Call, turn: Turn) -> Message | MessageAccepted | EventStream:
    """The answer to who has begun a turn.

    With `Prefer: respond-async` that is only where it stands, with `Accept: text/event-stream` its pieces, else the
    reply.

    Raises:
        ArgentError: there is no reply.
    """
    headers = call.request.headers
    if "respond-async" in headers.get("prefer", "").lower():
        return MessageAccepted(turn.message_id, turn.number)
    if "text/event-stream" in headers.get("accept", "").lower():
        return turn_stream(call.service, turn)
    return await turn.reply()


async def attach_to_turn(call: Call, given: SessionParameters) -> EventStream | None:
    """Stream the turn that runs, from its beginning; 204 where none does."""
    turn = await (await call.session(given)).current_turn()
    return None if turn is None else turn_stream(call.service, turn)


ROWS = (Route("GET", f"{PREFIX}/sessions/{{session}}/turn", attach_to_turn, scope="read"),)
