"""Operations of the owner that other processes ask for, besides the methods of `Session`."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import anyio.to_thread
from anyio.lowlevel import checkpoint
from msgspec import Struct, structs

from argentos.actors.approvals import Approval
from argentos.actors.control.private_file import read_content, write_bytes
from argentos.actors.control.transcript_file import read_transcript, write_transcript
from argentos.actors.core.registry import Registry
from argentos.actors.core.turn import Turn
from argentos.actors.events import CursorExpired, Event
from argentos.actors.info import SessionInfo
from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.outbox.outbox import OwedMessage
from argentos.actors.pairing.book import PairingBook
from argentos.actors.pairing.changes import Change
from argentos.actors.pairing.desk import Pairings
from argentos.actors.retention import Stored
from argentos.actors.routing.route import Route
from argentos.actors.sessions.session import Session
from argentos.actors.validation import as_filter
from argentos.concurrency.chunks import in_chunks
from argentos.concurrency.foreign_code import reading_a_store
from argentos.errors import InputError
from argentos.storage import Address, Message, Role

__all__ = [
    "Owner",
    "OwnerInfo",
    "Subscribed",
    "SubscriptionValue",
    "adopt",
    "append_content",
    "attachment",
    "cancel_turn",
    "send_content",
    "transcript",
]

_MOST_EVENTS: Final = 10_000  # that wait for another process to read them


class OwnerInfo(Struct, frozen=True, rename="camel"):
    """The owner of a state directory.

    Attributes:
        agent: the default one of those that it runs.
        agents: all that it runs.
        takes_messages: one that does maintenance only takes none.
        directory: its whole path, as the owner knows it; empty where its store has none.
    """

    agent: str
    agents: tuple[str, ...]
    takes_messages: bool
    directory: str = ""


class Subscribed(Struct, frozen=True, tag=True):
    """A subscription has begun.

    Attributes:
        cursor: its place.
        behind: how many events follow that were there before.
    """

    cursor: str
    behind: int


SubscriptionValue: TypeAlias = Subscribed | tuple[SessionInfo, ...] | Event
"""Sent of a subscription; the sessions of a `CursorExpired`, of which there may be a million, come before it."""


class Owner:
    """All sessions of an agent, in the process that owns them.

    Args:
        supervisor: runs them.
        registry: the supervisor's sessions.
        pairings: the supervisor's.
        info: of this process.
        agent: whose sessions.
    """

    def __init__(
        self, supervisor: SupervisorInterface, registry: Registry, pairings: Pairings, *, info: OwnerInfo, agent: str
    ) -> None:
        self._supervisor = supervisor
        self._registry = registry
        self._pairings = pairings
        self._info = info
        self._agent = agent

    async def ping(self) -> OwnerInfo:
        """The owner's identity: its agents, its directory."""
        await checkpoint()
        return self._info

    async def sessions(
        self,
        active_since: datetime | None = None,
        prefix: str | None = None,
        owner: str | None = None,
        tag: str | None = None,
    ) -> AsyncGenerator[tuple[SessionInfo | str, ...]]:
        """All sessions, some at a time; for each that cannot be read a sentence."""
        chosen = as_filter(prefix, owner, tag, active_since)
        async with aclosing(self._registry.pages(self._agent)) as pages:
            async for page in pages:
                for chunk in in_chunks(page.sessions):
                    yield tuple(self._registry.info(each) for each in chunk if chosen.takes(each))
                if page.problems:
                    yield page.problems

    async def stored(self, *, sizes: bool = True) -> AsyncGenerator[tuple[Stored, ...]]:
        """All sessions as retention sees them, some at a time."""
        store = self._registry.runtime.store
        async with aclosing(self._registry.pages(self._agent)) as pages:
            async for page in pages:
                for chunk in in_chunks(page.sessions):
                    with reading_a_store():
                        found = [Stored.of(each, await store.size(each.key) if sizes else 0) for each in chunk]
                    yield tuple(found)

    async def events(
        self,
        limit: int = 1000,
        *,
        after: str | None = None,
        session: str | None = None,
        agent: str | None = None,
        owner: str | None = None,
    ) -> AsyncGenerator[SubscriptionValue]:
        """See `Supervisor.events`; the process that reads them has a buffer of its own, as long as it likes."""
        here = min(limit, _MOST_EVENTS)
        async with self._supervisor.events(here, after=after, session=session, agent=agent, owner=owner) as events:
            yield Subscribed(events.cursor, events.behind)
            async for event in events:
                if isinstance(event, CursorExpired):
                    for chunk in in_chunks(event.sessions):
                        yield tuple(chunk)
                    yield structs.replace(event, sessions=())
                else:
                    yield event

    async def owed(self, channel: str | None = None) -> tuple[OwedMessage, ...]:
        """See `Supervisor.owed`."""
        return await self._supervisor.owed(channel)

    async def drop(self, session: str, agent: str, number: int, reason: str) -> None:
        """See `Supervisor.drop`."""
        await self._supervisor.drop(session, number, reason, agent=agent)

    async def retry_delivery(self, session: str, agent: str, number: int) -> None:
        """See `Supervisor.retry_delivery`."""
        await self._supervisor.retry_delivery(session, number, agent=agent)

    async def route(self, address: Address) -> Route:
        """See `Supervisor.route`."""
        return await self._supervisor.route(address)

    async def pairings(self) -> PairingBook:
        """See `PairingDesk.book`."""
        return await self._supervisor.pairing.book()

    async def change_pairing(self, change: Change) -> PairingBook:
        """The book after a change, which is durable."""
        return await self._pairings.change(change)

    async def all_approvals(self) -> tuple[Approval, ...]:
        """See `Supervisor.approvals`."""
        return await self._supervisor.approvals()

    async def backup(self, target: Path) -> int:
        """See `Supervisor.backup`."""
        with reading_a_store():
            return await self._registry.runtime.store.backup(target)


