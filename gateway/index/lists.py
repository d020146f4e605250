"""Pages of sessions: chosen, counted and in order. All of this blocks.

States are those of now: where the timer of a session is overdue, it counts as fired, though no row has changed.
"""

import base64
import sqlite3
from typing import Final, NamedTuple, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from argentos.errors import InputError
from argentos.gateway.index.queries import SessionQuery
from argentos.gateway.search_text import SearchText
from argentos.storage import SessionKey

__all__ = ["Listed", "list_page"]

Values: TypeAlias = tuple[str | int, ...]

_STATE: Final = "CASE WHEN idle_at <= ? THEN idle_state ELSE state END"
_PLACE: Final = "unpinned, inactivity, agent, session"
_LABELLED: Final = "EXISTS (SELECT 1 FROM labels WHERE labels.session = sessions.id AND kind = ? AND value = ?)"


class Listed(NamedTuple):
    """The keys of a page, the cursor behind it, and how many there are of each status and state on all pages."""

    keys: tuple[SessionKey, ...]
    next: str | None
    counts: dict[tuple[str, str], int]


class _Place(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The place of a session in a list."""

    unpinned: int
    inactivity: int
    agent: str
    session: str


def list_page(connection: sqlite3.Connection, query: SessionQuery, now: int) -> Listed:
    """A page of the sessions that a query chooses.

    Args:
        connection: to the tables.
        query: which were checked.
        now: the time.

    Raises:
        InputError: the cursor is none.
    """
    where, values = _condition(query)
    counted = connection.execute(
        f"SELECT status, {_STATE}, count(*) FROM sessions WHERE {where} GROUP BY 1, 2",  # noqa: S608 - of constants
        (now, *values),
    )
    counts = {(status, state): count for status, state, count in counted}
    if query.status is not None:
        where, values = f"{where} AND status = ?", (*values, query.status)
    if query.state is not None:
        where, values = f"{where} AND {_STATE} = ?", (*values, now, query.state)
    if query.after is not None:
        where, values = f"{where} AND ({_PLACE}) > (?, ?, ?, ?)", (*values, *astuple(_read(query.after)))
    rows = connection.execute(
        f"SELECT {_PLACE} FROM sessions WHERE {where} ORDER BY {_PLACE} LIMIT ?",  # noqa: S608 - of constants
        (*values, query.limit + 1),
    ).fetchall()
    page = [_Place(*row) for row in rows[: query.limit]]
    return Listed(
        tuple(SessionKey(each.agent, each.session) for each in page),
        _written(page[-1]) if len(rows) > len(page) else None,
        counts,
    )


def _condition(query: SessionQuery) -> tuple[str, Values]:
    """The choice, but for status and state, in SQL."""
    parts: list[tuple[str, Values]] = [
        ("agent = ?", (query.agent,)) if query.agent is not None else _ALL,
        ("owner = ?", (query.owner,)) if query.owner is not None else _ALL,
        ("archived = ?", (query.archived,)) if query.archived is not None else _ALL,
        (_LABELLED, ("tag", query.tag)) if query.tag is not None else _ALL,
        (_LABELLED, ("channel", query.channel)) if query.channel is not None else _ALL,
    ]
    if query.text is not None and query.text.strip():
        parts += [("instr(names, ?)", (each.casefold(),)) for each in SearchText(query.text).words]
    return " AND ".join(sql for sql, _ in parts), tuple(value for _, values in parts for value in values)


_ALL: Final[tuple[str, Values]] = ("TRUE", ())


def _written(place: _Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _read(cursor: str) -> _Place:
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(data, type=_Place)
    except ValueError:
        raise InputError(f"{cursor!a:.100} is no cursor; give the `next` of a page, or none for the first") from None
