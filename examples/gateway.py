"""A small gateway: each line that comes in over TCP is a message of a user.

    $ python examples/gateway.py STATE_DIR 7420 &
    $ nc localhost 7420
    {"user": "maren", "id": "m-1", "text": "Hello?"}
    {"id": "m-1:reply", "text": "…"}

SIGTERM ends it in order: turns that run have ten seconds to end, and what is left is answered when it runs again. A
client that lost its connection sends its message again with the same id, and gets the first outcome.
"""

import signal
import sys
from contextlib import suppress
from functools import partial

import anyio
import msgspec
from anyio.abc import SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from argentos import ArgentError, FileStore, Model, OfflineModel, Supervisor


class Incoming(msgspec.Struct):
    """A line of a client."""

    user: str
    id: str
    text: str


async def serve(supervisor: Supervisor, stream: SocketStream) -> None:
    """Answer a client, message after message, until it hangs up."""
    lines = BufferedByteReceiveStream(stream)
    async with stream:
        with suppress(anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError):
            while True:
                await stream.send(await answer(supervisor, await lines.receive_until(b"\n", 1 << 20)) + b"\n")


async def answer(supervisor: Supervisor, line: bytes) -> bytes:
    """The reply to a line, or what is wrong with it."""
    try:
        message = msgspec.json.decode(line, type=Incoming)
        session = supervisor.session(message.user)
        command = await session.command(message.text, by=message.user, message_id=message.id)  # as /new
        if command is None:
            turn = await session.send(message.text, message_id=message.id)
        elif (turn := command.turn) is None:
            return msgspec.json.encode({"id": message.id, "text": command.text})
        reply = await turn.reply()
    except (ArgentError, msgspec.MsgspecError) as error:
        return msgspec.json.encode({"error": str(error)})
    return msgspec.json.encode({"id": reply.id, "text": reply.text})


async def main(state_dir: str, port: int, model: Model | None = None, grace: float = 10.0) -> None:
    """Serve until a signal comes."""
    async with (
        Supervisor(FileStore(state_dir), model or OfflineModel(), grace=grace) as supervisor,
        await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port) as listener,
        anyio.create_task_group() as group,
    ):
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            group.start_soon(listener.serve, partial(serve, supervisor))
            print("serving", flush=True)
            await anext(signals)
            group.cancel_scope.cancel()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], int(sys.argv[2]))
