"""Sessions: listed, made, looked at, changed and deleted."""

from typing import Annotated

from msgspec import Meta, structs

from argentos.actors import SessionInfo
from argentos.actors.info import SessionStatus
from argentos.errors import StoreDamagedError, StoreVersionError
from argentos.gateway.api.call import AgentParameters, Body, Call, Id, SessionParameters
from argentos.gateway.api.routes import PREFIX, Route
from argentos.gateway.index.queries import SearchQuery, SearchResult, SessionPage, SessionQuery

__all__ = ["ROWS"]

_SESSION = f"{PREFIX}/sessions/{{session}}"


class ListParameters(AgentParameters, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A choice of sessions; what is left out takes all.

    Attributes:
        status: those that do this, in one word, as `working`.
        state: those in this state of the machine.
        channel: those with a message of this channel.
        owner: those of this owner.
        tag: those that have this tag.
        text: those with these words in id, title or tags; words in quotes belong together.
        archived: those that are, or those that are not.
        limit: so many at most.
        after: the `next` of the page in front.
    """

    status: SessionStatus | None = None
    state: str | None = None
    channel: str | None = None
    owner: str | None = None
    tag: str | None = None
    text: str | None = None
    archived: bool = False
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    after: str | None = None


class SearchParameters(AgentParameters, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Words that are looked for.

    Attributes:
        agent: in the sessions of this agent; by default in those of all.
        text: words, all of which a message has to contain; capitals do not matter, words in quotes belong together.
        session: in the session of this id alone.
        owner: in those of this owner.
        limit: so many messages at most.
    """

    text: str
    session: str | None = None
    owner: str | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 50


class NewSession(Body, frozen=True, kw_only=True):
    """A session that is made by hand.

    Attributes:
        id: by default one is made up.
        title: see the changes of a session, as all that follow.
    """

    id: Id | None = None
    title: str | None = None
    tags: tuple[str, ...] | None = None
    owner: str | None = None
    system: str | None = None


class SessionChanges(Body, frozen=True, kw_only=True):
    """Changes of a session; what is left out stays as it is, and what is empty is removed.

    Attributes:
        title: a name to show.
        tags: all of them, at most 64.
        owner: the id of the user whose session it is.
        system: a system prompt in the place of the agent's; at most 100,000 characters.
        pinned: lists show it in front of the others.
        archived: lists leave it out, unless they are asked for it.
        read: the number of the last message that a person has read.
    """

    title: str | None = None
    tags: tuple[str, ...] | None = None
    owner: str | None = None
    system: str | None = None
    pinned: bool | None = None
    archived: bool | None = None
    read: Annotated[int, Meta(ge=0)] | None = None


class Deletion(SessionParameters, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Parameters of a deletion.

    Attributes:
        set_aside: also what was set aside of it as damaged.
    """

    set_aside: bool = False


async def list_sessions(call: Call, given: ListParameters) -> SessionPage:
    """List sessions, pinned ones first, then those with the latest activity."""
    page = await call.sessions.page(SessionQuery(**structs.asdict(given)))
    if call.caller.owner is not None:
        return page  # who writes to others is none of its business
    try:
        pairings = (await call.sessions.pairing.book()).told_of(each.id for each in page.sessions)
    except (StoreDamagedError, StoreVersionError) as error:
        return structs.replace(page, problems=(*page.problems, str(error)))
    return structs.replace(page, pairings=pairings)


async def search_messages(call: Call, given: SearchParameters) -> SearchResult:
    """Find messages by words, also those that have left the context, the latest first."""
    return await call.sessions.search(SearchQuery(**structs.asdict(given)))


async def new_session(call: Call, given: AgentParameters, body: NewSession) -> SessionInfo:
    """Make a session that stays Created until its first message."""
    return await call.sessions.create(
        body.id, agent=given.agent, title=body.title, tags=body.tags, owner=body.owner, system=body.system
    )


async def session_info(call: Call, given: SessionParameters) -> SessionInfo:
    """Show a session as it stands."""
    return await (await call.session(given)).info()


async def update_session(call: Call, given: SessionParameters, body: SessionChanges) -> SessionInfo:
    """Change what a session is called, found by and shown as, or its system prompt."""
    return await call.sessions.update(
        given.session,
        agent=given.agent,
        title=body.title,
        tags=body.tags,
        owner=body.owner,
        system=body.system,
        pinned=body.pinned,
        archived=body.archived,
        read=body.read,
    )


async def delete_session(call: Call, given: Deletion) -> None:
    """Delete a session, every copy of it; a turn that runs is ended."""
    await (await call.session(given)).delete(set_aside=given.set_aside)


ROWS = (
    Route("GET", f"{PREFIX}/sessions", list_sessions, scope="read"),
    Route("GET", f"{PREFIX}/search", search_messages, scope="read"),
    Route("POST", f"{PREFIX}/sessions", new_session, scope="write", statuses={SessionInfo: 201}),
    Route("GET", _SESSION, session_info, scope="read"),
    Route("PATCH", _SESSION, update_session, scope="write"),
    Route("DELETE", _SESSION, delete_session, scope="admin"),
)
