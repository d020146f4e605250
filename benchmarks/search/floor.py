"""The same questions to plain SQLite: `python -m benchmarks.search.floor STATE TIMES`.

A list is one statement, on a table with an index. A search is `LIKE` over all texts, as where nothing is prepared for
it; and FTS5 with trigrams and all their places, the full form of what the index uses. No session is looked up, nothing
is kept current, and what is found comes in the order of its rows.
"""

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from argentos.gateway.search_text import SearchText
from benchmarks.search.questions import SEARCHES, Asked

__all__ = ["Floor", "main"]

_TABLES: Final = (
    "CREATE TABLE sessions AS SELECT * FROM source.sessions",
    "CREATE INDEX sessions_in_order ON sessions (inactivity)",
    "CREATE TABLE messages (id INTEGER PRIMARY KEY, text TEXT)",
    "INSERT INTO messages SELECT messages.id, c0 FROM source.messages JOIN source.texts_content USING (id)",
)
_TRIGRAMS: Final = "CREATE VIRTUAL TABLE texts USING fts5 (text, content = 'messages', tokenize = 'trigram')"
_FILL: Final = "INSERT INTO texts (rowid, text) SELECT id, text FROM messages"
_PAGE: Final = "SELECT * FROM sessions ORDER BY inactivity LIMIT 100"
_MATCH: Final = "SELECT rowid, text FROM texts WHERE texts MATCH ? ORDER BY rowid DESC LIMIT 50"
_SHORTEST: Final = 3  # characters that a trigram has
_LIKES: Final = 10  # of so many searches one is done by `LIKE`, which takes long


class Floor(Struct, frozen=True, kw_only=True):
    """Seconds and bytes.

    Attributes:
        page: the first page of a list.
        like: searches, by their kinds; `trigrams` likewise, but for words that are too short for them.
        plain: the size of the tables; `full`, with the trigrams.
        filling: seconds in which SQLite made these, in one statement.
    """

    page: Asked
    like: dict[str, Asked]
    trigrams: dict[str, Asked]
    plain: int
    full: int
    filling: float


def _measure(state: Path, times: int) -> Floor:
    with (
        tempfile.TemporaryDirectory(dir=state.parent) as folder,
        closing(sqlite3.connect(Path(folder) / "floor.sqlite", isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("ATTACH ? AS source", (str(state / "search" / "index.sqlite"),))
        for each in _TABLES:
            connection.execute(each)
        plain = _size(connection)
        connection.execute(_TRIGRAMS)
        begun = time.perf_counter()
        connection.execute(_FILL)
        filling = time.perf_counter() - begun
        return Floor(
            page=_asked(times, lambda _: connection.execute(_PAGE).fetchall()),
            like={name: _asked(max(1, times // _LIKES), _liking(connection, make)) for name, make in SEARCHES.items()},
            trigrams={name: _asked(times, _matching(connection, make)) for name, make in SEARCHES.items()},
            plain=plain,
            full=_size(connection),
            filling=filling,
        )


_Ask = Callable[[random.Random], list[tuple[object, ...]]]


def _liking(connection: sqlite3.Connection, make: Callable[[random.Random], str]) -> _Ask:
    def ask(chance: random.Random) -> list[tuple[object, ...]]:
        words = SearchText(make(chance)).words
        where = " AND ".join("text LIKE ?" for _ in words)
        statement = f"SELECT id, text FROM messages WHERE {where} ORDER BY id DESC LIMIT 50"  # noqa: S608 - of constants
        return connection.execute(statement, [f"%{each}%" for each in words]).fetchall()

    return ask


def _matching(connection: sqlite3.Connection, make: Callable[[random.Random], str]) -> _Ask:
    def ask(chance: random.Random) -> list[tuple[object, ...]]:
        words = SearchText(make(chance)).words
        if min(map(len, words)) < _SHORTEST:
            return []
        return connection.execute(_MATCH, (" AND ".join(f'"{each}"' for each in words),)).fetchall()

    return ask


def _asked(times: int, ask: _Ask) -> Asked:
    chance = random.Random(7)  # noqa: S311 - made up, not secret
    took: list[float] = []
    found = 0
    for _ in range(times):
        begun = time.perf_counter()
        found += len(ask(chance))
        took.append(time.perf_counter() - begun)
    return Asked.of(took, found)


def _size(connection: sqlite3.Connection) -> int:
    pages, size = (connection.execute(f"PRAGMA main.{each}").fetchone()[0] for each in ("page_count", "page_size"))
    return int(pages * size)


def main(state: str, times: str) -> None:
    """Print what was measured."""
    sys.stdout.buffer.write(msgspec.json.encode(_measure(Path(state), int(times))))


if __name__ == "__main__":
    main(*sys.argv[1:])
