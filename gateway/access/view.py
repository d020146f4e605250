"""The sessions as one caller sees them: the one place where owners are held apart.

For a caller that is bound to an owner a session of somebody else is one that does not exist.
"""

import builtins
import uuid
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, suppress
from hashlib import blake2b
from typing import Final, TypeAlias

from msgspec import structs

from argentos.actors import (
    Approval,
    OwedMessage,
    PairingDesk,
    RemoteSupervisor,
    Session,
    SessionInfo,
    Subscription,
    Supervisor,
    Turn,
)
from argentos.actors.core.decisions.decider import not_found
from argentos.errors import MissingExtraError, ScopeError, SessionExistsError, SessionNotFoundError, StoreDamagedError
from argentos.gateway.access.caller import Caller
from argentos.gateway.access.limits.sessions import NewSessions
from argentos.gateway.access.limits.settings import Limits
from argentos.gateway.index.plain import plain_page
from argentos.gateway.index.queries import SearchQuery, SearchResult, SessionPage, SessionQuery, checked_list
from argentos.gateway.index.session_index import SessionIndex
from argentos.storage import Address, ContentLike

__all__ = ["AnySupervisor", "OwnedSessions", "Views"]

AnySupervisor: TypeAlias = Supervisor | RemoteSupervisor
"""One of this process, or one in the process that owns the state directory."""

_SOME_UNREADABLE: Final = "some sessions cannot be read; whoever runs the gateway can see which"


class Views:
    """The views of a supervisor's sessions, one for each caller.

    Args:
        supervisor: whose sessions they are.
        limits: of how many sessions callers make.

    Attributes:
        index: of the sessions, while it is open; None where there is none, as of those that another process runs.
    """

    def __init__(self, supervisor: AnySupervisor, limits: Limits | None = None) -> None:
        self.index: SessionIndex | None = None
        self._supervisor = supervisor
        self._new = NewSessions(limits or Limits(), self._counts)

    def of(self, caller: Caller) -> "OwnedSessions":
        """The sessions as a caller sees them."""
        return OwnedSessions(self._supervisor, caller, self._new, self.index)

    async def _counts(self) -> AsyncIterator[int]:
        """The numbers of all sessions, some at a time."""
        if isinstance(self._supervisor, RemoteSupervisor):
            yield len(await self._supervisor.list())
            return
        for agent in self._supervisor.agents:
            async for page in self._supervisor.catalogue.pages(agent):
                yield len(page.sessions)


