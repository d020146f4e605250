"""The database in which OpenClaw keeps the sessions of an agent since 2026.9: `openclaw-agent.sqlite`.

Each row of `transcript_events` is what a line of its files was, as JSON or, when large, packed by zstd. Sessions that
were archived are whole files in a column. The database is read from a copy: nothing in it changes.
"""

import gzip
import importlib
import shutil
import sqlite3
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from argentos.errors import InputError
from argentos.gateway.formats.files import lenient_json
from argentos.gateway.formats.files.losses import Losses
from argentos.gateway.formats.files.source import Line, ReadTranscript, Source, fields
from argentos.gateway.formats.foreign.openclaw import session_of

__all__ = ["read"]

_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_GZIP: Final = b"\x1f\x8b"
_LARGEST: Final = 256 * 1024 * 1024  # bytes of memory for unpacking
_EVENTS: Final = "transcript_events"
_ARCHIVES: Final = ("session_transcript_archives", "session_transcript_cold_archives")


def read(source: Source, losses: Losses) -> Iterator[ReadTranscript]:
    """The sessions of a database, in the order in which they began.

    Raises:
        InputError: it is none of OpenClaw's, or so damaged that it cannot be opened.
    """
    with _copy(source) as path, closing(sqlite3.connect(path)) as connection:
        try:
            yield from _Database(connection, losses).sessions(source)
        except sqlite3.DatabaseError as error:
            raise InputError(f"{source.name} cannot be read: {error}") from error


@contextmanager
def _copy(source: Source) -> Generator[Path]:
    """A copy of the database, with what has not been written back to it yet."""
    with tempfile.TemporaryDirectory(prefix="argentos-") as folder:
        path = Path(folder) / "copy.sqlite"
        with path.open("wb") as file:
            source.file.seek(0)
            shutil.copyfileobj(source.file, file)
        journal = source.path.with_name(source.path.name + "-wal") if source.path else None
        if journal is not None and journal.is_file():
            shutil.copyfile(journal, path.with_name(path.name + "-wal"))
        yield path


