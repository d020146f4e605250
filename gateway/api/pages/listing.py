"""Lists of sessions, a page at a time."""

import base64
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from argentos.actors import SessionInfo
from argentos.errors import InputError
from argentos.gateway.access.view import OwnedSessions
from argentos.gateway.api.call import AgentParameters

__all__ = ["SessionPage", "SessionQuery", "page_of_sessions"]


class SessionQuery(AgentParameters, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A choice of sessions; what is left out takes all.

    Attributes:
        state: the word for what they do, as `working`: the `status` of a session.
        channel: through which a message came.
        owner: whose they are.
        tag: that they have.
        text: in their id, title or tags; capitals do not matter.
        archived: the archived ones alone.
        limit: so many at most.
        after: the `next` of the page in front.
    """

    state: str | None = None
    channel: str | None = None
    owner: str | None = None
    tag: str | None = None
    text: str | None = None
    archived: bool = False
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    after: str | None = None


class SessionPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of sessions, pinned ones first, then those with the latest activity.

    Attributes:
        next: the `after` of the page behind; None where there is none.
        total: how many there are on all pages.
        counts: how many of each status there are, of whatever status is asked for.
        problems: a sentence for each session that cannot be read.
    """

    sessions: tuple[SessionInfo, ...]
    next: str | None
    total: int
    counts: dict[str, int]
    problems: tuple[str, ...]


async def page_of_sessions(sessions: OwnedSessions, query: SessionQuery) -> SessionPage:
    """A page of the sessions as they stand."""
    problems: list[str] = []
    listed = await sessions.list(agent=query.agent, owner=query.owner, tag=query.tag, on_problem=problems.append)
    found = [each for each in listed if _is_chosen(each, query)]
    counts: Counter[str] = Counter(each.status for each in found)
    if query.state is not None:
        found = [each for each in found if each.status == query.state]
    total = len(found)
    if query.after is not None:
        behind = _read(query.after).key
        found = [each for each in found if _place(each).key > behind]
    found.sort(key=lambda each: _place(each).key)
    return SessionPage(
        sessions=tuple(found[: query.limit]),
        next=_cursor(found[query.limit - 1]) if len(found) > query.limit else None,
        total=total,
        counts=dict(counts),
        problems=tuple(problems),
    )


def _is_chosen(info: SessionInfo, query: SessionQuery) -> bool:
    return (
        info.archived == query.archived
        and (query.channel is None or query.channel in info.channels)
        and (query.text is None or any(query.text.casefold() in each.casefold() for each in _texts_of(info)))
    )


def _texts_of(info: SessionInfo) -> Iterable[str]:
    return (info.id, info.title, *info.tags)


class _Place(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The place of a session in a list."""

    is_pinned: bool
    last_activity: datetime
    session: str

    @property
    def key(self) -> tuple[bool, float, str]:
        """The order of places: what comes first is the smallest."""
        return not self.is_pinned, -self.last_activity.timestamp(), self.session


def _place(info: SessionInfo) -> _Place:
    return _Place(info.pinned, info.last_activity, info.id)


def _cursor(info: SessionInfo) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(_place(info))).decode()


def _read(cursor: str) -> _Place:
    """The place that a cursor names.

    Raises:
        InputError: it names none.
    """
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor.encode()), type=_Place)
    except ValueError:
        raise InputError(f"{cursor!a:.100} is no cursor; give the `next` of a page, or none for the first") from None
