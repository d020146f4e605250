"""Messages: sent, and read a page at a time, with what became of the context between them."""

from typing import Annotated

from msgspec import Meta

from argentos.gateway.api.call import Body, Call, SessionParameters
from argentos.gateway.api.handlers.turns import TURN_HEADERS, TURN_STATUSES, turn_answer
from argentos.gateway.api.pages.history import MessagePage, page_of_messages
from argentos.gateway.api.routes import PREFIX, Route
from argentos.gateway.api.streams.event_stream import EventStream
from argentos.gateway.api.streams.turns import MessageAccepted
from argentos.storage import Address, Content, Message

__all__ = ["ROWS"]

_MESSAGES = f"{PREFIX}/sessions/{{session}}/messages"


class MessageQuery(SessionParameters, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A choice of messages.

    Attributes:
        before: those in front of the one of this number; by default the latest.
        limit: so many at most.
    """

    before: Annotated[int, Meta(ge=1, le=2**53)] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class NewMessage(Body, frozen=True, kw_only=True):
    """A message to a session.

    Attributes:
        content: a text, or content blocks in the form of the Messages API.
        sender: a name to show.
        address: where it comes from; the reply carries it.
    """

    content: Content
    sender: str | None = None
    address: Address | None = None


async def read_messages(call: Call, given: MessageQuery) -> MessagePage:
    """Read messages, the latest page first, those that have left the context too."""
    return await page_of_messages(await call.session(given), given.before, given.limit)


async def send_message(
    call: Call, given: SessionParameters, body: NewMessage
) -> Message | MessageAccepted | EventStream:
    """Send a message, whose id is the `Idempotency-Key`.

    The answer is the reply; with `Accept: text/event-stream` its pieces as they come; with `Prefer: respond-async` only
    where the message stands, once it is durable.
    """
    turn = await call.sessions.send(
        given.session,
        body.content,
        agent=given.agent,
        message_id=call.header("idempotency-key"),
        address=body.address,
        sender=body.sender,
    )
    return await turn_answer(call, turn)


ROWS = (
    Route("GET", _MESSAGES, read_messages, scope="read"),
    Route(
        "POST",
        _MESSAGES,
        send_message,
        scope="write",
        statuses=TURN_STATUSES,
        waits=True,
        headers=("Idempotency-Key", *TURN_HEADERS),
    ),
)
