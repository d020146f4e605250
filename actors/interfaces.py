"""The sessions of a state directory as their users see them, whichever process runs them.

A method's signature, its docstring and the checks of its arguments stand here; `Supervisor` and `RemoteSupervisor` say
how it is done.
"""

import builtins
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from anyio.lowlevel import checkpoint

from argentos.actors.approvals import Approval
from argentos.actors.events import EventFilter, Subscription
from argentos.actors.info import Latest, SessionFilter, SessionInfo
from argentos.actors.outbox.outbox import OwedMessage
from argentos.actors.pairing.desk import PairingDesk
from argentos.actors.retention import Stored
from argentos.actors.routing.delivering import Delivering
from argentos.actors.sessions.session import Session
from argentos.actors.validation import as_filter, as_reason
from argentos.inputs import as_flag, as_id, as_name, as_path, as_whole_number
from argentos.storage import SessionKey

__all__ = ["SupervisorInterface"]

_MOST_EVENTS: Final = 10_000_000  # that a subscription holds
_MOST_LISTED: Final = 2**53
_MOST_MESSAGES: Final = 2**53
_log: Final = logging.getLogger(__name__)


class SupervisorInterface(Delivering, ABC):
    """The sessions of a state directory, in this process or in the one that owns it.

    Attributes:
        agent: the agent that is meant where none is named.
    """

    agent: str

    @property
    @abstractmethod
    def pairing(self) -> PairingDesk:
        """The desk for unknown senders, and for senders who are one person."""
        ...

    def session(self, session_id: str, *, agent: str | None = None) -> Session:
        """The handle of a session; nothing is read or made.

        Args:
            session_id: unique within its agent.
            agent: whose session; by default the default one's.

        Raises:
            InputError: the id cannot be used, or there is no such agent here.
        """
        return self._handle(SessionKey(self._named(agent), as_id(session_id, "the session id")))

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
        """The sessions of an agent, those with the latest activity first.

        Args:
            agent: whose; by default the default one's.
            limit: the latest so many; by default all, of which a million take about a gigabyte of memory.
            active_since: those that were active then or later.
            prefix: those whose ids begin so.
            owner: those of this owner: see `Session.update`.
            tag: those that have this tag.
            on_problem: is told, in a sentence, of each session that cannot be read; by default that is logged.
        """
        await checkpoint()
        limit = None if limit is None else as_whole_number(limit, "the limit", 0, _MOST_LISTED)
        chosen = as_filter(prefix, owner, tag, active_since)
        return await self._list(self._named(agent), chosen, Latest(limit), on_problem or _log_problem)

    async def stored(self, *, agent: str | None = None, sizes: bool = True) -> tuple[Stored, ...]:
        """All sessions of an agent as retention sees them; one that cannot be read is logged instead.

        Args:
            agent: whose; by default the default one's.
            sizes: look up how large each is, which takes a while where there are many; without, each has 0 bytes.
        """
        await checkpoint()
        return await self._stored(self._named(agent), sizes=as_flag(sizes, "sizes"))

    async def owed(self, channel: str | None = None) -> tuple[OwedMessage, ...]:
        """The messages that are owed to a channel, or to any, and those that can never be delivered; the oldest first.

        Sessions that cannot be read are left out; `list` tells of them.

        Raises:
            InputError: the channel cannot be used.
            StoreError: the store cannot be read.
            SupervisorStoppedError: the supervisor is closed.
        """
        await checkpoint()
        return await self._owed(None if channel is None else as_id(channel, "the channel"))

    async def drop(self, session_id: str, number: int, reason: str, *, agent: str | None = None) -> None:
        """Give up a message that is owed to a channel, durably; the next one of its session follows.

        A delivery that is being made meanwhile may still arrive.

        Args:
            session_id: of its session.
            number: of the message, as `owed` tells it.
            reason: a sentence that `owed` shows from then on; its first 500 characters are kept.
            agent: whose session.

        Raises:
            InputError: an argument cannot be used.
            MessageNotFoundError: it is owed to no channel.
            SessionNotFoundError, SessionParkedError: there is no such session, or it failed too often.
            StoreError: it cannot be written.
            SupervisorStoppedError: the supervisor is closed.
        """
        await checkpoint()
        key = SessionKey(self._named(agent), as_id(session_id, "the session id"))
        at = as_whole_number(number, "the number of the message", 1, _MOST_MESSAGES)
        await self._settle(key, at, as_reason(reason, may_be_empty=False))

    async def retry_delivery(self, session_id: str, number: int, *, agent: str | None = None) -> None:
        """Have a message owed again, durably, that could not be delivered or was given up.

        It is delivered before what is owed behind it, as soon as its channel has a reader.

        Args:
            session_id: of its session.
            number: of the message, as `owed` tells it.
            agent: whose session.

        Raises:
            InputError: an argument cannot be used.
            MessageNotFoundError: it was not given up, or a hundred later ones were.
            SessionNotFoundError, SessionParkedError: see `drop`.
            StoreError: it cannot be written.
            SupervisorStoppedError: the supervisor is closed.
        """
        await checkpoint()
        key = SessionKey(self._named(agent), as_id(session_id, "the session id"))
        await self._settle(key, as_whole_number(number, "the number of the message", 1, _MOST_MESSAGES), None)

    async def approvals(self) -> tuple[Approval, ...]:
        """The calls of tools that wait for a person's word, in the sessions of all agents; the oldest first.

        Sessions that cannot be read are left out; `list` tells of them. `Session.approve` and `Session.deny` decide.

        Raises:
            StoreError: the store cannot be read.
            SupervisorStoppedError: the supervisor is closed.
        """
        await checkpoint()
        return await self._approvals()

    async def backup(self, target: Path) -> int:
        """Save everything that is acknowledged at this moment, of all agents, to a new file; gives its size in bytes.

        Sessions go on meanwhile. `argent restore` makes a state directory of the file.

        Raises:
            StoreError: the file exists or cannot be written, or the store has no backups.
        """
        await checkpoint()
        return await self._backup(as_path(target, "the path of the backup"))

    @asynccontextmanager
    async def events(
        self,
        limit: int = 1000,
        *,
        after: str | None = None,
        session: str | None = None,
        agent: str | None = None,
        owner: str | None = None,
    ) -> AsyncGenerator[Subscription]:
        """Events from now on: what becomes durable in the sessions, and what the supervisor does.

        The events end when the supervisor does. Where the connection to another process is lost, what comes next is
        `OwnerLostError`: subscribe again then with `after=` the cursor of the subscription.

        Args:
            limit: a reader that falls more events behind loses the oldest, and is told how many by `EventsMissed`.
            after: the cursor of the latest event that the reader has, as before a lost connection: those behind it
                come first. Where they are not kept any more, and for an empty text, `CursorExpired` comes first, with
                all sessions as they stand.
            session: the id of the only session to hear of.
            agent: the only one whose sessions to hear of.
            owner: the only one whose sessions to hear of, see `Session.update`: of each what happens while it is his.

        Raises:
            InputError: the limit is not above zero, or an id cannot be used.
            StoreError: the sessions cannot be read for `CursorExpired`.
            SupervisorStoppedError: the supervisor is closed, or drains.
        """
        await checkpoint()
        only = EventFilter(
            None if agent is None else as_id(agent, "the agent's name"),
            None if session is None else as_id(session, "the session id"),
            None if owner is None else as_id(owner, "the owner"),
        )
        limit = as_whole_number(limit, "the limit", 1, _MOST_EVENTS)
        async with self._subscribed(only, limit, None if after is None else as_name(after, "the cursor")) as events:
            yield events

    # For the two kinds of it, which are given what was checked -----------------------------------------------

    @abstractmethod
    def _named(self, agent: str | None) -> str: ...

    @abstractmethod
    def _handle(self, key: SessionKey) -> Session: ...

    @abstractmethod
    async def _list(
        self,
        agent: str,
        chosen: SessionFilter,
        latest: Latest,
        tell: Callable[[str], None],
    ) -> builtins.list[SessionInfo]: ...

    @abstractmethod
    async def _stored(self, agent: str, *, sizes: bool) -> tuple[Stored, ...]: ...

    @abstractmethod
    async def _owed(self, channel: str | None) -> tuple[OwedMessage, ...]: ...

    @abstractmethod
    async def _settle(self, key: SessionKey, number: int, failure: str | None) -> None:
        """Note a message as given up, with the reason, or with none as owed again."""

    @abstractmethod
    async def _approvals(self) -> tuple[Approval, ...]: ...

    @abstractmethod
    async def _backup(self, target: Path) -> int: ...

    @abstractmethod
    def _subscribed(
        self, only: EventFilter, limit: int, after: str | None
    ) -> AbstractAsyncContextManager[Subscription]: ...


def _log_problem(problem: str) -> None:
    _log.warning("a session is not listed: %s", problem)
