"""The server of the control socket, by which other processes use the sessions of a state directory that this one owns.

It runs as long as its supervisor, on a store that has a directory. A client hurts only itself: what it asks is bounded
in size and in number, what it lets us wait for is bounded in time, and where more connect than there is room for,
those that keep us waiting longest go first.
"""

import logging
from contextlib import aclosing
from functools import partial
from pathlib import Path
from socket import socket
from typing import Final

import anyio
from anyio.abc import TaskGroup

from argentos.actors.control.operations import Needs, operation
from argentos.actors.control.owner import Owner, OwnerInfo
from argentos.actors.control.protocol import CANCEL, Answer, Done, Request, Taken, Value, failed, read_request
from argentos.actors.control.server_connection import ServerConnection
from argentos.actors.control.socket_file import NAME, SocketFile
from argentos.actors.control.socket_stream import SocketStream, accept
from argentos.actors.core.registry import Registry
from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.pairing.desk import Pairings
from argentos.actors.sessions.local_session import LocalSession
from argentos.concurrency.background import keep_running
from argentos.concurrency.foreign_code import described, in_log, passes
from argentos.concurrency.forks import close_in_children, keep_in_children
from argentos.errors import ArgentError, InputError, SessionError, StoreBusyError
from argentos.inputs import as_id
from argentos.storage import SessionKey

__all__ = ["ControlServer"]

_log: Final = logging.getLogger(__name__)

_CONNECTIONS: Final = 64
_REQUESTS: Final = 2000  # at a time, on a connection
_RETRY: Final = 0.1  # seconds
_LONGEST_END: Final = 2.0  # seconds for the last answers when the supervisor ends


