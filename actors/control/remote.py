"""Sessions that another process runs, with the methods that they have there."""

import logging
import uuid
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Self

import anyio.to_thread
from msgspec import structs

from argentos.actors.control import operations
from argentos.actors.control.client import Client
from argentos.actors.control.owner import OwnerInfo
from argentos.actors.control.transcript_file import private_file, read_transcript, write_transcript
from argentos.actors.core.replies import Turn
from argentos.actors.events import Subscription
from argentos.actors.info import Latest, SessionInfo
from argentos.actors.interfaces import SessionInterface, SupervisorInterface
from argentos.actors.outbox.outbox import OwedMessage
from argentos.actors.retention import Stored
from argentos.actors.transcripts.transcript import Transcript
from argentos.actors.transcripts.validation import as_transcript
from argentos.actors.validation import as_changes, as_filter, as_focus, as_new_message, as_role
from argentos.inputs import as_flag, as_id, as_name, as_number, as_path, as_time, as_whole_number
from argentos.storage import Address, Message, Role, SessionKey, Summary

__all__ = ["RemoteSession", "RemoteSupervisor"]

_MOST_EVENTS: Final = 10_000_000  # that a subscription holds
_log: Final = logging.getLogger(__name__)


class RemoteSession(SessionInterface):
    """One conversation, in the process that owns it: see `Session` for what the methods do and raise.

    Every method may raise `OwnerGoneError` if nobody owns the directory, so that nothing was done, `StoreBusyError` if
    its owner does not answer, and `OwnerLostError` if it hung up while it was being asked.
    """

    __slots__ = ("_client", "_key")

    def __init__(self, client: Client, key: SessionKey) -> None:
        self._client = client
        self._key = key

    @property
    def key(self) -> SessionKey:
        """The agent and the id."""
        return self._key

    @property
    def id(self) -> str:
        """The session's id."""
        return self._key.id

    async def send(
        self,
        text: str,
        *,
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
        patience: float = 0.0,
    ) -> Turn:
        """See `Session.send`.

        Where the connection is lost, `Turn.reply` raises `OwnerLostError`: send the message again with its id, which
        `Turn.message_id` is where none was given, to follow the same turn.
        """
        sent = as_new_message(text, message_id, address, sender)
        return await self._client.turn(
            operations.SEND,
            self._key,
            text=sent.text,
            message_id=sent.message_id or uuid.uuid4().hex,
            address=sent.address,
            sender=sent.sender,
            patience=as_number(patience, "the patience"),
        )

    async def ask(
        self,
        text: str,
        *,
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
        patience: float = 0.0,
    ) -> Message:
        """See `Session.ask`."""
        turn = await self.send(text, message_id=message_id, address=address, sender=sender, patience=patience)
        return await turn.reply()

    async def say(
        self,
        text: str,
        *,
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
    ) -> Message:
        """See `Session.say`."""
        sent = as_new_message(text, message_id, address, sender)
        return await self._client.one(operations.SAY, self._key, **sent._asdict())

    async def append(
        self,
        text: str,
        *,
        role: Role = "user",
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
    ) -> Message:
        """See `Session.append`."""
        sent = as_new_message(text, message_id, address, sender)
        return await self._client.one(operations.APPEND, self._key, role=as_role(role), **sent._asdict())

    async def retry(self, message_id: str | None = None) -> Turn:
        """See `Session.retry`."""
        if message_id is not None:
            message_id = as_id(message_id, "the message id")
        return await self._client.turn(operations.RETRY, self._key, message_id=message_id)

    async def current_turn(self) -> Turn | None:
        """See `Session.current_turn`."""
        return await self._client.attach(operations.CURRENT_TURN, self._key)

    async def turn(self, message_id: str) -> Turn | None:
        """See `Session.turn`."""
        message_id = as_id(message_id, "the message id")
        return await self._client.attach(operations.TURN, self._key, message_id=message_id)

    async def create(self) -> SessionInfo:
        """See `Session.create`."""
        return await self._client.one(operations.CREATE, self._key)

    async def adopt(self, transcript: Transcript) -> SessionInfo:
        """See `Session.adopt`."""
        async with _private_file() as path:
            await anyio.to_thread.run_sync(lambda: write_transcript(as_transcript(transcript), path))
            return await self._client.one(operations.ADOPT, self._key, path=path)

    async def transcript(self) -> Transcript:
        """See `Session.transcript`."""
        async with _private_file() as path:
            await self._client.one(operations.TRANSCRIPT, self._key, path=path)
            return await anyio.to_thread.run_sync(read_transcript, path)

    async def info(self) -> SessionInfo:
        """See `Session.info`."""
        return await self._client.one(operations.INFO, self._key)

    async def summary(self) -> Summary | None:
        """See `Session.summary`."""
        return await self._client.one(operations.SUMMARY, self._key)

    async def history(self, *, full: bool = False) -> tuple[Message, ...]:
        """See `Session.history`."""
        return await self._client.many(operations.HISTORY, self._key, full=as_flag(full, "full"))

    async def update(
        self,
        *,
        title: str | None = None,
        tags: Collection[str] | None = None,
        owner: str | None = None,
        system: str | None = None,
    ) -> SessionInfo:
        """See `Session.update`."""
        changes = as_changes(title, tags, owner, system)
        return await self._client.one(operations.UPDATE, self._key, **changes._asdict())

    async def clear(self) -> SessionInfo:
        """See `Session.clear`."""
        return await self._client.one(operations.CLEAR, self._key)

    async def compact(self, focus: str = "") -> SessionInfo:
        """See `Session.compact`."""
        return await self._client.one(operations.COMPACT, self._key, focus=as_focus(focus))

    async def stop(self) -> SessionInfo:
        """See `Session.stop`."""
        return await self._client.one(operations.STOP, self._key)

    async def unpark(self) -> SessionInfo:
        """See `Session.unpark`."""
        return await self._client.one(operations.UNPARK, self._key)

    async def delete(self, *, unless_active_since: datetime | None = None, set_aside: bool = False) -> bool:
        """See `Session.delete`."""
        return await self._client.one(
            operations.DELETE,
            self._key,
            unless_active_since=(
                None if unless_active_since is None else as_time(unless_active_since, "unless_active_since")
            ),
            set_aside=as_flag(set_aside, "set_aside"),
        )


