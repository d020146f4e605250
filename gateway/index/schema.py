"""The tables of the index.

A message is found by trigrams of its text: a tokenizer that knows no language, and finds parts of words, too. Where in
the text each trigram stands is not kept, for that would double the file; the text itself is looked at instead.
"""

import sqlite3
from typing import Final

__all__ = ["PADDING", "VERSION", "is_usable", "make_tables", "prepare"]

VERSION: Final = 1
"""Of the tables; a file of another one is made anew."""

PADDING: Final = "\n\n"
"""Behind each text, so that its last characters, too, begin a trigram, by which one or two characters are found."""

_OLDEST: Final = (3, 34, 0)  # it brought the trigrams
# Times are microseconds since 1970; `inactivity` is that of the latest activity, negative: all is in rising order.
_TABLES: Final = f"""
    CREATE TABLE sessions (
        id INTEGER PRIMARY KEY,
        agent TEXT NOT NULL,
        session TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        title TEXT NOT NULL,
        names TEXT NOT NULL,
        owner TEXT NOT NULL,
        status TEXT NOT NULL,
        state TEXT NOT NULL,
        idle_state TEXT NOT NULL,
        idle_at INTEGER,
        unpinned INTEGER NOT NULL,
        archived INTEGER NOT NULL,
        inactivity INTEGER NOT NULL,
        messages INTEGER NOT NULL,
        indexed INTEGER NOT NULL DEFAULT 0,
        unreadable INTEGER NOT NULL DEFAULT 0,
        walk INTEGER NOT NULL,
        UNIQUE (agent, session)
    );
    CREATE INDEX sessions_in_order ON sessions (unpinned, inactivity, agent, session);
    CREATE INDEX sessions_not_indexed ON sessions (inactivity) WHERE indexed < messages AND NOT unreadable;
    CREATE TABLE labels (
        session INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (session, kind, value)
    ) WITHOUT ROWID;
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        session INTEGER NOT NULL,
        number INTEGER NOT NULL,
        role TEXT NOT NULL,
        at INTEGER NOT NULL
    );
    CREATE UNIQUE INDEX messages_of_session ON messages (session, number);
    CREATE INDEX messages_in_time ON messages (at, id);
    CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = 'trigram', detail = none, columnsize = 0);
    CREATE TABLE removed (session INTEGER PRIMARY KEY);
    CREATE TABLE purge (stage TEXT NOT NULL);
    PRAGMA user_version = {VERSION};
"""
_TERMS: Final = "CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, texts, row)"
_SETTINGS: Final = (
    "PRAGMA secure_delete = ON",  # what is removed is overwritten
    "PRAGMA temp_store = MEMORY",  # no text reaches another file
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -8000",  # KiB
)


def is_usable() -> bool:
    """Tell whether the SQLite of this Python has what the index needs."""
    if sqlite3.sqlite_version_info < _OLDEST:
        return False
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = 'trigram')")
    except sqlite3.Error:
        return False
    finally:
        connection.close()
    return True


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables where there are none.

    Raises:
        sqlite3.DatabaseError: they are of another version, or damaged.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_TABLES)
    elif version != VERSION:
        raise sqlite3.DatabaseError(f"it is of version {version}")
    connection.execute("SELECT count(*) FROM (SELECT 1 FROM sessions, labels, messages, removed, purge LIMIT 1)")


def prepare(connection: sqlite3.Connection) -> None:
    """Set up a connection."""
    for each in _SETTINGS:
        connection.execute(each)
    connection.execute(_TERMS)
