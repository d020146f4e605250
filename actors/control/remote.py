"""Sessions that another process runs, with the methods that they have there."""

import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Self

import anyio.to_thread
from msgspec import structs

from argentos.actors.approvals import Approval
from argentos.actors.control import operations
from argentos.actors.control.client import Client
from argentos.actors.control.owner import OwnerInfo
from argentos.actors.control.private_file import private_file, read_bytes, write_content
from argentos.actors.control.remote_pairings import RemotePairings
from argentos.actors.control.transcript_file import read_transcript, write_transcript
from argentos.actors.core.commands import Changes
from argentos.actors.core.models.previews import CompactionPreview
from argentos.actors.core.turn import Turn
from argentos.actors.core.turn_progress import TurnProgress
from argentos.actors.events import EventFilter, Subscription
from argentos.actors.info import Latest, SessionFilter, SessionInfo
from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.lifecycles.known_events import Lifecycle
from argentos.actors.outbox.outbox import OwedMessage
from argentos.actors.pairing.desk import PairingDesk
from argentos.actors.retention import Stored
from argentos.actors.routing.route import Route
from argentos.actors.sessions.commanding import CommandAnswer
from argentos.actors.sessions.session import Session
from argentos.actors.sessions.text_commands import TextCommand
from argentos.actors.transcripts.transcript import Transcript
from argentos.actors.transcripts.validation import as_transcript
from argentos.actors.validation import NewMessage
from argentos.inputs import as_id, as_number
from argentos.storage import (
    Address,
    Checkpoint,
    CompactionAttempt,
    Message,
    Role,
    SessionKey,
    Summary,
    Transitioned,
    has_bytes,
)

__all__ = ["RemoteSession", "RemoteSupervisor"]


