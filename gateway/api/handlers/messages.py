"""Messages: sent, and read a page at a time."""

from typing import Annotated

from msgspec import Meta, Struct

from argentos.gateway.api.call import Call, SessionParameters
from argentos.gateway.api.routes import PREFIX, Route
from argentos.gateway.api.streams.event_stream import EventStream
from argentos.gateway.api.streams.turns import MessageAccepted, turn_stream
from argentos.storage import Address, Content, Message, Summary

__all__ = ["ROWS", "MessagePage", "MessageQuery", "NewMessage"]


class MessageQuery(SessionParameters, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A choice of messages.

    Attributes:
        before: those in front of the one of this number; by default the latest.
        limit: so many at most.
    """

    before: Annotated[int, Meta(ge=1)] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class MessagePage(Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of messages, the oldest of them first.

    Attributes:
        messages: those that have left the context, too.
        previous: the `before` of the page in front; None where there is none.
        summary: of the messages that the model sees no more.
    """

    messages: tuple[Message, ...]
    previous: int | None
    summary: Summary | None


class NewMessage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A message to a session.

    Attributes:
        content: a text, or content blocks.
        sender: a name to show.
        address: where it comes from; the reply carries it.
    """

    content: Content
    sender: str | None = None
    address: Address | None = None


async def read_messages(call: Call, given: MessageQuery) -> MessagePage:
    """Read messages, the latest page first."""
    session = await call.session(given.session, given.agent)
    messages = await session.history(full=True)
    end = len(messages) if given.before is None else given.before - 1
    shown = messages[max(0, end - given.limit) : max(0, end)]
    previous = shown[0].number if shown and shown[0].number > 1 else None
    return MessagePage(messages=shown, previous=previous, summary=await session.summary())


async def send_message(
    call: Call, given: SessionParameters, body: NewMessage
) -> Message | MessageAccepted | EventStream:
    """Send a message; `Accept: text/event-stream` streams the reply, `Prefer: respond-async` does not wait for it."""
    headers = call.request.headers
    session = await call.session(given.session, given.agent)
    turn = await session.send(
        body.content, message_id=headers.get("idempotency-key"), address=body.address, sender=body.sender
    )
    if "respond-async" in headers.get("prefer", "").lower():
        return MessageAccepted(turn.message_id, turn.number)
    if "text/event-stream" in headers.get("accept", "").lower():
        return turn_stream(call.service, turn)
    return await turn.reply()


ROWS = (
    Route("GET", f"{PREFIX}/sessions/{{session}}/messages", read_messages, scope="read"),
    Route(
        "POST",
        f"{PREFIX}/sessions/{{session}}/messages",
        send_message,
        scope="write",
        statuses={MessageAccepted: 202},
        waits=True,
    ),
)
