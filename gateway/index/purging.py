"""The end of what was removed: in the full-text index its trigrams stay until all of that is merged anew.

A removal only notes there that a message is gone. What was merged is one segment, without it; and SQLite overwrites
what the older segments took. It is done in steps, which a crash may interrupt: `purge` says how far it has come.
"""

import sqlite3
from typing import Final

__all__ = ["ask_for_purge", "purge_step", "truncate"]

_PAGES: Final = 200  # of the full-text index, merged in a step; some twenty milliseconds
_MERGE: Final = "INSERT INTO texts (texts, rank) VALUES ('merge', ?)"


def ask_for_purge(connection: sqlite3.Connection) -> None:
    """Note that messages are removed; what is being merged begins anew, for it may have them already."""
    connection.execute("DELETE FROM purge")
    connection.execute("INSERT INTO purge VALUES ('asked')")


def purge_step(connection: sqlite3.Connection) -> bool:
    """Merge a piece of the full-text index; tells whether there is more to do."""
    stage = connection.execute("SELECT stage FROM purge").fetchone()
    if stage is None:
        return False
    before = connection.total_changes
    connection.execute(_MERGE, (-_PAGES if stage == ("asked",) else _PAGES,))
    is_done = connection.total_changes - before < 2  # as SQLite's documentation has it  # noqa: PLR2004
    connection.execute("DELETE FROM purge")
    if not is_done:
        connection.execute("INSERT INTO purge VALUES ('merging')")
    return True


def truncate(connection: sqlite3.Connection) -> bool:
    """Empty the write-ahead log, which holds pages as they were; tells whether nobody was still reading them."""
    is_busy, *_ = connection.execute("PRAGMA wal_checkpoint (TRUNCATE)").fetchone()
    return not is_busy
