"""The control socket: how other processes use the sessions of a state directory that this one owns.

It is served by the supervisor, as long as it runs on a store that has a directory. The language is
`argentos.actors.control.protocol`. A client hurts only itself: what it asks is bounded in size, what it lets us wait
for is bounded in time, and where more connect than there is room for, those that keep us waiting longest go first.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from typing import Final, Never

import anyio
import anyio.to_thread
from anyio.abc import SocketAttribute, SocketListener, SocketStream, TaskGroup
from anyio.streams.buffered import BufferedByteReceiveStream

from argentos.actors.control import protocol
from argentos.actors.control.socket_file import NAME, SocketFile
from argentos.actors.control.transcript_file import take_over
from argentos.actors.core import commands
from argentos.actors.core.registry import Registry
from argentos.actors.session import Session
from argentos.actors.validation import as_focus
from argentos.concurrency.background import stand
from argentos.concurrency.foreign_code import described, passes
from argentos.concurrency.forks import close_in_children, close_inherited, keep_in_children
from argentos.errors import ArgentError, InputError, SessionError, StoreBusyError
from argentos.inputs import as_id
from argentos.storage import Message, SessionKey, Snapshot

__all__ = ["Control"]

_log: Final = logging.getLogger(__name__)

_CONNECTIONS: Final = 64
_PATIENCE: Final = 10.0  # seconds, with a client that sends or reads too slowly
_HEARTBEAT: Final = 2.0  # seconds
_RETRY: Final = 0.1  # seconds
_LONGEST_WORK: Final = 3600.0  # seconds for one request: a reply may wait for other turns
_LONGEST_END: Final = 2.0  # seconds for the last answers when the supervisor ends
_PAGE_SESSIONS: Final = 500
_PAGE_CHARACTERS: Final = 256 * 1024
_MARKS: Final = 256  # characters that a message takes besides its text


class Control:
    """Serves the control socket of one supervisor.

    Args:
        registry: the supervisor's sessions.
        agent: whose sessions it runs. Those of others can be looked at and deleted.
        takes_messages: whether they may be sent messages: not where the supervisor runs for maintenance only.
    """

    def __init__(self, registry: Registry, agent: str, *, takes_messages: bool) -> None:
        self._registry = registry
        self._agent = agent
        self._takes_messages = takes_messages
        self._lines: dict[_Line, None] = {}  # the oldest first
        self._file: SocketFile | None = None
        self._scope = anyio.CancelScope()
        self._quiet = anyio.Event()

    async def open(self, directory: Path, group: TaskGroup) -> None:
        """Serve in this directory, which the caller owns; where that cannot be, say so and go on without."""
        self._scope = anyio.CancelScope()
        try:
            self._file = SocketFile(directory)  # not in a thread: cancelled, that would leave the socket behind
        except OSError as error:
            where = error.filename or directory / NAME
            _log.warning("other commands cannot reach this process: %s: %s", where, error.strerror)
            return
        group.start_soon(self._listen, await SocketListener.from_socket(self._file.socket), name="argentos control")

    async def close(self) -> None:
        """Take no more requests, and let those that are being answered end, for a moment."""
        if self._file is None:
            return
        self._file.remove()
        self._file = None
        self._scope.cancel()
        for line in self._lines:
            if not line.has_asked:
                line.scope.cancel()
        self._quiet = anyio.Event()
        with anyio.move_on_after(_LONGEST_END, shield=True):
            if self._lines:
                await self._quiet.wait()

    async def _listen(self, listener: SocketListener) -> None:
        async with anyio.create_task_group() as group, listener:
            with self._scope:
                await stand("the control socket", partial(self._admit_all, listener, group))

    async def _admit_all(self, listener: SocketListener, group: TaskGroup) -> None:
        was_told = False
        while True:
            try:
                stream = await listener.accept()
                was_told = False
            except anyio.BrokenResourceError as error:  # as when the process has no descriptor left
                if not was_told:
                    _log.warning("a command could not be let in: %s", error.__cause__ or error)
                was_told = True
                await anyio.sleep(_RETRY)
                continue
            try:
                self._admit(stream, group)
            except BaseException:
                await anyio.aclose_forcefully(stream)
                raise

    def _admit(self, stream: SocketStream, group: TaskGroup) -> None:
        is_full = len(self._lines) >= _CONNECTIONS
        if is_full:
            slowest = next((line for line in self._lines if line.is_waiting), None)
            if slowest is not None:
                slowest.scope.cancel()
                del self._lines[slowest]
                is_full = False
        line = _Line(stream)
        close_in_children(line.give_up)
        if self._file is None:  # it was accepted just before the end
            line.scope.cancel()
        self._lines[line] = None
        group.start_soon(self._serve, line, is_full, name="argentos control")

    async def _serve(self, line: "_Line", is_full: bool) -> None:  # noqa: FBT001 - for `start_soon`
        try:
            with line.scope:
                if is_full:
                    await line.send(
                        protocol.refusal(StoreBusyError("too many commands are at work here; try again later"))
                    )
                else:
                    await self._converse(line)
        except BaseException as error:  # one client must not end the supervisor
            if passes(error):
                raise
            _log.error("a command was not answered; the others are: %s", described(error), exc_info=error)
        finally:
            self._lines.pop(line, None)
            if not self._lines:
                self._quiet.set()
            keep_in_children(line.give_up)
            await anyio.aclose_forcefully(line.stream)

    async def _converse(self, line: "_Line") -> None:
        try:
            request = protocol.read_request(await line.receive())
        except ArgentError as error:
            await line.send(protocol.refusal(error))
            return
        await line.keep_alive()  # before anything is done: from now on, the request may have had its effect
        async with anyio.create_task_group() as group:
            group.start_soon(line.keep_alive_forever)
            group.start_soon(line.hang_up_with_client)
            await self._answer(line, request)
            group.cancel_scope.cancel()

    async def _answer(self, line: "_Line", request: protocol.Request) -> None:
        """Send all answers, the last of which is that the request was answered in full, or why not."""
        last: protocol.Done | protocol.Failed = protocol.Done()
        try:
            with anyio.fail_after(_LONGEST_WORK):
                await self._work(line, request)
        except TimeoutError:
            last = protocol.refusal(SessionError(f"it took longer than {_LONGEST_WORK:.0f} s; what was begun goes on"))
        except ArgentError as error:
            last = protocol.refusal(error)
        except BaseException as error:  # whatever it is, the client is told
            if passes(error):
                raise
            _log.error("a command failed: %s", described(error), exc_info=error)
            last = protocol.refusal(ArgentError(f"the owner of the state directory failed: {described(error)}"))
        await line.send(last)

    # Requests -----------------------------------------------------------------------------------------------

    async def _work(self, line: "_Line", request: protocol.Request) -> None:
        as_id(request.agent, "the agent's name")
        match request:
            case protocol.Ping():
                owned = self._registry.runtime.store.owned_directory
                await line.send(
                    protocol.Pong(self._agent, self._takes_messages, str(owned.absolute()) if owned else "")
                )
            case protocol.List():
                await self._list(line, request)
            case protocol.Backup():
                if not Path(request.path).is_absolute() or "\0" in request.path:
                    raise InputError(f"{request.path!a} cannot be written to; name the file with its whole path")
                size = await self._registry.runtime.store.backup(Path(request.path))
                await line.send(protocol.BackedUp(size))
            case _:
                await self._work_on(line, SessionKey(request.agent, as_id(request.session, "the session id")), request)

    async def _work_on(self, line: "_Line", key: SessionKey, request: protocol.OfSession) -> None:
        registry = self._registry
        now = registry.runtime.clock.now()
        match request:
            case protocol.Info():
                await line.send(self._is(await registry.look(key)))
            case protocol.Unpark():
                self._check_ours(key)
                registry.unpark(key)
                await line.send(self._is(await registry.look(key)))
            case protocol.Summary():
                await line.send(protocol.SummaryIs((await registry.look(key)).context.summary))
            case protocol.History():
                await self._read(line, key, full=request.full)
            case protocol.Delete():
                since, set_aside = request.unless_active_since, request.set_aside
                await line.send(protocol.Deleted(await registry.delete(key, since, set_aside=set_aside)))
            case protocol.Create() | protocol.Clear() | protocol.Stop():
                await self._change(line, key, _CHANGES[type(request)](now))
            case protocol.Compact():
                await self._change(line, key, commands.Compact(now, as_focus(request.focus)))
            case protocol.Send() | protocol.Adopt() | protocol.Retry():
                await self._take(line, key, request)

    async def _list(self, line: "_Line", request: protocol.List) -> None:
        store = self._registry.runtime.store
        async with aclosing(self._registry.pages(request.agent)) as pages:
            async for page in pages:
                for start in range(0, len(page.sessions), _PAGE_SESSIONS):
                    sessions = page.sessions[start : start + _PAGE_SESSIONS]
                    sizes = [await store.size(each.key) for each in sessions] if request.sizes else []
                    infos = tuple(self._registry.info(each) for each in sessions)
                    await line.send(protocol.Sessions(infos, sizes=tuple(sizes)))
                if page.problems:
                    await line.send(protocol.Sessions((), page.problems))

    async def _read(self, line: "_Line", key: SessionKey, *, full: bool) -> None:
        """Send the messages in order of acceptance: of the context, or all."""
        metadata, context = await self._registry.look(key)
        if not full:
            messages = sorted((*context.messages, *context.waiting), key=lambda each: each.number)
            await line.send_messages(messages)
            return
        await line.send_messages(await self._registry.runtime.store.read(key, 1, metadata.messages + 1))

    async def _change(
        self,
        line: "_Line",
        key: SessionKey,
        command: commands.Create | commands.Clear | commands.Stop | commands.Compact,
    ) -> None:
        self._check_ours(key)
        await line.send(self._is(await self._registry.tell(key, command)))

    async def _take(
        self, line: "_Line", key: SessionKey, request: protocol.Send | protocol.Adopt | protocol.Retry
    ) -> None:
        self._check_ours(key)
        if not isinstance(request, protocol.Adopt):
            await self._answer_message(line, key, request)
        else:
            await self._adopt(line, key, request)

    async def _adopt(self, line: "_Line", key: SessionKey, request: protocol.Adopt) -> None:
        transcript = await anyio.to_thread.run_sync(take_over, Path(request.path))
        await Session(self._registry, key).adopt(transcript)
        await line.send(self._is(await self._registry.look(key)))

    async def _answer_message(self, line: "_Line", key: SessionKey, request: protocol.Send | protocol.Retry) -> None:
        if not self._takes_messages:
            raise StoreBusyError("the process that owns the state directory takes no messages; try again in a moment")
        session = Session(self._registry, key)
        if isinstance(request, protocol.Retry):
            turn = await session.retry(request.message_id)
        else:
            turn = await session.send(
                request.text, message_id=request.message_id, address=request.address, sender=request.sender
            )
        await line.send(protocol.Accepted(turn.number))
        async for text in turn:
            await line.send(protocol.Text(turn.attempt, text))
        await line.send(protocol.Replied(await turn.reply()))

    def _is(self, snapshot: Snapshot) -> protocol.Is:
        return protocol.Is(self._registry.info(snapshot.metadata))

    def _check_ours(self, key: SessionKey) -> None:
        if key.agent != self._agent:
            raise SessionError(
                f"the state directory is in use for the agent {self._agent!r}, so no session of {key.agent!r} can be"
                " changed; stop that process first"
            )


_CHANGES: Final[dict[type, type[commands.Create | commands.Clear | commands.Stop]]] = {
    protocol.Create: commands.Create,
    protocol.Clear: commands.Clear,
    protocol.Stop: commands.Stop,
}


class _Line:
    """The connection of one client.

    Attributes:
        scope: of the task that serves it; cancelled to hang up.
        is_waiting: it is the client's turn to do something.
        has_asked: its request was read.
    """

    def __init__(self, stream: SocketStream) -> None:
        self.stream = stream
        self.scope = anyio.CancelScope()
        self.is_waiting = True
        self.has_asked = False
        self._lock = anyio.Lock()
        self._socket = stream.extra(SocketAttribute.raw_socket)  # noqa: S610 - not Django's

    def give_up(self) -> None:
        """In a forked child: the client is the parent's."""
        close_inherited(self._socket)

    async def receive(self) -> bytes:
        """The request, without the line's end; with a client that does not send it, the task ends here.

        Raises:
            InputError: it is too long.
        """
        try:
            with anyio.fail_after(_PATIENCE):
                return await BufferedByteReceiveStream(self.stream).receive_until(b"\n", protocol.LONGEST_REQUEST)
        except anyio.DelimiterNotFound:
            most = protocol.LONGEST_REQUEST // 1024**2
            raise InputError(f"a request has {most} MiB at most; send less at once") from None
        except (anyio.IncompleteRead, anyio.BrokenResourceError, TimeoutError):
            await self._hang_up()
        finally:
            self.is_waiting = False
            self.has_asked = True

    async def send(self, answer: protocol.Answer) -> None:
        """Send an answer; with a client that does not read it, the task ends here."""
        await self._send(protocol.encode(answer))

    async def send_messages(self, messages: Iterable[Message]) -> None:
        """Send messages, in pages."""
        for page in _pages(messages):
            await self.send(protocol.Messages(page))

    async def _send(self, data: bytes) -> None:
        async with self._lock:
            self.is_waiting = True
            try:
                with anyio.fail_after(_PATIENCE):
                    await self.stream.send(data)
            except (anyio.BrokenResourceError, TimeoutError):
                await self._hang_up()
            finally:
                self.is_waiting = False

    async def keep_alive(self) -> None:
        """Tell the client that its request is being worked at."""
        await self._send(protocol.ALIVE)

    async def keep_alive_forever(self) -> None:
        """Tell it from time to time."""
        while True:
            await anyio.sleep(_HEARTBEAT)
            await self.keep_alive()

    async def hang_up_with_client(self) -> None:
        """Hang up when the client does, or sends what nobody asked for."""
        with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
            await self.stream.receive(1)
        self.scope.cancel()

    async def _hang_up(self) -> Never:
        self.scope.cancel()
        while True:
            await anyio.sleep_forever()  # the cancellation arrives here, at once


def _pages(messages: Iterable[Message]) -> Iterator[tuple[Message, ...]]:
    """The messages in order, so many at a time that a page is never much larger than one of them."""
    page: list[Message] = []
    size = 0
    for message in messages:
        page.append(message)
        size += _MARKS + len(message.text)
        if size >= _PAGE_CHARACTERS:
            yield tuple(page)
            page, size = [], 0
    if page:
        yield tuple(page)
