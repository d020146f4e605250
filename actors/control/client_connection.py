"""A connection to the owner: many calls at a time over one socket.

One task reads, one writes, and a call is a value that both know: so a caller may be cancelled at any moment, and what
is on its way is neither cut nor mixed up. Whatever ends the connection ends every call on it with an error.
"""

import itertools
import logging
import math
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream
from msgspec import structs

from argentos.actors.control import protocol
from argentos.actors.control.operations import Operation
from argentos.actors.control.protocol import Request
from argentos.actors.control.socket_stream import SocketStream
from argentos.concurrency.foreign_code import in_log, passes
from argentos.errors import ArgentError, OwnerGoneError, OwnerLostError, StoreBusyError, SupervisorStoppedError
from argentos.storage.disk.lock_holder import describe_holder

__all__ = ["Call", "ClientConnection", "owner_gone", "owner_silent"]

V = TypeVar("V")

_log: Final = logging.getLogger(__name__)


class Call(Generic[V]):
    """A request until it is answered in full.

    Args:
        operation: what is asked for.
        receive: is given each value of the answer; must neither raise nor take long.

    Attributes:
        begun: set when the owner has taken the request, or when the call is over.
        over: set when the call is over.
        was_taken: the owner has taken the request.
        error: why it was not answered in full.
        abandon: ends it if it is not over; what it has begun in the owner, such as a turn, goes on.
    """

    def __init__(self, operation: Operation[V], receive: Callable[[V], None]) -> None:
        self.begun: anyio.Event = anyio.Event()
        self.over: anyio.Event = anyio.Event()
        self.was_taken: bool = False
        self.error: ArgentError | None = None
        self.abandon: Callable[[], None] = _nothing
        self._operation = operation
        self._receive = receive

    def take(self, answer: protocol.Answer) -> None:
        """Take an answer of the owner.

        Raises:
            ArgentError: it cannot be read.
        """
        match answer:
            case protocol.Taken():
                self.was_taken = True
                self.begun.set()
            case protocol.Value():
                self._receive(self._operation.decode(answer.value))
            case protocol.Done():
                self.end()
            case protocol.Failed():
                self.end(protocol.error_of(answer))

    def end(self, error: ArgentError | None = None) -> None:
        """Take note that no more answers come."""
        self.error = error
        self.begun.set()
        self.over.set()


def _nothing() -> None:
    """Do nothing, for a call that was never made."""


class ClientConnection:
    """A connection, until the owner or this process ends it.

    Args:
        stream: to the owner.
        directory: the state directory.
        patience: seconds to wait for a sign of life from the owner.

    Attributes:
        is_over: nothing can be asked over it any more.
        was_used: the owner has answered something.
    """

    def __init__(self, stream: SocketStream, directory: Path, patience: float) -> None:
        self.is_over: bool = False
        self.was_used: bool = False
        self._stream = stream
        self._directory = directory
        self._patience = patience
        self._calls: dict[int, Call[Any]] = {}
        self._ids = itertools.count(1)
        self._outgoing, self._lines = anyio.create_memory_object_stream[bytes](math.inf)
        self._listening = anyio.CancelScope()  # its deadline is that of the next sign of life

    def submit(self, call: Call[Any], request: Request) -> None:
        """Send the request of a call.

        Raises:
            InputError: it is too long.
        """
        request_id = next(self._ids)
        line = protocol.encode(structs.replace(request, id=request_id))
        protocol.check_length(line)
        if self.is_over:
            call.end(owner_gone(self._directory))
            return
        call.abandon = partial(self._abandon, request_id)
        self._calls[request_id] = call
        if len(self._calls) == 1:
            self._expect_sign_of_life()
        self._outgoing.send_nowait(line)

    def _abandon(self, request_id: int) -> None:
        call = self._calls.pop(request_id, None)
        if call is not None and not self.is_over:
            self._outgoing.send_nowait(protocol.encode(Request(id=request_id, request=protocol.CANCEL, agent="")))

    async def run(self) -> None:
        """Keep it up until the owner ends it, or this is cancelled; then no call is left."""
        error_for: Callable[[Call[Any]], ArgentError] = self._closed
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._write, name="argentos client writer")
                error_for = await self._read()
                group.cancel_scope.cancel()
        except BaseException as error:  # it must not end the host
            if passes(error):
                raise
            _log.error("the connection to the owner of %s failed: %s", self._directory, in_log(error), exc_info=error)
        finally:
            self.is_over = True
            self._outgoing.close()
            self._lines.close()
            calls, self._calls = self._calls, {}
            for call in calls.values():
                call.end(error_for(call))
            self._stream.close()

    async def _write(self) -> None:
        with suppress(anyio.BrokenResourceError):  # the owner hung up; it may have said why
            async for line in self._lines:
                with anyio.move_on_after(self._patience) as scope:
                    await self._stream.send(line)
                if scope.cancelled_caught:
                    self._listening.cancel()

    async def _read(self) -> Callable[[Call[Any]], ArgentError]:
        """Pass the answers on until the end of the connection; gives what makes an error of it for each call."""
        buffered = BufferedByteReceiveStream(self._stream)
        with self._listening:
            try:
                while True:
                    self._take(await buffered.receive_until(b"\n", protocol.LONGEST_ANSWER))
            except (anyio.IncompleteRead, anyio.BrokenResourceError):
                return self._lost
            except ArgentError as error:
                return partial(_copy, error)
        return lambda _: owner_silent(self._directory)

    def _take(self, line: bytes) -> None:
        """Pass an answer on to its call.

        Raises:
            ArgentError: it cannot be read, or is for all calls: the connection is over.
        """
        self.was_used = True
        self._expect_sign_of_life()
        if not line:
            return
        answer = protocol.read_answer(line)
        if answer.id == 0 and isinstance(answer, protocol.Failed):
            raise protocol.error_of(answer)
        call = self._calls.get(answer.id)
        if call is None:  # it was abandoned
            return
        if isinstance(answer, protocol.Done | protocol.Failed):
            del self._calls[answer.id]
            if not self._calls:
                self._listening.deadline = math.inf
        call.take(answer)

    def _expect_sign_of_life(self) -> None:
        self._listening.deadline = anyio.current_time() + self._patience if self._calls else math.inf

    def _lost(self, call: Call[Any]) -> ArgentError:
        return owner_lost(self._directory) if call.was_taken else owner_gone(self._directory)

    def _closed(self, _: Call[Any]) -> ArgentError:
        return SupervisorStoppedError(
            f"the connection to the owner of {self._directory} was closed here; what was begun goes on there, and a"
            " message that is sent again with its id gets its reply"
        )


def _copy(error: ArgentError, _: Call[Any]) -> ArgentError:
    return error.copy()


def owner_gone(directory: Path) -> OwnerGoneError:
    """Make the error for a request that no owner has taken."""
    return OwnerGoneError(f"no process owns the state directory {directory} now; try again")


def owner_lost(directory: Path) -> OwnerLostError:
    """Make the error for a request that an owner has taken that then hung up."""
    return OwnerLostError(
        f"the process that owns {directory} hung up before it had answered, so what was asked may have been done; look"
        " before you ask again, or send the message again with its id"
    )


def owner_silent(directory: Path) -> StoreBusyError:
    """Make the error for an owner that gives no sign of life."""
    owner = describe_holder(directory / "lock")
    return StoreBusyError(
        f"the state directory {directory} is in use by {owner}, which does not answer; stop it, or use another"
        " --state-dir"
    )
