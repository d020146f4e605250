"""Calls to the process that owns a state directory, over a connection that is made when it is needed."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import anyio
import anyio.abc
from anyio.lowlevel import checkpoint
from msgspec import structs

from argentos.actors.control.client_connection import Call, ClientConnection, owner_gone, owner_silent
from argentos.actors.control.operations import Accepted, Operation, Replied, Streamed, TurnValue
from argentos.actors.control.owner import Subscribed, SubscriptionValue
from argentos.actors.control.protocol import Request
from argentos.actors.control.socket_file import connect
from argentos.actors.control.socket_stream import SocketStream
from argentos.actors.core.turn_progress import TurnProgress
from argentos.actors.events import CursorExpired, EventBuffer, Subscription
from argentos.actors.info import SessionInfo
from argentos.concurrency.closing import close_stack
from argentos.errors import ArgentError, OwnerGoneError, SupervisorStoppedError
from argentos.storage import SessionKey

__all__ = ["Client"]

V = TypeVar("V")
T = TypeVar("T")
C = TypeVar("C", bound=Call[Any])

_RETRY: Final = 0.02  # seconds


class Client:
    """A client of the owner, as an async context manager.

    Every method may raise `OwnerGoneError` if nobody owns the directory, so that nothing was done, `StoreBusyError` if
    its owner does not answer, `OwnerLostError` if it hung up while it was being asked, and what the owner raised.

    Args:
        directory: the state directory.
        patience: seconds to wait for a sign of life from the owner.
    """

    def __init__(self, directory: Path, patience: float) -> None:
        self._directory = directory
        self._patience = patience
        self._connection: ClientConnection | None = None
        self._connecting = anyio.Lock()
        self._stack = AsyncExitStack()
        self._group: anyio.abc.TaskGroup | None = None

    async def one(self, operation: Operation[V], key: SessionKey, **arguments: object) -> V:
        """Call an operation that answers with one value."""
        values = await self.values(operation, key, **arguments)
        if len(values) != 1:
            raise ArgentError(f"the owner of the state directory gave {len(values)} answers to {operation.name!a}")
        return values[0]

    async def many(self, operation: Operation[tuple[T, ...]], key: SessionKey, **arguments: object) -> tuple[T, ...]:
        """Call an operation that answers with a list in pages."""
        items: list[T] = []
        await self.each(operation, key, items.extend, **arguments)
        return tuple(items)

    async def values(self, operation: Operation[V], key: SessionKey, **arguments: object) -> list[V]:
        """Call an operation, and wait for all values of the answer."""
        values: list[V] = []
        await self.each(operation, key, values.append, **arguments)
        return values

    async def each(
        self, operation: Operation[V], key: SessionKey, receive: Callable[[V], None], **arguments: object
    ) -> None:
        """Call an operation, and have each value of the answer received as it comes, until the last."""
        call = await self._begin(partial(Call[V], operation, receive), operation, key, arguments)
        await _wait(call, call.over)
        if call.error is not None:
            raise call.error

    async def turn(self, operation: Operation[TurnValue], key: SessionKey, **arguments: object) -> TurnProgress:
        """Call an operation that gives a turn; returns when the message is durable."""
        call = await self._begin(partial(_TurnCall, operation), operation, key, arguments)
        await _wait(call, call.followed)
        if call.turn is None:
            raise call.error or ArgentError("the owner of the state directory told nothing of a turn")
        return call.turn

    async def attach(
        self, operation: Operation[TurnValue], key: SessionKey, **arguments: object
    ) -> TurnProgress | None:
        """Call an operation that gives a turn, or none."""
        call = await self._begin(partial(_TurnCall, operation), operation, key, arguments)
        await _wait(call, call.followed)
        if call.error is not None and call.turn is None:
            raise call.error
        return call.turn

    @asynccontextmanager
    async def subscription(
        self,
        operation: Operation[SubscriptionValue],
        key: SessionKey,
        limit: int,
        **arguments: object,
    ) -> AsyncGenerator[Subscription]:
        """Call an operation that gives events; it ends with the context."""
        call = await self._begin(
            partial(_SubscriptionCall, operation, limit), operation, key, {"limit": limit, **arguments}
        )
        try:
            await call.subscribed.wait()
            if call.buffer is None:
                raise call.error or ArgentError("the owner of the state directory gave no events")
            yield Subscription(call.buffer)
        finally:
            call.abandon()
            if not call.over.is_set():
                call.end()

    async def _begin(
        self, new_call: Callable[[], C], operation: Operation[Any], key: SessionKey, arguments: dict[str, object]
    ) -> C:
        """Have the owner take a request; a connection that turns out to be lost before that is replaced."""
        request = Request(
            request=operation.name, agent=key.agent, session=key.id, arguments=operation.encode(arguments)
        )
        while True:
            connection = await self._connected()
            was_used = connection.was_used
            call = new_call()
            connection.submit(call, request)
            await _wait(call, call.begun)
            if not (was_used and isinstance(call.error, OwnerGoneError)):
                return call

    async def _connected(self) -> ClientConnection:
        async with self._connecting:
            if self._group is None:
                raise SupervisorStoppedError("the connection to the owner is not open; use it inside `async with`")
            if self._connection is None or self._connection.is_over:
                self._connection = ClientConnection(await self._connect(), self._directory, self._patience)
                self._group.start_soon(self._connection.run, name="argentos client")
            return self._connection

    async def _connect(self) -> SocketStream:
        deadline = anyio.current_time() + self._patience
        while True:
            try:
                return SocketStream(connect(self._directory))
            except BlockingIOError:  # a crowd is before the door
                if anyio.current_time() > deadline:
                    raise owner_silent(self._directory) from None
                await anyio.sleep(_RETRY)
            except OSError as error:
                raise owner_gone(self._directory) from error

    async def __aenter__(self) -> Self:
        await checkpoint()
        if self._group is not None:
            raise SupervisorStoppedError("the connection to the owner is open already; make another")
        self._group = await self._stack.enter_async_context(anyio.create_task_group())
        return self

    async def __aexit__(self, _: object, error: BaseException | None, *__: object) -> None:
        """End what waits for the owner; what was begun goes on there."""
        assert self._group is not None  # noqa: S101 - it was entered
        self._group.cancel_scope.cancel()
        self._group = self._connection = None
        await close_stack(self._stack, error)


async def _wait(call: Call[Any], event: anyio.Event) -> None:
    try:
        await event.wait()
    except BaseException:  # cancelled
        call.abandon()
        raise


class _TurnCall(Call[TurnValue]):
    """A call that follows a turn.

    Attributes:
        turn: once the message is durable.
        followed: set when there is the turn, or when the call is over.
    """

    def __init__(self, operation: Operation[TurnValue]) -> None:
        super().__init__(operation, self._follow)
        self.turn: TurnProgress | None = None
        self.followed = anyio.Event()
        self._is_replied = False

    def _follow(self, value: TurnValue) -> None:
        if self.turn is None:
            self.turn = TurnProgress(value.number, value.message_id) if isinstance(value, Accepted) else None
            self.followed.set()
        elif isinstance(value, Streamed):
            if value.attempt != self.turn.attempt:
                self.turn.begin(value.attempt)
            self.turn.push(value.piece)
        elif isinstance(value, Replied):
            self._is_replied = True
            self.turn.finish(value.message)

    def end(self, error: ArgentError | None = None) -> None:
        """Take note that no more answers come."""
        super().end(error)
        self.followed.set()
        if self.turn is not None and not self._is_replied:
            self.turn.fail(error or ArgentError("the owner of the state directory told nothing of the reply"))


class _SubscriptionCall(Call[SubscriptionValue]):
    """A call that passes events on.

    Attributes:
        buffer: once it has begun.
        subscribed: set when it has begun, or when the call is over.
    """

    def __init__(self, operation: Operation[SubscriptionValue], limit: int) -> None:
        super().__init__(operation, self._pass_on)
        self.buffer: EventBuffer | None = None
        self.subscribed = anyio.Event()
        self._limit = limit
        self._found = list[SessionInfo]()

    def _pass_on(self, value: SubscriptionValue) -> None:
        if isinstance(value, tuple):
            self._found += value
        elif isinstance(value, Subscribed):
            self.buffer = EventBuffer(self._limit + value.behind, cursor=value.cursor)
            self.subscribed.set()
        elif self.buffer is not None:
            if isinstance(value, CursorExpired):
                value, self._found = structs.replace(value, sessions=tuple(self._found)), list[SessionInfo]()
            self.buffer.pass_on(value)

    def end(self, error: ArgentError | None = None) -> None:
        """Take note that no more answers come."""
        super().end(error)
        self.subscribed.set()
        if self.buffer is not None:
            self.buffer.end(error)
