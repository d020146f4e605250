"""Events: everything that becomes durable, as it happens."""

from argentos.gateway.api.call import Call
from argentos.gateway.api.routes import PREFIX, Route
from argentos.gateway.api.streams.event_stream import EventStream
from argentos.gateway.api.streams.events import EventsParameters, stream_events
from argentos.gateway.api.streams.sockets import talk_of_events

__all__ = ["ROWS"]


async def follow_events(call: Call, given: EventsParameters) -> EventStream:
    """Stream events as they happen, over WebSocket too, from the place where a client left off."""
    return await stream_events(call, given)


ROWS = (
    Route("GET", f"{PREFIX}/events", follow_events, scope="read", socket=talk_of_events, headers=("Last-Event-ID",)),
)
