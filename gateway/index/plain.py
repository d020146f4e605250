"""Pages of sessions without an index, as of those that another process runs: all of them are looked at for each."""

import base64
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from argentos.actors import SessionInfo
from argentos.errors import InputError
from argentos.gateway.index.queries import SessionPage, SessionQuery
from argentos.gateway.search_text import SearchText, normal

__all__ = ["plain_page"]


class _Place(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The place of a session in a list."""

    is_pinned: bool
    last_activity: datetime
    session: str

    @property
    def order(self) -> tuple[bool, float, str]:
        """The key by which places are sorted."""
        return not self.is_pinned, -self.last_activity.timestamp(), self.session


def plain_page(listed: Iterable[SessionInfo], query: SessionQuery, problems: Iterable[str]) -> SessionPage:
    """A page of sessions that were listed: pinned ones first, then those with the latest activity.

    Args:
        listed: of the agent, the owner and the tag of the query.
        query: what else is asked for, which was checked.
        problems: of the list.

    Raises:
        InputError: the cursor is none.
    """
    words = None if query.text is None else SearchText(query.text)
    found = [each for each in listed if _is_chosen(each, query, words)]
    counts, states = Counter[str](each.status for each in found), Counter(each.state for each in found)
    chosen = [each for each in found if query.status in {None, each.status} and query.state in {None, each.state}]
    behind = None if query.after is None else _read(query.after).order
    page = [each for each in chosen if behind is None or _place(each).order > behind]
    page.sort(key=lambda each: _place(each).order)
    return SessionPage(
        sessions=tuple(page[: query.limit]),
        next=_written(page[query.limit - 1]) if len(page) > query.limit > 0 else None,
        total=len(chosen),
        counts=dict(counts),
        states=dict(states),
        problems=tuple(problems),
    )


def _is_chosen(info: SessionInfo, query: SessionQuery, words: SearchText | None) -> bool:
    return (
        query.archived in {None, info.archived}
        and (query.channel is None or query.channel in info.channels)
        and (words is None or words.is_in(normal("\n".join((info.id, info.title, *info.tags)))))
    )


def _place(info: SessionInfo) -> _Place:
    return _Place(info.pinned, info.last_activity, info.id)


def _written(info: SessionInfo) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(_place(info))).decode()


def _read(cursor: str) -> _Place:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor.encode()), type=_Place)
    except ValueError:
        raise InputError(f"{cursor!a:.100} is no cursor; give the `next` of a page, or none for the first") from None