class ControlServer:
    """The control socket of one supervisor.

    Args:
        supervisor: runs the sessions.
        registry: the supervisor's sessions.
        pairings: the supervisor's.
        agent: the default one of those whose sessions it runs. Those of others can be looked at and deleted.
        takes_messages: whether they may be sent messages: not where the supervisor runs for maintenance only.
    """

    def __init__(
        self,
        supervisor: SupervisorInterface,
        registry: Registry,
        pairings: Pairings,
        agent: str,
        *,
        takes_messages: bool,
    ) -> None:
        self._supervisor = supervisor
        self._registry = registry
        self._pairings = pairings
        self._agent = agent
        self._takes_messages = takes_messages
        self._connections: dict[ServerConnection, None] = {}  # the oldest first
        self._file: SocketFile | None = None
        self._quiet = anyio.Event()

    async def open(self, directory: Path, group: TaskGroup) -> None:
        """Serve in this directory, which the caller owns; where that cannot be, say so and go on without."""
        try:
            self._file = SocketFile(directory)  # not in a thread: cancelled, that would leave the socket behind
        except OSError as error:
            where = error.filename or directory / NAME
            _log.warning("other commands cannot reach this process: %s: %s", where, error.strerror)
            return
        self._scope = anyio.CancelScope()  # which needs a loop: a supervisor may be made before there is one
        group.start_soon(self._listen, self._file.socket, self._scope, name="argentos control")

    async def close(self) -> None:
        """Take no more requests, and let those that are being answered end, for a moment."""
        if self._file is None:
            return
        self._file.remove()
        self._file = None
        self._scope.cancel()
        for connection in self._connections:
            if not connection.calls:
                connection.scope.cancel()
        self._quiet = anyio.Event()
        try:
            with anyio.move_on_after(_LONGEST_END, shield=True):
                if self._connections:
                    await self._quiet.wait()
        finally:
            for connection in self._connections:  # a client that does not read is not waited for
                connection.stream.close()

    async def _listen(self, listening: socket, scope: anyio.CancelScope) -> None:
        async with anyio.create_task_group() as group:
            with listening, scope:
                await keep_running("the control socket", partial(self._admit_all, listening, group))

    async def _admit_all(self, listening: socket, group: TaskGroup) -> None:
        was_told = False
        while True:
            try:
                stream = await accept(listening)
                was_told = False
            except OSError as error:  # as when the process has no descriptor left
                if not was_told:
                    _log.warning("a command could not be let in: %s", error)
                was_told = True
                await anyio.sleep(_RETRY)
                continue
            try:
                self._admit(stream, group)
            except BaseException:  # whatever it is, the connection is not left open
                stream.close()
                raise

    def _admit(self, stream: SocketStream, group: TaskGroup) -> None:
        is_full = len(self._connections) >= _CONNECTIONS
        if is_full:
            slowest = next((each for each in self._connections if each.is_waiting), None)
            if slowest is not None:
                slowest.scope.cancel()
                del self._connections[slowest]
                is_full = False
        connection = ServerConnection(stream)
        close_in_children(connection.close_in_child)
        if self._file is None:  # it was accepted just before the end
            connection.scope.cancel()
        self._connections[connection] = None
        group.start_soon(self._serve, connection, is_full, name="argentos control")

    async def _serve(self, connection: ServerConnection, is_full: bool) -> None:  # noqa: FBT001 - for `start_soon`
        try:
            with connection.scope:
                if is_full:
                    await connection.send(failed(_too_many("processes")))
                else:
                    await self._converse(connection)
        except BaseException as error:  # one client must not end the supervisor
            if passes(error):
                raise
            _log.error("a command was not answered; the others are: %s", in_log(error), exc_info=error)
        finally:
            self._connections.pop(connection, None)
            if not self._connections:
                self._quiet.set()
            keep_in_children(connection.close_in_child)
            connection.stream.close()

    async def _converse(self, connection: ServerConnection) -> None:
        """Work at the requests of a client until it hangs up, or sends what is none."""
        async with anyio.create_task_group() as group:
            group.start_soon(connection.keep_alive)
            try:
                while (line := await connection.receive()) is not None:
                    request = read_request(line)
                    if request.request == CANCEL:
                        connection.cancel(request.id)
                    else:
                        await self._take(connection, request, group)
            except ArgentError as error:
                await connection.send(failed(error))
            group.cancel_scope.cancel()

    async def _take(self, connection: ServerConnection, request: Request, group: TaskGroup) -> None:
        if request.id in connection.calls:
            raise InputError(f"the request {request.id} is being worked at already; give each an id of its own")
        if len(connection.calls) >= _REQUESTS:
            await connection.send(failed(_too_many("requests"), request.id))
            return
        call = connection.call(request.id)
        group.start_soon(self._answer, connection, request, call, name=f"argentos {request.request!a:.30}")

    async def _answer(self, connection: ServerConnection, request: Request, call: anyio.CancelScope) -> None:
        """Send all answers, the last of which is that the request was answered in full, or why not."""
        try:
            with call:
                await connection.send(Taken(id=request.id))
                await connection.send(await self._work(connection, request))
        finally:
            connection.end(request.id)
            if self._file is None and not connection.calls:  # the end has come meanwhile
                connection.scope.cancel()

    async def _work(self, connection: ServerConnection, request: Request) -> Answer:
        """Send the values of the answer; gives what is to be sent as the last."""
        try:
            await self._send_values(connection, request)
        except ArgentError as error:
            return failed(error, request.id)
        except BaseException as error:  # whatever it is, the client is told
            if passes(error):
                raise
            _log.error("a command failed: %s", in_log(error), exc_info=error)
            return failed(ArgentError(f"the owner of the state directory failed: {described(error)}"), request.id)
        return Done(id=request.id)

    async def _send_values(self, connection: ServerConnection, request: Request) -> None:
        row = operation(request.request)
        agent = as_id(request.agent, "the agent's name")
        target: Owner | LocalSession
        if row.of is Owner:
            target = Owner(self._supervisor, self._registry, self._pairings, info=self._info(), agent=agent)
        else:
            target = LocalSession(self._registry, SessionKey(agent, as_id(request.session, "the session id")))
        self._check(row.needs, agent)
        with anyio.move_on_after(row.limit) as scope:
            async with aclosing(row.call(target, row.read(request.arguments))) as values:
                async for value in values:
                    await connection.send(Value(id=request.id, value=value))
        if scope.cancelled_caught:
            raise SessionError(f"it took longer than {row.limit:.0f} s; what was begun goes on")

    def _info(self) -> OwnerInfo:
        owned = self._registry.runtime.store.owned_directory
        directory = str(owned.absolute()) if owned else ""
        return OwnerInfo(self._agent, tuple(self._registry.runtimes), self._takes_messages, directory)

    def _check(self, needs: Needs, agent: str) -> None:
        if needs is not Needs.DIRECTORY and agent not in self._registry.runtimes:
            running = ", ".join(repr(each) for each in self._registry.runtimes)
            raise SessionError(
                f"the process that owns the state directory runs {running}, and not {agent!r}, whose sessions can be"
                " looked at and deleted only; have it run that agent, or stop it first"
            )
        if needs is Needs.MESSAGES and not self._takes_messages:
            raise StoreBusyError("the process that owns the state directory takes no messages; try again in a moment")


def _too_many(what: str) -> StoreBusyError:
    return StoreBusyError(f"too many {what} are at work here; try again later")
