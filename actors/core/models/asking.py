"""Requests to models: each runs behind the bulkhead, and is heard out piece by piece."""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeAlias

from anyio.lowlevel import checkpoint
from msgspec import structs

from argentos.actors.core.runtime import Runtime
from argentos.llm import (
    Emitted,
    Model,
    Piece,
    Reply,
    Request,
    UsageSoFar,
    as_awaitable,
    as_emitted,
    as_reply,
    assemble,
    check_size,
    is_near,
    measured,
)
from argentos.storage import Message, Snapshot, Usage

__all__ = ["Charging", "Holding", "Listener", "ask", "measure", "request_of"]

Holding: TypeAlias = Callable[[Callable[[], object]], None]
"""A taker of how what is done elsewhere is cancelled, for callers that cancel it together with themselves."""

Charging: TypeAlias = Callable[[Usage | None], None]
"""A taker of what an answer has cost that no record of the conversation tells of."""

_PuttingBack: TypeAlias = Callable[[tuple[Message, ...]], Awaitable[tuple[Message, ...]]]

_REST: Final = 0.01  # seconds in which a model may speak without a pause


class Listener:
    """Hears a model out.

    Attributes:
        is_over: what it says is not heard any more.
        usage: of what it has said, as far as it told, if that is cut off.
    """

    def __init__(self) -> None:
        self.is_over = False
        self.usage: Usage | None = None

    def hear(self, piece: Piece) -> None:
        """A piece has come."""


async def ask(
    runtime: Runtime,
    model: Model,
    snapshot: Snapshot,
    request: Callable[[], Request],
    listener: Listener,
    *,
    charge: Charging,
    hold: Holding | None,
) -> Reply:
    """The reply of a model.

    Args:
        runtime: of the agent.
        model: the one that talks, or the one that summarises.
        snapshot: of the session.
        request: makes the request, where the model runs.
        listener: is told the pieces.
        charge: is told what a reply has cost that is cut off.
        hold: is told how to cancel it.

    Raises:
        ModelError: it gave none.
    """
    put_back = partial(runtime.attachments.put_back, snapshot.metadata.key)
    runtime.spending.check(snapshot.metadata, runtime.clock.now())
    close = is_near(runtime.gauge, snapshot.metadata)
    name = runtime.gauge.model if model is runtime.model else str(getattr(model, "name", type(model).__name__))
    answering = partial(_answer, model, name, request, listener, put_back, is_close=close)
    listener.usage = None
    try:
        reply = await runtime.bulkhead.run(answering, f"the model of session {snapshot.metadata.key}", hold)
    except BaseException:  # a cancellation, too
        runtime.spending.note(listener.usage, runtime.clock.now())
        charge(listener.usage)
        raise
    runtime.spending.note(reply.usage, runtime.clock.now())
    return reply


def request_of(runtime: Runtime, snapshot: Snapshot) -> Request:
    """The request by which the model is asked for the reply to the turn that is open in the snapshot."""
    return assemble(
        snapshot,
        system=snapshot.metadata.system or runtime.system,
        window=runtime.gauge.window,
        tools=runtime.tools.definitions,
    )


async def measure(runtime: Runtime, snapshot: Snapshot, hold: Holding | None) -> int | None:
    """The tokens of a session's context as its model counts them, without what waits; None where it cannot tell."""
    metadata, put_back = snapshot.metadata, runtime.attachments.put_back

    async def count() -> int | None:
        request = await _whole(request_of(runtime, snapshot), partial(put_back, metadata.key))
        return await measured(runtime.model, request)

    return await runtime.bulkhead.run(count, f"the model of session {metadata.key}", hold)


async def _answer(
    model: Model,
    name: str,
    ask: Callable[[], Request],
    listener: Listener,
    put_back: _PuttingBack,
    *,
    is_close: bool,
) -> Reply:
    request = await _whole(ask(), put_back)
    if is_close and not request.instruction:
        await check_size(model, request)
    method: Any = (request.instruction and getattr(model, "summarise", None)) or model.reply
    return as_reply(await as_awaitable(method(request, _Emission(listener, name)), name), name)


async def _whole(request: Request, put_back: _PuttingBack) -> Request:
    """The request with the bytes to which its messages refer."""
    messages = await put_back(request.messages)
    return request if messages is request.messages else structs.replace(request, messages=messages)


class _Emission:
    """An emitter that hands a model's pieces to a listener."""

    def __init__(self, listener: Listener, model: str) -> None:
        self._listener = listener
        self._model = model
        self._rested_at = time.perf_counter()

    async def __call__(self, piece: Emitted | str, /) -> None:
        """See `Emit`."""
        emitted = as_emitted(piece, self._model)
        if isinstance(emitted, UsageSoFar):
            self._listener.usage = structs.replace(emitted.usage, is_estimate=True)
        else:
            self._listener.hear(emitted)
        if time.perf_counter() - self._rested_at > _REST:  # of one that never waits between its pieces
            await checkpoint()
            self._rested_at = time.perf_counter()
