"""The sessions of a state directory that another process owns, used through its control socket.

`Owner` and `RemoteSession` have the methods of `Supervisor` and `Session`, as far as commands need them.
"""

import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import ExitStack, aclosing, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final, Self, TypeVar

import anyio
import anyio.to_thread
from anyio.abc import UNIXSocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from argentos.actors.control import protocol
from argentos.actors.control.socket_file import connect
from argentos.actors.control.transcript_file import hand_over
from argentos.actors.info import Latest, SessionInfo
from argentos.actors.retention import Stored
from argentos.actors.transcripts.transcript import Transcript
from argentos.actors.validation import as_draft, as_focus, as_transcript
from argentos.errors import ArgentError, NoReplyError, OwnerGoneError, StoreBusyError, StoreError
from argentos.inputs import as_flag, as_id, as_path, as_time
from argentos.storage import Address, Message, SessionKey, Summary
from argentos.storage.disk.lock_holder import holder

__all__ = ["Owner", "RemoteSession", "RemoteTurn"]

A = TypeVar("A", bound=protocol.Answer)

_log: Final = logging.getLogger(__name__)
_RETRY: Final = 0.02  # seconds


class Owner:
    """The process that owns a state directory, as one that asks it sees it.

    Every method may raise `OwnerGoneError` if nobody owns the directory, so that nothing was done, `StoreBusyError` if
    its owner does not answer, and `StoreError` if it ended while it was being asked.

    Args:
        directory: the state directory.
        agent: whose sessions.
        patience: seconds to wait for a sign of life.
    """

    def __init__(self, directory: Path, *, agent: str = "main", patience: float = 10.0) -> None:
        self._patience = patience
        self._directory = directory
        self.agent = agent

    async def ping(self) -> protocol.Pong:
        """Who is it?"""
        return await self.one(protocol.Ping(agent=self.agent), protocol.Pong)

    def session(self, session_id: str) -> "RemoteSession":
        """The handle of a session; nothing is asked yet.

        Raises:
            InputError: the id cannot be used.
        """
        return RemoteSession(self, SessionKey(self.agent, as_id(session_id, "the session id")))

    async def backup(self, target: Path) -> int:
        """See `Supervisor.backup`."""
        path = str(as_path(target, "the path of the backup").absolute())  # the owner may be in another folder
        return (await self.one(protocol.Backup(agent=self.agent, path=path), protocol.BackedUp)).size

    async def list(
        self,
        *,
        limit: int | None = None,
        active_since: datetime | None = None,
        on_problem: Callable[[str], None] | None = None,
    ) -> list[SessionInfo]:
        """See `Supervisor.list`."""
        latest = Latest(limit, active_since)
        async with aclosing(self._sessions(sizes=False, on_problem=on_problem)) as pages:
            async for page in pages:
                latest.add(page.sessions)
        return await latest.sorted()

    async def stored(self, *, sizes: bool = True) -> tuple[Stored, ...]:
        """See `Supervisor.stored`."""
        found: list[Stored] = []
        async with aclosing(self._sessions(sizes=sizes)) as pages:
            async for page in pages:
                known = page.sizes or (0,) * len(page.sessions)
                found += [
                    Stored(each.id, each.last_activity, size, each.is_at_work)
                    for each, size in zip(page.sessions, known, strict=True)
                ]
        return tuple(found)

    async def _sessions(
        self, *, sizes: bool, on_problem: Callable[[str], None] | None = None
    ) -> AsyncGenerator[protocol.Sessions]:
        async with aclosing(self.answers(protocol.List(agent=self.agent, sizes=as_flag(sizes, "sizes")))) as answers:
            async for answer in answers:
                page = _expect(answer, protocol.Sessions)
                for problem in page.problems:
                    (on_problem or _log_problem)(problem)
                yield page

    # Asking -------------------------------------------------------------------------------------------------

    async def one(self, request: protocol.Request, kind: type[A]) -> A:
        """The one answer to a request."""
        async with aclosing(self.answers(request)) as answers:
            found = [_expect(answer, kind) async for answer in answers]
        if len(found) != 1:
            raise _misunderstood(found)
        return found[0]

    async def answers(self, request: protocol.Request) -> AsyncGenerator[protocol.Answer]:
        """All answers to a request, as they come; the owner's error is raised at their end."""
        data = protocol.encode(request)
        stream = await self._connect()
        try:
            with suppress(anyio.BrokenResourceError):  # the owner hung up; it may have said why
                with anyio.move_on_after(self._patience):
                    await stream.send(data)
            async with aclosing(self._lines(stream)) as lines:
                async for line in lines:
                    answer = protocol.read_answer(line)
                    if isinstance(answer, protocol.Done):
                        return
                    yield answer
        finally:
            await anyio.aclose_forcefully(stream)

    async def _connect(self) -> UNIXSocketStream:
        for _ in range(int(self._patience / _RETRY)):
            try:
                return await UNIXSocketStream.from_socket(connect(self._directory))
            except BlockingIOError:  # a crowd is before the door
                await anyio.sleep(_RETRY)
            except OSError as error:
                raise OwnerGoneError(f"no process owns the state directory {self._directory} now; try again") from error
        raise self._silent()

    async def _lines(self, stream: UNIXSocketStream) -> AsyncGenerator[bytes]:
        buffered = BufferedByteReceiveStream(stream)
        was_taken = False
        while True:
            try:
                with anyio.fail_after(self._patience):
                    line = await buffered.receive_until(b"\n", protocol.LONGEST_ANSWER)
            except TimeoutError:
                raise self._silent() from None
            except (anyio.IncompleteRead, anyio.BrokenResourceError):
                raise self._ended(was_taken=was_taken) from None
            was_taken = True
            if line:
                yield line

    def _silent(self) -> StoreBusyError:
        owner = holder(self._directory / "lock")
        return StoreBusyError(
            f"the state directory {self._directory} is in use by {owner}, which does not answer; stop it, or use"
            " another --state-dir"
        )

    def _ended(self, *, was_taken: bool) -> StoreError:
        if was_taken:
            return StoreError(
                f"the process that owns {self._directory} hung up before it had answered, so what was asked may have"
                " been done; look before you ask again"
            )
        return OwnerGoneError(f"the process that owned {self._directory} ended before it took the request; try again")


