"""Rows of sessions and messages, written and removed. All of this blocks, and stands in somebody's transaction."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain
from typing import Final, NamedTuple

from argentos.actors import SessionInfo
from argentos.gateway.index.purging import ask_for_purge
from argentos.gateway.index.schema import PADDING
from argentos.gateway.search_text import normal
from argentos.machines import SESSION, Transition
from argentos.machines.lifecycles.session import timer_in
from argentos.storage import Message, SessionKey

__all__ = [
    "Lacking",
    "as_number",
    "as_time",
    "bury",
    "forget",
    "forget_unseen",
    "lacking",
    "latest_walk",
    "mark_unreadable",
    "progress",
    "put_messages",
    "put_sessions",
]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_TOGETHER: Final = 500  # messages that are removed in a transaction
_COLUMNS: Final = (
    "agent, session, created_at, title, names, owner, status, state, idle_state, idle_at, unpinned, archived,"
    " inactivity, messages, walk"
)
_FIELDS: Final = _COLUMNS.split(", ")
_INSERT: Final = f"INSERT INTO sessions ({_COLUMNS}, id) VALUES (?{', ?' * len(_FIELDS)})"  # noqa: S608 - constants
_UPDATE: Final = f"UPDATE sessions SET {', '.join(f'{each} = ?' for each in _FIELDS)}, unreadable = 0 WHERE id = ?"  # noqa: S608 - constants


class Lacking(NamedTuple):
    """A session of which messages are not in the index: from number `start` up to, not including, `stop`."""

    id: int
    key: SessionKey
    start: int
    stop: int


def as_number(at: datetime) -> int:
    """A time as it stands in a row: microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def as_time(number: int) -> datetime:
    """The time of a row."""
    return _EPOCH + number * _MICROSECOND


# Sessions ------------------------------------------------------------------------------------------------------


def put_sessions(connection: sqlite3.Connection, infos: Iterable[SessionInfo], walk: int) -> list[Lacking]:
    """Write down sessions as they stand; gives those of which messages lack."""
    found = [_put_session(connection, info, walk) for info in infos]
    return [each for each in found if each is not None]


def _put_session(connection: sqlite3.Connection, info: SessionInfo, walk: int) -> Lacking | None:
    key, created_at = SessionKey(info.agent, info.id), as_number(info.created_at)
    known = connection.execute(
        "SELECT id, created_at, indexed FROM sessions WHERE agent = ? AND session = ?", key
    ).fetchone()
    if known and (known[1] != created_at or known[2] > info.messages):  # another one of this name, or an older copy
        _forget(connection, known[0])
        known = None
    values = (
        *key,
        created_at,
        info.title,
        normal("\n".join((info.id, info.title, *info.tags))).casefold(),
        info.owner,
        info.status,
        info.state,
        _idle_state(info.state),
        None if info.idle_at is None else as_number(info.idle_at),
        not info.pinned,
        info.archived,
        -as_number(info.last_activity),
        info.messages,
        walk,
    )
    row, indexed = (known[0], known[2]) if known else (_next_row(connection), 0)
    connection.execute(_UPDATE if known else _INSERT, (*values, row))
    connection.execute("DELETE FROM labels WHERE session = ?", (row,))
    labels = chain((("tag", each) for each in info.tags), (("channel", each) for each in info.channels))
    connection.executemany("INSERT INTO labels VALUES (?, ?, ?)", ((row, *each) for each in labels))
    return Lacking(row, key, indexed + 1, info.messages + 1) if indexed < info.messages else None


def _next_row(connection: sqlite3.Connection) -> int:
    """A number that no session has, nor one whose messages are still to be removed."""
    (row,) = connection.execute(
        "SELECT 1 + max(coalesce((SELECT max(id) FROM sessions), 0), coalesce((SELECT max(session) FROM removed), 0))"
    ).fetchone()
    return int(row)


class _Quiet:
    is_quiet = True


@cache
def _idle_state(state: str) -> str:
    """The state into which the timer of a state leads."""
    timer = timer_in(state)
    decision = SESSION.decide(state, timer.event, _Quiet()) if timer else None
    return decision.target if isinstance(decision, Transition) else state