class RemoteSession(Session):
    """One conversation, in the process that owns it."""

    __slots__ = ("_client",)

    def __init__(self, client: Client, key: SessionKey) -> None:
        super().__init__(key)
        self._client = client

    async def _send(self, sent: NewMessage, patience: float) -> TurnProgress:
        message_id = sent.message_id or uuid.uuid4().hex  # by which it can be sent again where the owner is lost
        sent = sent._replace(message_id=message_id)
        if has_bytes(sent.content):
            async with _content_file(sent) as arguments:
                return await self._client.turn(operations.SEND_CONTENT, self._key, **arguments, patience=patience)
        return await self._client.turn(operations.SEND, self._key, **_arguments(sent), patience=patience)

    async def _append(self, role: Role, sent: NewMessage) -> Message:
        if has_bytes(sent.content):
            async with _content_file(sent) as arguments:
                return await self._client.one(operations.APPEND_CONTENT, self._key, role=role, **arguments)
        return await self._client.one(operations.APPEND, self._key, role=role, **_arguments(sent))

    async def _retry(self, message_id: str | None) -> TurnProgress:
        return await self._client.turn(operations.RETRY, self._key, message_id=message_id)

    async def _cancel(self, turn: Turn) -> bool:
        return await self._client.one(operations.CANCEL_TURN, self._key, message_id=turn.message_id)

    async def _current_turn(self) -> TurnProgress | None:
        return await self._client.attach(operations.CURRENT_TURN, self._key)

    async def _turn(self, message_id: str) -> TurnProgress | None:
        return await self._client.attach(operations.TURN, self._key, message_id=message_id)

    async def _create(self, changes: Changes) -> SessionInfo:
        given = {name: value for name, value in changes._asdict().items() if value is not None}
        return await self._client.one(operations.CREATE, self._key, **given)

    async def _adopt(self, transcript: Transcript) -> SessionInfo:
        async with _private_file() as path:
            await anyio.to_thread.run_sync(lambda: write_transcript(as_transcript(transcript), path))
            return await self._client.one(operations.ADOPT, self._key, path=path)

    async def _transcript(self) -> Transcript:
        async with _private_file() as path:
            await self._client.one(operations.TRANSCRIPT, self._key, path=path)
            return await anyio.to_thread.run_sync(read_transcript, path)

    async def _info(self) -> SessionInfo:
        return await self._client.one(operations.INFO, self._key)

    async def _summary(self) -> Summary | None:
        return await self._client.one(operations.SUMMARY, self._key)

    async def _history(self, *, full: bool) -> tuple[Message, ...]:
        return await self._client.many(operations.HISTORY, self._key, full=full)

    async def _messages(self, start: int, stop: int) -> tuple[Message, ...]:
        return await self._client.many(operations.MESSAGES, self._key, start=start, stop=stop)

    async def _left_context(self, start: int, stop: int) -> tuple[int, ...]:
        return await self._client.many(operations.LEFT_CONTEXT, self._key, start=start, stop=stop)

    async def _attachment(self, sha256: str) -> bytes:
        async with _private_file() as path:
            await self._client.one(operations.ATTACHMENT, self._key, sha256=sha256, path=path)
            return await anyio.to_thread.run_sync(read_bytes, path)

    async def _transitions(self) -> tuple[Transitioned, ...]:
        return await self._client.many(operations.TRANSITIONS, self._key)

    async def _lifecycles(self) -> tuple[Lifecycle, ...]:
        return await self._client.many(operations.LIFECYCLES, self._key)

    async def _update(self, changes: Changes) -> SessionInfo:
        return await self._client.one(operations.UPDATE, self._key, **changes._asdict())

    async def _undo(self, name: str | None) -> SessionInfo:
        return await self._client.one(operations.UNDO, self._key, name=name)

    async def _checkpoints(self) -> tuple[Checkpoint, ...]:
        return await self._client.many(operations.CHECKPOINTS, self._key)

    async def _fork(self, new_id: str, at: int | str | None) -> SessionInfo:
        return await self._client.one(operations.FORK, self._key, new_id=new_id, at=at)

    async def _regenerate(self) -> TurnProgress:
        return await self._client.turn(operations.REGENERATE, self._key)

    async def _rewind(self, before: int) -> SessionInfo:
        return await self._client.one(operations.REWIND, self._key, before=before)

    async def _clear(self) -> SessionInfo:
        return await self._client.one(operations.CLEAR, self._key)

    async def _compact(self, focus: str, keep: int | None) -> SessionInfo:
        return await self._client.one(operations.COMPACT, self._key, focus=focus, keep=keep)

    async def _preview_compaction(self, focus: str, keep: int | None) -> CompactionPreview:
        return await self._client.one(operations.PREVIEW_COMPACTION, self._key, focus=focus, keep=keep)

    async def _compactions(self) -> tuple[CompactionAttempt, ...]:
        return await self._client.many(operations.COMPACTIONS, self._key)

    async def _stop(self) -> SessionInfo:
        return await self._client.one(operations.STOP, self._key)

    async def _approvals(self) -> tuple[Approval, ...]:
        return await self._client.many(operations.APPROVALS, self._key)

    async def _decide(self, call_id: str, *, is_approved: bool, reason: str, by: str | None) -> SessionInfo:
        if is_approved:
            return await self._client.one(operations.APPROVE, self._key, call_id=call_id, by=by)
        return await self._client.one(operations.DENY, self._key, call_id=call_id, reason=reason, by=by)

    async def _command(
        self,
        command: TextCommand,
        by: str | None,
        *,
        message_id: str | None,
        address: Address | None,
        sender: str | None,
    ) -> CommandAnswer:
        told = await self._client.one(
            operations.COMMAND,
            self._key,
            content=f"/{command.name} {command.rest}",
            by=by,
            message_id=message_id,
            address=address,
            sender=sender,
        )
        turn = None if told.message_id is None else await self.turn(told.message_id)
        return CommandAnswer(told.command, told.is_done, told.text, address, turn)

    async def _unpark(self) -> SessionInfo:
        return await self._client.one(operations.UNPARK, self._key)

    async def _delete(self, unless_active_since: datetime | None, *, set_aside: bool) -> bool:
        return await self._client.one(
            operations.DELETE, self._key, unless_active_since=unless_active_since, set_aside=set_aside
        )


