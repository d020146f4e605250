"""Sessions: listed, made, looked at."""

import uuid

from msgspec import Struct

from argentos.actors import SessionInfo
from argentos.gateway.api.call import AgentParameters, Call, SessionParameters
from argentos.gateway.api.routes import PREFIX, Route

__all__ = ["ROWS", "NewSession", "SessionPage", "SessionQuery"]


class SessionQuery(AgentParameters, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A choice of sessions.

    Attributes:
        owner: those of this owner.
        tag: those that have this tag.
    """

    owner: str | None = None
    tag: str | None = None


class SessionPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of sessions, those with the latest activity first.

    Attributes:
        problems: a sentence for each session that cannot be read.
    """

    sessions: tuple[SessionInfo, ...]
    problems: tuple[str, ...]


class NewSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A session that is made by hand.

    Attributes:
        id: by default one is made up.
    """

    id: str | None = None
    title: str | None = None
    tags: tuple[str, ...] | None = None
    owner: str | None = None
    system: str | None = None


async def list_sessions(call: Call, given: SessionQuery) -> SessionPage:
    """List sessions."""
    problems: list[str] = []
    found = await call.sessions.list(agent=given.agent, owner=given.owner, tag=given.tag, on_problem=problems.append)
    return SessionPage(sessions=tuple(found), problems=tuple(problems))


async def new_session(call: Call, given: AgentParameters, body: NewSession) -> SessionInfo:
    """Make a session that stays Created until its first message."""
    session = call.sessions.session(body.id or uuid.uuid4().hex, agent=given.agent)
    return await session.create(title=body.title, tags=body.tags, owner=body.owner, system=body.system)


async def session_info(call: Call, given: SessionParameters) -> SessionInfo:
    """Show a session as it stands."""
    session = await call.session(given.session, given.agent)
    return await session.info()


ROWS = (
    Route("GET", f"{PREFIX}/sessions", list_sessions, scope="read"),
    Route("POST", f"{PREFIX}/sessions", new_session, scope="write", statuses={SessionInfo: 201}),
    Route("GET", f"{PREFIX}/sessions/{{session}}", session_info, scope="read"),
)
