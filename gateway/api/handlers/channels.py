"""Channels: accounts of ours on platforms, how they stand, and what is owed to them."""

from typing import Annotated

from msgspec import Meta, Struct

from argentos.actors import OwedMessage
from argentos.gateway.api.call import Body, Call, Id
from argentos.gateway.api.routes import PREFIX, Route
from argentos.gateway.channels.status import AccountStatus

__all__ = ["ROWS", "Channels", "Outbox"]


class Channels(Struct, frozen=True):
    """Accounts of ours on platforms, in the order of the settings."""

    accounts: tuple[AccountStatus, ...]


class Outbox(Struct, frozen=True):
    """Messages that are owed to a channel, and those that can never be delivered, the oldest first."""

    messages: tuple[OwedMessage, ...]


async def list_channels(call: Call) -> Channels:
    """Show how each account of ours on a platform stands."""
    call.caller.check_unbound()
    return Channels(call.service.statuses.now())


async def list_outbox(call: Call) -> Outbox:
    """List the messages that are owed to a channel, and those that can never be delivered."""
    return Outbox(await call.sessions.owed())


class Owed(Body, frozen=True, kw_only=True):
    """A message that is owed to a channel, or was given up.

    Attributes:
        session: the id of its session.
        agent: whose session; by default the default one's.
        number: of the message.
    """

    session: Id
    agent: str | None = None
    number: Annotated[int, Meta(ge=1, le=2**53)]


async def drop_message(call: Call, body: Owed) -> None:
    """Give up a message that is owed to a channel; the next one of its session follows."""
    await call.sessions.drop(body.session, body.number, agent=body.agent)


async def retry_delivery(call: Call, body: Owed) -> None:
    """Have a message owed to its channel again that could not be delivered, or was given up."""
    await call.sessions.retry_delivery(body.session, body.number, agent=body.agent)


ROWS = (
    Route("GET", f"{PREFIX}/channels", list_channels, scope="read"),
    Route("GET", f"{PREFIX}/outbox", list_outbox, scope="read"),
    Route("POST", f"{PREFIX}/outbox/drop", drop_message, scope="admin"),
    Route("POST", f"{PREFIX}/outbox/retry", retry_delivery, scope="admin"),
)
