"""Messages that have certain words, the latest first. All of this blocks.

The latest messages are looked at first, for words that are common stand in some of them; then those that can have the
words, by their trigrams. A search that would take too long is cut off, and says so.
"""

import sqlite3
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from argentos.gateway.index.expressions import expression
from argentos.gateway.index.queries import Hit, SearchQuery, SearchResult
from argentos.gateway.index.rows import as_time
from argentos.gateway.index.schema import PADDING
from argentos.gateway.search_text import SearchText
from argentos.storage import Role

__all__ = ["search"]

_FEW: Final = 2000  # messages that are looked at in a moment
_LATEST_ONES: Final = 1000  # messages, of which many have a common word
_ROUND: Final = 200  # messages, of which nearly all will have the words; ten times as many in the next round
_LONGEST: Final = 2.0  # seconds
_STEPS: Final = 10_000  # of SQLite's machine between two looks at the clock
_CUT: Final = "the search took too long, and was ended before all messages were looked at; give more or longer words"

_TEXT: Final = "SELECT c0 FROM texts_content WHERE id = ?"  # where FTS5 keeps it: quicker than by `texts` itself
_COLUMNS: Final = "messages.id, messages.at, sessions.agent, sessions.session, title, number, role"
_BEFORE: Final = "(messages.at, messages.id) < (?, ?)"
_IN_ORDER: Final = "ORDER BY messages.at DESC, messages.id DESC"
_LATEST: Final = "messages INDEXED BY messages_in_time CROSS JOIN sessions ON sessions.id = messages.session"
_OF_SESSIONS: Final = "sessions CROSS JOIN messages ON messages.session = sessions.id"
_MATCHING: Final = (
    "texts CROSS JOIN messages ON messages.id = texts.rowid CROSS JOIN sessions ON sessions.id = messages.session"
)


class _Row(NamedTuple):
    """A message, but for its text."""

    id: int
    at: int
    agent: str
    session: str
    title: str
    number: int
    role: Role


class _Scope(NamedTuple):
    """The sessions to search, in SQL."""

    where: str
    values: tuple[str, ...]


def search(connection: sqlite3.Connection, query: SearchQuery) -> SearchResult:
    """Find messages.

    Args:
        connection: to the tables.
        query: which was checked.

    Raises:
        InputError: there are no words in it.
    """
    wanted, scope = SearchText(query.text), _scope_of(query)
    hits: list[Hit] = []
    with _limited(connection) as is_over:
        try:
            for hit in _Search(connection, wanted, scope, is_over).hits():
                hits.append(hit)
                if len(hits) == query.limit:
                    return SearchResult(hits=tuple(hits))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
    if is_over():
        return SearchResult(hits=tuple(hits), is_complete=False, progress=_CUT)
    return SearchResult(hits=tuple(hits))


@contextmanager
def _limited(connection: sqlite3.Connection) -> Generator[Callable[[], bool]]:
    """Have SQLite interrupt what takes too long; gives what tells whether it does."""
    end = time.monotonic() + _LONGEST

    def is_over() -> bool:
        return time.monotonic() > end

    connection.set_progress_handler(is_over, _STEPS)
    try:
        yield is_over
    finally:
        connection.set_progress_handler(None, _STEPS)


def _scope_of(query: SearchQuery) -> _Scope:
    chosen = {"agent": query.agent, "session": query.session, "owner": query.owner}
    given = {name: value for name, value in chosen.items() if value is not None}
    return _Scope(" AND ".join(("TRUE", *(f"sessions.{name} = ?" for name in given))), (*given.values(),))


class _Search:
    """One search, by the cheapest way."""

    def __init__(
        self, connection: sqlite3.Connection, wanted: SearchText, scope: _Scope, is_over: Callable[[], bool]
    ) -> None:
        self._connection = connection
        self._wanted = wanted
        self._scope = scope
        self._is_over = is_over
        self._looked = 0  # messages
        self._last = (2**62, 0)  # the time and the row of the last message that was looked at

    def hits(self) -> Iterator[Hit]:
        """The messages that have the words, the latest first."""
        if self._scope.values and self._is_at_most(f"{_OF_SESSIONS} WHERE {self._scope.where}", self._scope.values):
            yield from self._looked_at(self._of_sessions())
            return
        yield from self._looked_at(self._latest(_LATEST_ONES))
        match = expression(self._connection, self._wanted)
        if match is None:
            return
        if not match:
            yield from self._looked_at(self._latest())
        elif self._is_at_most("texts WHERE texts MATCH ?", (match,)):
            yield from self._looked_at(self._matching(match))
        else:
            yield from self._in_rounds(match)

    def _in_rounds(self, match: str) -> Iterator[Hit]:
        """Likewise, where so many match that not all are put in order, for some will do."""
        most, looked = _ROUND, self._looked
        while not self._is_over():
            yield from self._looked_at(self._matching(match, most))
            if self._looked - looked < most:
                return
            most, looked = 10 * most, self._looked

    def _looked_at(self, rows: Iterator[_Row]) -> Iterator[Hit]:
        """The messages among these that have the words."""
        for row in rows:
            if self._is_over():
                return
            self._last = (row.at, row.id)
            self._looked += 1
            (text,) = self._connection.execute(_TEXT, (row.id,)).fetchone()
            if self._wanted.is_in(text):
                yield _hit(row, self._wanted, text.removesuffix(PADDING))

    def _latest(self, most: int = -1) -> Iterator[_Row]:
        return self._rows(_LATEST, self._scope.where, self._scope.values, most)

    def _of_sessions(self) -> Iterator[_Row]:
        return self._rows(_OF_SESSIONS, self._scope.where, self._scope.values, -1)

    def _matching(self, match: str, most: int = -1) -> Iterator[_Row]:
        return self._rows(_MATCHING, f"texts MATCH ? AND {self._scope.where}", (match, *self._scope.values), most)

    def _rows(self, tables: str, where: str, values: tuple[str, ...], most: int) -> Iterator[_Row]:
        """The messages behind the last one that was looked at, so many at most; -1 for all."""
        sql = f"SELECT {_COLUMNS} FROM {tables} WHERE {where} AND {_BEFORE} {_IN_ORDER} LIMIT ?"  # noqa: S608 - of constants
        return map(_Row._make, self._connection.execute(sql, (*values, *self._last, most)))

    def _is_at_most(self, source: str, values: tuple[str, ...]) -> bool:
        """Tell whether there are so few rows that all can be looked at."""
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {source} LIMIT ?)"  # noqa: S608 - of constants
        (found,) = self._connection.execute(sql, (*values, _FEW + 1)).fetchone()
        return bool(found <= _FEW)


def _hit(row: _Row, wanted: SearchText, text: str) -> Hit:
    return Hit(
        agent=row.agent,
        session=row.session,
        title=row.title,
        number=row.number,
        role=row.role,
        at=as_time(row.at),
        snippet=wanted.snippet(text),
    )
