"""Events as server-sent events, from the place where a client left off."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from argentos.actors import Subscription
from argentos.errors import InputError
from argentos.gateway.api.call import AgentParameters, Call, SessionParameters
from argentos.gateway.api.streams.event_stream import EventStream, Tell, frame
from argentos.gateway.api.streams.following import Wanted, follow
from argentos.gateway.api.streams.lines import Line, TellLines

__all__ = ["EventsParameters", "follow_for", "stream_events", "subscribed", "wanted_by"]

_BEHIND: Final = 2000  # events that a client may be behind before it misses some


class EventsParameters(AgentParameters, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A choice of events, and the place from where on.

    Attributes:
        agent: the only one whose sessions are told of.
        session: the id of the only session that is told of.
        deltas: also of the pieces of its replies, as they stream; only with `session`.
        records: of each record that becomes durable.
        infos: also how a session stands after it has changed, at most ten times in a second.
        snapshot: of all sessions, where the cursor has expired.
        after: the cursor of the last event that the client has; empty for all sessions as they stand, first.
    """

    session: str | None = None
    deltas: bool = False
    records: bool = True
    infos: bool = False
    snapshot: bool = True
    after: str | None = None


async def stream_events(call: Call, given: EventsParameters) -> EventStream:
    """The response that streams events; a client that connects again by itself says by `Last-Event-ID` what it has.

    Raises:
        InputError: pieces are asked for, and no session is named.
    """
    wanted = await wanted_by(call, given)
    after = call.request.headers.get("last-event-id", given.after)
    return EventStream(call.service, _opened(call, wanted, subscribed(call, given, after)))


@asynccontextmanager
async def _opened(
    call: Call, wanted: Wanted, subscription: AbstractAsyncContextManager[Subscription]
) -> AsyncGenerator[Callable[[Tell], Awaitable[None]]]:
    async with subscription as events:

        async def write(tell: Tell) -> None:
            async def tell_lines(lines: Sequence[Line]) -> None:
                await tell(b"".join([frame(each.kind, each.data, each.cursor) for each in lines]))

            await follow_for(call, wanted, events, tell_lines)

        yield write


async def follow_for(call: Call, wanted: Wanted, events: Subscription, tell: TellLines) -> None:
    """Tell the one who asks of all events until there are no more.

    Raises:
        ArgentError: the events end with it.
    """
    with call.service.lines.listening():
        await follow(events, tell, wanted, call.sessions, call.service.lines)


def subscribed(call: Call, given: EventsParameters, after: str | None) -> AbstractAsyncContextManager[Subscription]:
    """The subscription that a client asks for."""
    return call.sessions.events(_BEHIND, after=after, session=given.session, agent=given.agent)


async def wanted_by(call: Call, given: EventsParameters) -> Wanted:
    """The choice of a client.

    Raises:
        InputError: pieces are asked for, and no session is named.
    """
    pieces = None
    if given.deltas:
        if given.session is None:
            raise InputError("pieces are told of one session at a time; name it by `session`, or leave `deltas` out")
        pieces = await call.session(SessionParameters(session=given.session, agent=given.agent))
    sees_accounts = given.session is None and call.caller.owner is None
    accounts = call.service.statuses if sees_accounts else None
    return Wanted(records=given.records, infos=given.infos, snapshot=given.snapshot, pieces=pieces, accounts=accounts)