def _log_problem(problem: str) -> None:
    _log.warning("a session is not listed: %s", problem)


class RemoteSession:
    """One conversation, in the process that owns it: see `Session` for what the methods do and raise."""

    def __init__(self, owner: Owner, key: SessionKey) -> None:
        self._owner = owner
        self.key = key

    @property
    def id(self) -> str:
        """The session's id."""
        return self.key.id

    async def info(self) -> SessionInfo:
        """See `Session.info`."""
        return await self._told(protocol.Info(agent=self.key.agent, session=self.id))

    async def create(self) -> SessionInfo:
        """See `Session.create`."""
        return await self._told(protocol.Create(agent=self.key.agent, session=self.id))

    async def adopt(self, transcript: Transcript) -> SessionInfo:
        """See `Session.adopt`."""
        async with _handed_over(transcript) as path:
            return await self._told(protocol.Adopt(agent=self.key.agent, session=self.id, path=str(path)))

    async def clear(self) -> SessionInfo:
        """See `Session.clear`."""
        return await self._told(protocol.Clear(agent=self.key.agent, session=self.id))

    async def compact(self, focus: str = "") -> SessionInfo:
        """See `Session.compact`."""
        return await self._told(protocol.Compact(agent=self.key.agent, session=self.id, focus=as_focus(focus)))

    async def stop(self) -> SessionInfo:
        """See `Session.stop`."""
        return await self._told(protocol.Stop(agent=self.key.agent, session=self.id))

    async def unpark(self) -> SessionInfo:
        """See `Session.unpark`."""
        return await self._told(protocol.Unpark(agent=self.key.agent, session=self.id))

    async def delete(self, *, unless_active_since: datetime | None = None, set_aside: bool = False) -> bool:
        """See `Session.delete`."""
        since = None if unless_active_since is None else as_time(unless_active_since, "unless_active_since")
        aside = as_flag(set_aside, "set_aside")
        request = protocol.Delete(agent=self.key.agent, session=self.id, unless_active_since=since, set_aside=aside)
        return (await self._owner.one(request, protocol.Deleted)).deleted

    async def summary(self) -> Summary | None:
        """See `Session.summary`."""
        request = protocol.Summary(agent=self.key.agent, session=self.id)
        return (await self._owner.one(request, protocol.SummaryIs)).summary

    async def history(self, *, full: bool = False) -> tuple[Message, ...]:
        """See `Session.history`."""
        messages: list[Message] = []
        request = protocol.History(agent=self.key.agent, session=self.id, full=as_flag(full, "full"))
        async with aclosing(self._owner.answers(request)) as answers:
            async for answer in answers:
                messages += _expect(answer, protocol.Messages).messages
        return tuple(messages)

    async def send(
        self, text: str, *, message_id: str | None = None, address: Address | None = None, sender: str | None = None
    ) -> "RemoteTurn":
        """See `Session.send`; an id is made up where there is none, so that sending may be tried again."""
        draft = as_draft(text, message_id, address, sender)
        request = protocol.Send(
            agent=self.key.agent,
            session=self.id,
            text=draft.text,
            message_id=draft.message_id or uuid.uuid4().hex,
            sender=draft.sender,
            address=draft.address,
        )
        return await self._listen(request, request.message_id)

    async def retry(self, message_id: str | None = None) -> "RemoteTurn":
        """See `Session.retry`."""
        if message_id is not None:
            message_id = as_id(message_id, "the message id")
        return await self._listen(
            protocol.Retry(agent=self.key.agent, session=self.id, message_id=message_id), message_id or ""
        )

    async def _listen(self, request: protocol.Send | protocol.Retry, message_id: str) -> "RemoteTurn":
        answers = self._owner.answers(request)
        try:
            accepted = _expect(await anext(answers, None), protocol.Accepted)
        except BaseException:  # also cancelled: the connection is not left open
            await answers.aclose()
            raise
        return RemoteTurn(accepted.number, message_id, answers)

    async def _told(self, request: protocol.Request) -> SessionInfo:
        return (await self._owner.one(request, protocol.Is)).info