class _Database:
    def __init__(self, connection: sqlite3.Connection, losses: Losses) -> None:
        self._connection = connection
        self._connection.text_factory = _decoded
        self._losses = losses
        self._query = ""

    def sessions(self, source: Source) -> Iterator[ReadTranscript]:
        columns = self._columns(_EVENTS)
        if not {"session_id", "seq", "event_json"} <= columns:
            raise InputError(f"{source.name} is a database of SQLite, but none of OpenClaw's sessions")
        packed = "event_zstd" if "event_zstd" in columns else "NULL"
        self._query = f"SELECT session_id, seq, event_json, {packed} FROM {_EVENTS}"  # noqa: S608 - our own names
        sessions = self._session_ids()
        for session in sessions:
            place = f"session {session}"
            lines = [line for seq, data in self._rows(session) for line in self._parsed(data, seq, place)]
            yield from self._session(session, lines, self._leaf(session, lines))
        for session, data in self._archived():
            if session not in sessions:
                yield from self._session(session, self._unpacked_lines(data, session), None)

    def _session(self, session: str, lines: Iterable[Line], leaf: str | None) -> Iterator[ReadTranscript]:
        every = list(lines)
        head = next((line for line in every if fields(line.value).get("type") == "session"), None)
        others = [line for line in every if line is not head]
        yield from session_of(head, others, self._losses, session=session, leaf=leaf, title=self._title(session))

    def _session_ids(self) -> list[str]:
        query = f"SELECT session_id FROM {_EVENTS} GROUP BY session_id ORDER BY min(created_at), session_id"  # noqa: S608
        try:
            return [str(row[0]) for row in self._connection.execute(query)]
        except sqlite3.DatabaseError as error:
            self._losses.add(0, f"the database is damaged: {error}")
            return list(dict.fromkeys(session for session, _, _ in self._rows_one_by_one()))

    def _rows(self, session: str) -> list[tuple[int, Any]]:
        """Number and data of each row of a session; of a damaged table, those that can be reached."""
        rows: list[tuple[int, Any]] = []
        try:
            for _, seq, text, packed in self._connection.execute(
                f"{self._query} WHERE session_id = ? ORDER BY seq", (session,)
            ):
                rows.append((seq, packed if text is None else text))
        except sqlite3.DatabaseError as error:
            self._losses.add(len(rows), f"the database is damaged behind this row: {error}", f"session {session}")
            found = dict(rows)
            found.update((seq, data) for each, seq, data in self._rows_one_by_one() if each == session)
            return sorted(found.items())
        return rows

    def _rows_one_by_one(self) -> Iterator[tuple[str, int, Any]]:
        highest = 0
        with suppress(sqlite3.DatabaseError):
            highest = self._connection.execute(f"SELECT max(rowid) FROM {_EVENTS}").fetchone()[0] or 0  # noqa: S608
        for rowid in range(1, highest + 1):
            with suppress(sqlite3.DatabaseError):
                for session, seq, text, packed in self._connection.execute(f"{self._query} WHERE rowid = ?", (rowid,)):
                    yield str(session), int(seq), packed if text is None else text

    def _parsed(self, data: Any, number: int, place: str) -> Iterator[Line]:
        text = self._unpacked(data, number, place) if isinstance(data, bytes) else data
        if data is None:
            self._losses.add(number, "a row without an event", place)
        for value, _, notes in lenient_json.values("" if text is None else str(text)):
            for note in notes:
                self._losses.add(number, note, place)
            if isinstance(value, Exception):
                self._losses.add(number, f"a row that is not JSON: {value}", place)
            else:
                yield Line(number, value, place)

    def _unpacked(self, data: bytes, number: int, place: str) -> str | None:
        try:
            return _unpack(data).decode(errors="replace")
        except ModuleNotFoundError:
            self._losses.add(number, 'it is packed by zstd: install "argentos[zstd]" to read it', place)
        except Exception as error:  # noqa: BLE001 - whatever the libraries raise of damaged data
            self._losses.add(number, f"it cannot be unpacked: {error}", place)
        return None

    def _unpacked_lines(self, data: bytes, session: str) -> list[Line]:
        place = f"archived session {session}"
        text = self._unpacked(data, 1, place) or ""
        lines = enumerate(text.splitlines(), start=1)
        return [line for number, each in lines for line in self._parsed(each, number, place)]

    def _archived(self) -> Iterator[tuple[str, bytes]]:
        for table in _ARCHIVES:
            if {"session_id", "archive_blob"} <= self._columns(table):
                rows = self._connection.execute(f"SELECT session_id, archive_blob FROM {table}")  # noqa: S608
                for session, data in rows:
                    if isinstance(data, bytes):
                        yield str(session), data
                    else:
                        self._losses.add(0, "it lies in a file beside the database", f"archived session {session}")

    def _leaf(self, session: str, lines: list[Line]) -> str | None:
        """The entry at which the conversation stands, where the database knows it of all the rows."""
        table = "session_transcript_index_state"
        if not lines or not {"leaf_event_id", "indexed_seq", "needs_rebuild"} <= self._columns(table):
            return None
        with suppress(sqlite3.DatabaseError):
            row = self._connection.execute(
                f"SELECT leaf_event_id, indexed_seq FROM {table} WHERE session_id = ? AND NOT needs_rebuild",  # noqa: S608
                (session,),
            ).fetchone()
            if row and row[1] == lines[-1].number:
                return str(row[0]) if row[0] else None
        return None

    def _title(self, session: str) -> str:
        """The name that the session has, or its window."""
        for table, key in (("session_nodes", "current_session_id"), ("session_windows", "session_id")):
            names = [each for each in ("label", "display_name") if {each, key} <= self._columns(table)]
            for name in names:
                with suppress(sqlite3.DatabaseError):
                    query = f"SELECT {name} FROM {table} WHERE {key} = ? AND {name} != ''"  # noqa: S608 - our own names
                    if row := self._connection.execute(query, (session,)).fetchone():
                        return str(row[0])
        return ""

    def _columns(self, table: str) -> set[str]:
        return {row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")}


def _decoded(data: bytes) -> str:
    return data.decode(errors="replace")


def _unpack(data: bytes) -> bytes:
    if data.startswith(_GZIP):
        return gzip.decompress(data)
    if data.startswith(_ZSTD):
        zstandard: Any = importlib.import_module("zstandard")
        unpacking = zstandard.ZstdDecompressor(max_window_size=_LARGEST).decompressobj()
        unpacked: bytes = unpacking.decompress(data)
        if not unpacking.eof:
            raise EOFError("it is cut off")
        return unpacked
    return data