def forget(connection: sqlite3.Connection, keys: Iterable[SessionKey]) -> None:
    """Remove the rows of sessions; their messages are found no more, and removed by `bury`."""
    for key in keys:
        known = connection.execute("SELECT id FROM sessions WHERE agent = ? AND session = ?", key).fetchone()
        if known:
            _forget(connection, known[0])


def latest_walk(connection: sqlite3.Connection) -> int:
    """The number of the latest walk of which there is a row."""
    (walk,) = connection.execute("SELECT coalesce(max(walk), 0) FROM sessions").fetchone()
    return int(walk)


def forget_unseen(connection: sqlite3.Connection, walk: int) -> bool:
    """Remove some of the sessions that a walk has not met; tells whether there were any."""
    unseen = connection.execute("SELECT id FROM sessions WHERE walk != ? LIMIT ?", (walk, _TOGETHER)).fetchall()
    for (row,) in unseen:
        _forget(connection, row)
    return bool(unseen)


def _forget(connection: sqlite3.Connection, row: int) -> None:
    connection.execute("DELETE FROM sessions WHERE id = ?", (row,))
    connection.execute("DELETE FROM labels WHERE session = ?", (row,))
    connection.execute("INSERT INTO removed VALUES (?)", (row,))


# Messages ------------------------------------------------------------------------------------------------------


def progress(connection: sqlite3.Connection) -> tuple[int, int]:
    """The number of sessions whose messages are all there, and that of all sessions."""
    done, there = connection.execute(
        "SELECT count(*) FILTER (WHERE indexed = messages), count(*) FROM sessions"
    ).fetchone()
    return int(done), int(there)


def lacking(connection: sqlite3.Connection, most: int) -> list[Lacking]:
    """Sessions of which messages lack, those with the latest activity first; but not those that cannot be read."""
    found = connection.execute(
        "SELECT id, agent, session, indexed + 1, messages + 1 FROM sessions WHERE indexed < messages AND NOT unreadable"
        " ORDER BY inactivity LIMIT ?",
        (most,),
    )
    return [Lacking(row, SessionKey(agent, session), start, stop) for row, agent, session, start, stop in found]


def put_messages(connection: sqlite3.Connection, row: int, messages: Sequence[Message], stop: int) -> None:
    """Write down messages of a session, which is known then up to the number before `stop`; its row may be gone."""
    known = connection.execute("SELECT indexed FROM sessions WHERE id = ?", (row,)).fetchone()
    if known is None:
        return
    for message in messages:
        if message.number <= known[0] or not message.text:
            continue
        place = (row, message.number, message.role, as_number(message.at))
        made = connection.execute("INSERT INTO messages (session, number, role, at) VALUES (?, ?, ?, ?)", place)
        connection.execute(
            "INSERT INTO texts (rowid, text) VALUES (?, ?)", (made.lastrowid, normal(message.text) + PADDING)
        )
    connection.execute("UPDATE sessions SET indexed = max(indexed, ?) WHERE id = ?", (stop - 1, row))


def mark_unreadable(connection: sqlite3.Connection, row: int) -> None:
    """Ask no more for the messages of a session, until it changes or the next walk."""
    connection.execute("UPDATE sessions SET unreadable = 1 WHERE id = ?", (row,))


def bury(connection: sqlite3.Connection) -> bool:
    """Remove some messages of sessions whose rows are gone; tells whether there were any."""
    gone = connection.execute("SELECT session FROM removed LIMIT 1").fetchone()
    if gone is None:
        return False
    found = connection.execute("SELECT id FROM messages WHERE session = ? LIMIT ?", (*gone, _TOGETHER)).fetchall()
    if found:
        ask_for_purge(connection)
    connection.executemany("DELETE FROM texts WHERE rowid = ?", found)
    connection.executemany("DELETE FROM messages WHERE id = ?", found)
    if len(found) < _TOGETHER:
        connection.execute("DELETE FROM removed WHERE session = ?", gone)
    return True
