"""Events as server-sent events, from the place where a client left off."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from argentos.actors import Session, Subscription
from argentos.errors import InputError
from argentos.gateway.api.call import AgentParameters, Call
from argentos.gateway.api.streams.event_stream import EventStream, Tell, frame
from argentos.gateway.api.streams.following import follow
from argentos.gateway.api.streams.told import Told

__all__ = ["EventsParameters", "followed_session", "stream_events", "subscribed"]

_BEHIND: Final = 1000  # events that a client may be behind before it misses some


class EventsParameters(AgentParameters, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A choice of events, and the place from where on.

    Attributes:
        agent: the only one whose sessions are told of.
        session: the id of the only session that is told of.
        deltas: also of the pieces of its replies, as they stream; only with `session`.
        after: the cursor of the last event that the client has; empty for all sessions as they stand, first.
    """

    session: str | None = None
    deltas: bool = False
    after: str | None = None


async def stream_events(call: Call, given: EventsParameters) -> EventStream:
    """The response that streams events; a client that connects again by itself says by `Last-Event-ID` what it has.

    Raises:
        InputError: pieces are asked for, and no session is named.
    """
    session = await followed_session(call, given)
    after = call.request.headers.get("last-event-id", given.after)
    return EventStream(call.service, _opened(subscribed(call, given, after), session))


@asynccontextmanager
async def _opened(
    subscription: AbstractAsyncContextManager[Subscription], session: Session | None
) -> AsyncGenerator[Callable[[Tell], Awaitable[None]]]:
    async with subscription as events:

        async def write(tell: Tell) -> None:
            async def tell_of(told: Told) -> None:
                await tell(frame(type(told).__name__, told, told.cursor))

            await follow(events, tell_of, session)

        yield write


def subscribed(call: Call, given: EventsParameters, after: str | None) -> AbstractAsyncContextManager[Subscription]:
    """The subscription that a client asks for."""
    return call.sessions.events(_BEHIND, after=after, session=given.session, agent=given.agent)


async def followed_session(call: Call, given: EventsParameters) -> Session | None:
    """The session whose pieces are told of, too; None where none is asked for.

    Raises:
        InputError: it is not named.
    """
    if not given.deltas:
        return None
    if given.session is None:
        raise InputError("pieces are told of one session at a time; name it by `session`, or leave `deltas` out")
    return await call.session(given.session, given.agent)