class RemoteTurn(AsyncIterator[str]):
    """An accepted message, and the reply that comes, for one reader: see `Turn`."""

    def __init__(self, number: int, message_id: str, answers: AsyncGenerator[protocol.Answer]) -> None:
        self.number = number
        self.message_id = message_id
        self.attempt = 0
        self._answers = answers
        self._reply: Message | None = None
        self._error: ArgentError | None = None

    def __aiter__(self) -> Self:
        """The reply's text, piece by piece; an end without a reply is just the end."""
        return self

    async def __anext__(self) -> str:
        while self._reply is None and self._error is None:
            text = await self._pull()
            if text is not None:
                return text
        if self._error is not None and not isinstance(self._error, NoReplyError):
            raise self._error.copy()
        raise StopAsyncIteration

    async def reply(self) -> Message:
        """See `Turn.reply`."""
        while self._reply is None and self._error is None:
            await self._pull()
        if self._error is not None:
            raise self._error.copy()
        assert self._reply is not None  # noqa: S101 - one of the two ends the loop
        return self._reply

    async def aclose(self) -> None:
        """Listen no more; the turn goes on."""
        await self._answers.aclose()

    async def _pull(self) -> str | None:
        """Take the next answer; gives its text, if it is one."""
        try:
            answer = await anext(self._answers, None)
        except ArgentError as error:
            self._error = error
            return None
        if isinstance(answer, protocol.Text):
            self.attempt = answer.attempt
            return answer.text
        self._reply = _expect(answer, protocol.Replied).message
        await self._answers.aclose()
        return None


@asynccontextmanager
async def _handed_over(transcript: Transcript) -> AsyncGenerator[Path]:
    with ExitStack() as stack:
        yield await anyio.to_thread.run_sync(lambda: stack.enter_context(hand_over(as_transcript(transcript))))


def _expect(answer: protocol.Answer | None, kind: type[A]) -> A:
    if not isinstance(answer, kind):
        raise _misunderstood(answer)
    return answer


def _misunderstood(answer: object) -> ArgentError:
    return ArgentError(f"the owner of the state directory gave an answer to something else: {type(answer).__name__}")