class OwnedSessions:
    """The sessions that a caller sees: those of its owner, or all where it is bound to none.

    Args:
        sessions: all there are.
        caller: who asks.
        new: limits how many are made.
        index: of the sessions, where there is one.
    """

    def __init__(
        self, sessions: AnySupervisor, caller: Caller, new: NewSessions, index: SessionIndex | None = None
    ) -> None:
        self._sessions = sessions
        self.caller = caller
        self._new = new
        self._index = index

    @property
    def by(self) -> str:
        """The name under which the caller decides about calls of tools, whatever it says of itself."""
        return self.caller.owner or self.caller.name

    # One session ------------------------------------------------------------------------------------------------

    async def session(self, session_id: str, *, agent: str | None = None) -> Session:
        """A session; where the caller sees all, its methods tell whether there is one.

        Raises:
            InputError: the id cannot be used, or there is no such agent.
            SessionNotFoundError: there is none of the owner to whom the caller is bound.
        """
        session = self._sessions.session(session_id, agent=agent)
        if self.caller.owner is not None:
            info = await self._find(session)
            if info is None or info.owner != self.caller.owner:
                raise not_found(session.key)
        return session

    async def send(
        self,
        session_id: str,
        content: ContentLike,
        *,
        agent: str | None = None,
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
    ) -> Turn:
        """Send a message, which makes its session where the caller is not bound to an owner; see `Session.send`.

        Args:
            session_id: of the session.
            content: of the message.
            agent: whose session.
            message_id: unique in the session.
            address: of the message; a bound caller has none to choose, for replies would go there.
            sender: likewise.

        Raises:
            InputError, MessageTooLargeError, MailboxFullError: see `Session.send`.
            SessionNotFoundError: see `session`; also where the session is deleted meanwhile.
            ScopeError: the caller is bound, and chooses an address or a sender.
            RateLimitedError, TooManySessionsError: no more sessions are made.
        """
        owner = self.caller.owner
        if owner is not None and (address is not None or sender is not None):
            raise self._bound("says where its messages come from")
        session = await self.session(session_id, agent=agent)
        if owner is None and await self._find(session) is None:
            await self._new.take(self.caller.name)
        return await session.send(content, message_id=message_id, address=address, sender=sender, owner=owner)

    async def conversation(self, name: str, *, agent: str | None = None, system: str | None = None) -> Session:
        """A session by a name of the caller's own, made where there is none, for a message that is sent to it.

        For a caller that is bound to none the name is the id. For one that is, it is that of one of the owner's
        sessions, or means something among these alone, as its title.

        Args:
            name: of the session.
            agent: whose.
            system: the system prompt that the session has from now on; None leaves it as it is.

        Raises:
            InputError: the name or the prompt cannot be used, or there is no such agent.
            RateLimitedError, TooManySessionsError: no more sessions are made.
        """
        owner = self.caller.owner
        session = self._sessions.session(name, agent=agent)
        info = await self._find(session)
        if owner is not None and (info is None or info.owner != owner):
            session = self._sessions.session(_own_id(owner, name), agent=agent)
            info = await self._find(session)
        if info is None:
            await self._new.take(self.caller.name)
            with suppress(SessionExistsError):  # another request was quicker
                await session.create(title=None if owner is None else name, owner=owner, system=system)
                return session
        elif info.owner != (owner or info.owner):
            raise not_found(session.key)
        if system is not None and (info is None or info.system != system):
            await session.update(system=system)
        return session

    async def create(
        self,
        session_id: str | None = None,
        *,
        agent: str | None = None,
        title: str | None = None,
        tags: Collection[str] | None = None,
        owner: str | None = None,
        system: str | None = None,
    ) -> SessionInfo:
        """Make a session by hand; see `Session.create`.

        Args:
            session_id: by default one is made up; a bound caller chooses none, for it would learn which are taken.
            agent: whose.
            title: to show.
            tags: to find it by.
            owner: whose it is; always the caller's own where it is bound.
            system: its system prompt.

        Raises:
            ScopeError: the caller is bound, and chooses an id or another owner.
            RateLimitedError, TooManySessionsError: no more sessions are made.
        """
        session = self._sessions.session(self._new_id(session_id), agent=agent)
        owner = self._own(owner)
        await self._new.take(self.caller.name)
        return await session.create(title=title, tags=tags, owner=owner, system=system)

    async def update(
        self,
        session_id: str,
        *,
        agent: str | None = None,
        title: str | None = None,
        tags: Collection[str] | None = None,
        owner: str | None = None,
        system: str | None = None,
        pinned: bool | None = None,
        archived: bool | None = None,
        read: int | None = None,
    ) -> SessionInfo:
        """Change a session; see `Session.update`.

        Raises:
            SessionNotFoundError: see `session`.
            ScopeError: the caller is bound, and gives the session away.
        """
        session = await self.session(session_id, agent=agent)
        return await session.update(
            title=title,
            tags=tags,
            owner=None if owner is None else self._own(owner),
            system=system,
            pinned=pinned,
            archived=archived,
            read=read,
        )

    async def fork(
        self, session_id: str, new_id: str | None = None, *, at: int | str | None = None, agent: str | None = None
    ) -> SessionInfo:
        """Make another session of a part of one; see `Session.fork`. It has the same owner.

        Raises:
            SessionNotFoundError: see `session`.
            ScopeError: the caller is bound, and chooses an id.
            RateLimitedError, TooManySessionsError: no more sessions are made.
        """
        session = await self.session(session_id, agent=agent)
        new_id = self._new_id(new_id)
        await self._new.take(self.caller.name)
        return await session.fork(new_id, at=at)

    # All of them ------------------------------------------------------------------------------------------------

    async def list(
        self,
        *,
        agent: str | None = None,
        owner: str | None = None,
        tag: str | None = None,
        prefix: str | None = None,
        on_problem: Callable[[str], None],
    ) -> builtins.list[SessionInfo]:
        """The sessions of an agent, those with the latest activity first; see `Supervisor.list`."""
        if self.caller.owner is None:
            return await self._sessions.list(agent=agent, owner=owner, tag=tag, prefix=prefix, on_problem=on_problem)
        problems: builtins.list[str] = []
        if not self._owns(owner):
            return []
        found = await self._sessions.list(
            agent=agent, owner=self.caller.owner, tag=tag, prefix=prefix, on_problem=problems.append
        )
        if problems:
            on_problem(_SOME_UNREADABLE)
        return found

    async def page(self, query: SessionQuery) -> SessionPage:
        """A page of the sessions of an agent; see `SessionIndex.page`.

        Raises:
            InputError: something of the query cannot be used.
            StoreError: the store or the index cannot be read.
        """
        query = checked_list(query)
        agent = self._sessions.session("any", agent=query.agent).key.agent  # which is refused where there is none
        query = structs.replace(query, agent=agent)
        problems: builtins.list[str] = []
        if self._index is None or not self._owns(query.owner):
            listed = await self.list(agent=query.agent, owner=query.owner, tag=query.tag, on_problem=problems.append)
            return plain_page(listed, query, problems)
        page = await self._index.page(structs.replace(query, owner=self.caller.owner or query.owner))
        if self.caller.owner is None or not page.problems:
            return page
        return structs.replace(page, problems=(_SOME_UNREADABLE,))

    async def search(self, query: SearchQuery) -> SearchResult:
        """Messages that have certain words; see `SessionIndex.search`.

        Raises:
            InputError: something of the query cannot be used.
            MissingExtraError: there is no index.
            StoreError: the index cannot be read.
        """
        if self._index is None:
            raise MissingExtraError(
                "there is no index of messages here, for another process runs the sessions, or SQLite is too old;"
                " `argent sessions search` goes without"
            )
        if not self._owns(query.owner):
            return SearchResult(hits=())
        return await self._index.search(structs.replace(query, owner=self.caller.owner or query.owner))

    async def approvals(self) -> tuple[Approval, ...]:
        """The calls of tools that wait for a person's word, the oldest first."""
        found = await self._sessions.approvals()
        if self.caller.owner is None:
            return found
        own: set[tuple[str, str]] = set()
        for agent in {each.agent for each in found}:
            own |= {(agent, each.id) for each in await self._sessions.list(agent=agent, owner=self.caller.owner)}
        return tuple(each for each in found if (each.agent, each.session) in own)

    async def owed(self, channel: str | None = None) -> tuple[OwedMessage, ...]:
        """The messages that are owed to channels; see `Supervisor.owed`.

        Raises:
            ScopeError: the caller is bound to an owner.
        """
        self.caller.check_unbound()
        return await self._sessions.owed(channel)

    async def drop(self, session_id: str, number: int, *, agent: str | None = None) -> None:
        """Give up a message that is owed to a channel; see `Supervisor.drop`.

        Raises:
            ScopeError: the caller is bound to an owner.
        """
        self.caller.check_unbound()
        await self._sessions.drop(session_id, number, f"{self.by} has given it up", agent=agent)

    async def retry_delivery(self, session_id: str, number: int, *, agent: str | None = None) -> None:
        """Have a message owed again that was given up; see `Supervisor.retry_delivery`.

        Raises:
            ScopeError: the caller is bound to an owner.
        """
        self.caller.check_unbound()
        await self._sessions.retry_delivery(session_id, number, agent=agent)

    @property
    def pairing(self) -> PairingDesk:
        """The desk for pairings, which are the business of all owners together.

        Raises:
            ScopeError: the caller is bound to an owner.
        """
        self.caller.check_unbound()
        return self._sessions.pairing

    def events(
        self, limit: int = 1000, *, after: str | None = None, session: str | None = None, agent: str | None = None
    ) -> AbstractAsyncContextManager[Subscription]:
        """Events from now on, or behind a cursor; see `Supervisor.events`."""
        return self._sessions.events(limit, after=after, session=session, agent=agent, owner=self.caller.owner)

    # --------------------------------------------------------------------------------------------------------------

    async def _find(self, session: Session) -> SessionInfo | None:
        """The session as a list shows it; None where there is none, or it cannot be read."""
        if isinstance(self._sessions, Supervisor):
            found = (await self._sessions.catalogue.find([session.key])).sessions
            return found[0] if found else None
        with suppress(SessionNotFoundError, StoreDamagedError):
            return await session.info()
        return None

    def _owns(self, owner: str | None) -> bool:
        """Tell whether the caller may see anything of this owner."""
        return self.caller.owner is None or owner in {None, self.caller.owner}

    def _new_id(self, chosen: str | None) -> str:
        if chosen is not None and self.caller.owner is not None:
            raise self._bound("chooses the ids of its sessions")
        return chosen or uuid.uuid4().hex

    def _own(self, owner: str | None) -> str | None:
        if self.caller.owner is None or owner == self.caller.owner:
            return owner
        if owner is not None:
            raise self._bound("gives its sessions to others")
        return self.caller.owner

    def _bound(self, what: str) -> ScopeError:
        return ScopeError(f"token {self.caller.name!a} is bound to an owner, and none such {what}; leave that out")


def _own_id(owner: str, name: str) -> str:
    """The id of the session that callers of an owner call so; nobody else comes upon it."""
    key = blake2b(owner.encode(), digest_size=32).digest()
    return blake2b(name.encode(), key=key, digest_size=16).hexdigest()