class RemoteSupervisor(SupervisorInterface):
    """All sessions of an agent, in the process that owns them: see `Supervisor.connect`.

    Every method may raise `OwnerGoneError` if nobody owns the directory, so that nothing was done, `StoreBusyError` if
    its owner does not answer, and `OwnerLostError` if it hung up while it was being asked.

    Args:
        directory: the state directory.
        agent: whose sessions.
        patience: seconds to wait for a sign of life from the owner.
    """

    def __init__(self, directory: Path, agent: str, patience: float) -> None:
        self.directory = directory
        self.agent = as_id(agent, "the agent's name")
        self._client = Client(directory, as_number(patience, "the patience"))
        self._key = SessionKey(self.agent, "")

    def session(self, session_id: str, *, agent: str | None = None) -> RemoteSession:
        """The handle of a session; nothing is asked yet.

        Args:
            session_id: unique within its agent.
            agent: whose session; by default of the one that this was made for.

        Raises:
            InputError: the id cannot be used.
        """
        return RemoteSession(self._client, self._key_of(agent)._replace(id=as_id(session_id, "the session id")))

    def _key_of(self, agent: str | None) -> SessionKey:
        return self._key if agent is None else SessionKey(as_id(agent, "the agent's name"), "")

    async def list(
        self,
        *,
        agent: str | None = None,
        limit: int | None = None,
        active_since: datetime | None = None,
        prefix: str | None = None,
        owner: str | None = None,
        tag: str | None = None,
        on_problem: Callable[[str], None] | None = None,
    ) -> list[SessionInfo]:
        """See `Supervisor.list`."""
        since = None if active_since is None else as_time(active_since, "active_since")
        chosen = as_filter(prefix, owner, tag)
        latest = Latest(limit, since)
        problems: list[str] = []

        def receive(page: tuple[SessionInfo | str, ...]) -> None:
            latest.add(each for each in page if isinstance(each, SessionInfo))
            problems.extend(each for each in page if isinstance(each, str))

        await self._client.each(
            operations.SESSIONS, self._key_of(agent), receive, active_since=since, **structs.asdict(chosen)
        )
        for problem in problems:
            (on_problem or _log_problem)(problem)
        return await latest.sorted()

    async def stored(self, *, agent: str | None = None, sizes: bool = True) -> tuple[Stored, ...]:
        """See `Supervisor.stored`."""
        return await self._client.many(operations.STORED, self._key_of(agent), sizes=as_flag(sizes, "sizes"))

    async def owed(self, channel: str | None = None) -> tuple[OwedMessage, ...]:
        """See `Supervisor.owed`."""
        channel = None if channel is None else as_id(channel, "the channel")
        return await self._client.many(operations.OWED, self._key, channel=channel)

    async def backup(self, target: Path) -> int:
        """See `Supervisor.backup`."""
        return await self._client.one(operations.BACKUP, self._key, target=as_path(target, "the path of the backup"))

    def events(
        self, limit: int = 1000, *, after: str | None = None, session: str | None = None, agent: str | None = None
    ) -> AbstractAsyncContextManager[Subscription]:
        """See `Supervisor.events`; where the connection is lost, what comes next is `OwnerLostError`.

        Subscribe again then with `after=` the cursor of the subscription.
        """
        return self._client.subscription(
            operations.EVENTS,
            self._key,
            as_whole_number(limit, "the limit", 1, _MOST_EVENTS),
            after=None if after is None else as_name(after, "the cursor"),
            session=None if session is None else as_id(session, "the session id"),
            agent=None if agent is None else as_id(agent, "the agent's name"),
        )

    async def ping(self) -> OwnerInfo:
        """The owner of the state directory, and the agents that it runs."""
        return await self._client.one(operations.PING, self._key)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._client.__aexit__(*raised)


@asynccontextmanager
async def _private_file() -> AsyncGenerator[Path]:
    with ExitStack() as stack:
        yield await anyio.to_thread.run_sync(partial(stack.enter_context, private_file()))


def _log_problem(problem: str) -> None:
    _log.warning("a session is not listed: %s", problem)
