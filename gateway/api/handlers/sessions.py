"""Sessions: listed, made, looked at, changed and deleted."""

from typing import Annotated

from msgspec import Meta

from argentos.actors import SessionInfo
from argentos.gateway.api.call import AgentParameters, Body, Call, SessionParameters
from argentos.gateway.api.pages.listing import SessionPage, SessionQuery, page_of_sessions
from argentos.gateway.api.routes import PREFIX, Route

__all__ = ["ROWS"]

_SESSION = f"{PREFIX}/sessions/{{session}}"


class NewSession(Body, frozen=True, kw_only=True):
    """A session that is made by hand.

    Attributes:
        id: by default one is made up.
        title: see the changes of a session, as all that follow.
    """

    id: str | None = None
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


async def list_sessions(call: Call, given: SessionQuery) -> SessionPage:
    """List sessions, pinned ones first, then those with the latest activity."""
    return await page_of_sessions(call.sessions, given)


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
    Route("POST", f"{PREFIX}/sessions", new_session, scope="write", statuses={SessionInfo: 201}),
    Route("GET", _SESSION, session_info, scope="read"),
    Route("PATCH", _SESSION, update_session, scope="write"),
    Route("DELETE", _SESSION, delete_session, scope="write"),
)