async def cancel_turn(session: Session, message_id: str) -> bool:
    """End the turn of a message, and no other."""
    turn = await session.turn(message_id)
    return turn is not None and await turn.cancel()


class Commanded(Struct, frozen=True, rename="camel"):
    """The answer to a text command; the id is that of the next message, where it had one behind it."""

    command: str
    is_done: bool
    text: str
    message_id: str | None


async def command(
    session: Session,
    content: str,
    *,
    by: str | None = None,
    message_id: str | None = None,
    address: Address | None = None,
    sender: str | None = None,
) -> Commanded:
    """Obey a text command."""
    answer = await session.command(content, by=by, message_id=message_id, address=address, sender=sender)
    if answer is None:
        raise InputError(f"{content!a:.60} is no text command; send it as a message")
    turn = answer.turn
    return Commanded(answer.command, answer.is_done, answer.text, turn.message_id if turn is not None else None)


async def send_content(
    session: Session,
    path: Path,
    *,
    message_id: str | None = None,
    address: Address | None = None,
    sender: str | None = None,
    patience: float = 0.0,
    owner: str | None = None,
) -> Turn:
    """Accept the message of the user whose content is in a file."""
    content = await anyio.to_thread.run_sync(read_content, path)
    return await session.send(
        content, message_id=message_id, address=address, sender=sender, patience=patience, owner=owner
    )


async def append_content(
    session: Session,
    path: Path,
    *,
    role: Role = "user",
    message_id: str | None = None,
    address: Address | None = None,
    sender: str | None = None,
) -> Message:
    """Accept the message whose content is in a file, and which asks for no reply."""
    content = await anyio.to_thread.run_sync(read_content, path)
    return await session.append(content, role=role, message_id=message_id, address=address, sender=sender)


async def attachment(session: Session, sha256: str, path: Path) -> None:
    """Write bytes of the session into an empty file."""
    data = await session.attachment(sha256)
    await anyio.to_thread.run_sync(write_bytes, [data], path)


async def adopt(session: Session, path: Path) -> SessionInfo:
    """Make the session of the transcript in a file."""
    return await session.adopt(await anyio.to_thread.run_sync(read_transcript, path))


async def transcript(session: Session, path: Path) -> None:
    """Write the session's transcript into an empty file."""
    found = await session.transcript()
    await anyio.to_thread.run_sync(partial(write_transcript, found, path))