class RemoteSupervisor(SupervisorInterface):
    """The sessions of a state directory, in the process that owns it: see `Supervisor.connect`.

    Every method may raise `OwnerGoneError` if nobody owns the directory, so that nothing was done, `StoreBusyError` if
    its owner does not answer, and `OwnerLostError` if it hung up while it was being asked.

    Args:
        directory: the state directory.
        agent: whose sessions are meant where no agent is named.
        patience: seconds to wait for a sign of life from the owner.
    """

    def __init__(self, directory: Path, agent: str, patience: float) -> None:
        self.directory = directory
        self.agent: str = as_id(agent, "the agent's name")
        self._client = Client(directory, as_number(patience, "the patience"))
        self._key = SessionKey(self.agent, "")
        self._desk = PairingDesk(RemotePairings(self._client, self._key))

    @property
    def pairing(self) -> PairingDesk:
        """See `SupervisorInterface.pairing`."""
        return self._desk

    def _named(self, agent: str | None) -> str:
        return self.agent if agent is None else as_id(agent, "the agent's name")

    def _handle(self, key: SessionKey) -> RemoteSession:
        return RemoteSession(self._client, key)

    async def _route(self, address: Address) -> Route:
        return await self._client.one(operations.ROUTE, self._key, address=address)

    async def _list(
        self,
        agent: str,
        chosen: SessionFilter,
        latest: Latest,
        tell: Callable[[str], None],
    ) -> list[SessionInfo]:
        problems: list[str] = []

        def receive(page: tuple[SessionInfo | str, ...]) -> None:
            latest.add(each for each in page if isinstance(each, SessionInfo))
            problems.extend(each for each in page if isinstance(each, str))

        await self._client.each(
            operations.SESSIONS,
            SessionKey(agent, ""),
            receive,
            **structs.asdict(chosen),
        )
        for problem in problems:
            tell(problem)
        return await latest.sorted()

    async def _stored(self, agent: str, *, sizes: bool) -> tuple[Stored, ...]:
        return await self._client.many(operations.STORED, SessionKey(agent, ""), sizes=sizes)

    async def _owed(self, channel: str | None) -> tuple[OwedMessage, ...]:
        return await self._client.many(operations.OWED, self._key, channel=channel)

    async def _settle(self, key: SessionKey, number: int, failure: str | None) -> None:
        operation, given = (
            (operations.RETRY_DELIVERY, {}) if failure is None else (operations.DROP, {"reason": failure})
        )
        await self._client.one(operation, self._key, session=key.id, agent=key.agent, number=number, **given)

    async def _approvals(self) -> tuple[Approval, ...]:
        return await self._client.many(operations.ALL_APPROVALS, self._key)

    async def _backup(self, target: Path) -> int:
        return await self._client.one(operations.BACKUP, self._key, target=target)

    def _subscribed(
        self, only: EventFilter, limit: int, after: str | None
    ) -> AbstractAsyncContextManager[Subscription]:
        return self._client.subscription(operations.EVENTS, self._key, limit, after=after, **structs.asdict(only))

    async def ping(self) -> OwnerInfo:
        """The owner of the state directory, and the agents that it runs."""
        return await self._client.one(operations.PING, self._key)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, *rest: object) -> None:
        await self._client.__aexit__(kind, error, *rest)


@asynccontextmanager
async def _content_file(sent: NewMessage) -> AsyncGenerator[dict[str, object]]:
    """A message as arguments of an operation, its content in a file."""
    async with _private_file() as path:
        await anyio.to_thread.run_sync(write_content, sent.content, path)
        arguments = _arguments(sent)
        del arguments["content"]
        yield {**arguments, "path": path}


def _arguments(sent: NewMessage) -> dict[str, object]:
    """A message as arguments of an operation."""
    arguments = sent._asdict()
    del arguments["attachments"]
    if sent.owner is None:
        del arguments["owner"]  # which a message that is only appended has not
    return arguments


@asynccontextmanager
async def _private_file() -> AsyncGenerator[Path]:
    with ExitStack() as stack:
        yield await anyio.to_thread.run_sync(partial(stack.enter_context, private_file()))
