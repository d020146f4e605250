"""A gateway on the web: Starlette on uvicorn, with replies and events that stream.

    $ pip install starlette uvicorn
    $ python examples/web.py STATE_DIR 8000 &
    $ curl -N localhost:8000/events &
    $ curl -d 'Hello?' -H 'message-id: m-1' localhost:8000/sessions/maren

SIGTERM ends it in order. A server waits for its connections before it tells its application of the end, so the
supervisor is told first: it ends the streams of events, takes no more messages, and lets turns that run end.
"""

import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import anyio
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from argentos import ArgentError, CursorExpired, Event, FileStore, Model, OfflineModel, RecordAppended, Supervisor, Turn


class Server(uvicorn.Server):
    """A server that has its supervisor drain before it waits for its connections to end."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        supervisor: Supervisor = self.lifespan.state["supervisor"]
        await supervisor.drain()
        await super().shutdown(sockets)


async def ask(request: Request) -> Response:
    """The reply to a message, as it streams."""
    supervisor: Supervisor = request.state.supervisor
    try:
        session = supervisor.session(request.path_params["id"])
        text, message_id = (await request.body()).decode(errors="replace"), request.headers.get("message-id")
        turn = await session.send(text, message_id=message_id)
    except ArgentError as error:
        if error.is_transient:  # as where the supervisor drains, or too many messages wait
            return PlainTextResponse(str(error), 503, {"retry-after": "5"})
        return PlainTextResponse(str(error), 400)
    return StreamingResponse(pieces(turn), media_type="text/plain")


async def pieces(turn: Turn) -> AsyncIterator[str]:
    """The text of a reply and, where the turn fails, why."""
    try:
        async for text in turn.text():
            yield text
    except ArgentError as error:
        yield f"\n({error})\n"


async def events(request: Request) -> Response:
    """Everything that happens, behind the event that the client had last."""
    supervisor: Supervisor = request.state.supervisor
    after = request.headers.get("last-event-id", "")

    async def stream() -> AsyncIterator[bytes]:
        async with supervisor.events(after=after) as subscription:
            async for event in subscription:
                yield b"id: %s\nevent: %s\ndata: %s\n\n" % (
                    event.cursor.encode(),
                    type(event).__name__.encode(),
                    msgspec.json.encode(told(event)),
                )

    return StreamingResponse(stream(), media_type="text/event-stream")


def told(event: Event) -> object:
    """What the client is told of an event."""
    match event:
        case RecordAppended(session=session, record=record):
            return {"session": session.id, "record": type(record).__name__, "sequence": record.sequence}
        case CursorExpired(sessions=sessions):
            return sessions
        case _:
            return {}


def application(state_dir: str, model: Model) -> Starlette:
    """The application; its supervisor is open as long as it runs."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[dict[str, Supervisor]]:
        async with Supervisor(FileStore(state_dir), model) as supervisor:
            yield {"supervisor": supervisor}

    routes = [Route("/sessions/{id}", ask, methods=["POST"]), Route("/events", events)]
    return Starlette(routes=routes, lifespan=lifespan)


async def main(state_dir: str, port: int, model: Model | None = None) -> None:
    """Serve until a signal comes."""
    app = application(state_dir, model or OfflineModel())
    await Server(uvicorn.Config(app, port=port, log_level="warning")).serve()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], int(sys.argv[2]))
