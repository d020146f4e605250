"""Questions to the index, and what it answers."""

from datetime import datetime
from typing import Final

from msgspec import Struct, structs

from argentos.actors import SessionInfo, SessionPairing
from argentos.errors import InputError
from argentos.gateway.search_text import Part
from argentos.inputs import as_flag, as_id, as_text, as_whole_number
from argentos.storage import Role

__all__ = [
    "Hit",
    "SearchQuery",
    "SearchResult",
    "SessionPage",
    "SessionQuery",
    "checked_list",
    "checked_search",
]

_MOST: Final = 1000  # sessions on a page, or messages found
_LONGEST: Final = 1000  # characters that are searched for


class SessionQuery(Struct, frozen=True, kw_only=True, rename="camel"):
    """A choice of sessions; None takes all.

    Attributes:
        agent: those of this agent.
        status: those that do this, in one word: see `SessionInfo.status`.
        state: those in this state of the machine, now.
        channel: those with a message of this channel.
        owner: those of this owner.
        tag: those that have this tag.
        text: those with these words in id, title or tags; see `SearchQuery`.
        archived: those that are, or those that are not.
        limit: so many, at most 1,000.
        after: the `next` of the page before; None for the first page.
    """

    agent: str | None = None
    status: str | None = None
    state: str | None = None
    channel: str | None = None
    owner: str | None = None
    tag: str | None = None
    text: str | None = None
    archived: bool | None = None
    limit: int = 100
    after: str | None = None


class SessionPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of sessions: pinned ones first, then those with the latest activity.

    Attributes:
        next: gives the page behind this one; None where it is the last.
        total: how many the query chooses, on all pages.
        counts: how many there are of each status, whichever of them is asked for; `states` likewise.
        problems: sentences about sessions that cannot be read, and about an index that is not whole.
        pairings: who writes to these sessions directly, and which of them were joined to others, by their ids; only of
            those of which there is something to tell.
    """

    sessions: tuple[SessionInfo, ...]
    next: str | None
    total: int
    counts: dict[str, int]
    states: dict[str, int]
    problems: tuple[str, ...] = ()
    pairings: dict[str, SessionPairing] = {}


class SearchQuery(Struct, frozen=True, kw_only=True, rename="camel"):
    """Words to find in messages.

    Attributes:
        text: words, all of which a message has to contain, anywhere, also within others; capitals do not matter. Those
            in quotes belong together.
        agent: in the sessions of this agent; None for all.
        session: in those of this id.
        owner: in those of this owner.
        limit: so many messages, at most 1,000.
    """

    text: str
    agent: str | None = None
    session: str | None = None
    owner: str | None = None
    limit: int = 50


class Hit(Struct, frozen=True, kw_only=True, rename="camel"):
    """A message that was found.

    Attributes:
        title: of its session.
        number: of the message.
        at: when it was accepted.
        snippet: the text around the first word that was found, in parts.
    """

    agent: str
    session: str
    title: str
    number: int
    role: Role
    at: datetime
    snippet: tuple[Part, ...]


class SearchResult(Struct, frozen=True, kw_only=True, rename="camel"):
    """Messages that were found, the latest first.

    Attributes:
        is_complete: all messages were looked at, or so many found as were asked for.
        progress: a sentence that says what was not looked at; empty where it is complete.
    """

    hits: tuple[Hit, ...]
    is_complete: bool = True
    progress: str = ""


def checked_list(query: SessionQuery) -> SessionQuery:
    """The query, its values as they can be compared.

    Raises:
        InputError: one of them is none.
    """
    return structs.replace(
        query,
        agent=_id(query.agent, "the agent's name"),
        status=None if query.status is None else as_text(query.status, "the status"),
        state=None if query.state is None else as_text(query.state, "the state"),
        channel=_id(query.channel, "the channel"),
        owner=_id(query.owner, "the owner"),
        tag=_id(query.tag, "the tag"),
        text=None if query.text is None else _text(query.text),
        archived=None if query.archived is None else as_flag(query.archived, "archived"),
        limit=as_whole_number(query.limit, "the limit", 1, _MOST),
        after=None if query.after is None else as_text(query.after, "the cursor"),
    )


def checked_search(query: SearchQuery) -> SearchQuery:
    """The query, its values as they can be compared.

    Raises:
        InputError: one of them is none.
    """
    return structs.replace(
        query,
        text=_text(query.text),
        agent=_id(query.agent, "the agent's name"),
        session=_id(query.session, "the session id"),
        owner=_id(query.owner, "the owner"),
        limit=as_whole_number(query.limit, "the limit", 1, _MOST),
    )


def _id(value: str | None, what: str) -> str | None:
    return None if value is None else as_id(value, what)


def _text(value: str) -> str:
    text = as_text(value, "the text")
    if len(text) > _LONGEST:
        raise InputError(f"the text has {len(text)} characters; {_LONGEST:,} is the most that is searched for")
    return text
