"""The database of OpenClaw."""

import gzip
import importlib
import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from argentos.errors import InputError
from tests.gateway.formats.shared import ABOUT_MASTS, SAMPLES, WHICH, read, read_all, told

TABLES = """
    CREATE TABLE session_windows (session_id TEXT NOT NULL PRIMARY KEY, session_key TEXT NOT NULL) STRICT;
    CREATE TABLE session_transcript_index_state (session_id TEXT NOT NULL PRIMARY KEY, indexed_seq INTEGER NOT NULL,
        leaf_event_id TEXT, needs_rebuild INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE TABLE session_transcript_archives (session_id TEXT NOT NULL, encoding TEXT, archive_blob BLOB) STRICT;
    CREATE TABLE transcript_events (session_id TEXT NOT NULL, seq INTEGER NOT NULL, event_json TEXT,
        created_at INTEGER NOT NULL, event_zstd BLOB, event_utf8_bytes INTEGER, PRIMARY KEY (session_id, seq)) STRICT;
"""
LINES = (SAMPLES / "openclaw.jsonl").read_text(encoding="utf-8").splitlines()
SESSION = "7d1c9f0a-3b0e-4a52-8f5e-0d9a4d3c2b1a"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "openclaw-agent.sqlite"


def make(path: Path, lines: Iterable[Any], session: str = SESSION, begin: int = 0) -> Path:
    """Put lines into a database, the later ones first, as nothing says that rows stand in their order."""
    is_new = not path.exists()
    with closing(sqlite3.connect(path)) as database, database:
        if is_new:
            database.executescript(TABLES)
        rows = [(session, seq, line, begin + seq) for seq, line in enumerate(lines)]
        database.executemany("INSERT INTO transcript_events VALUES (?, ?, ?, ?, NULL, NULL)", rows[::-1])
    return path


def execute(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement, values)


def test_the_rows_of_a_session_are_read_as_the_lines_of_its_file(path: Path) -> None:
    as_file, as_rows = read_all(SAMPLES / "openclaw.jsonl"), read_all(make(path, LINES))
    assert as_rows.only.transcript == as_file.only.transcript
    assert as_rows.left_out == [(line - 1, reason.replace("line 7", "line 6")) for line, reason in as_file.left_out]


def test_all_sessions_are_read_in_the_order_in_which_they_began(path: Path) -> None:
    make(path, LINES, "later", begin=1000)
    make(path, LINES, "earlier")
    assert [(each.transcript.session, told(each)) for each in read(path)] == [
        ("earlier", [*ABOUT_MASTS, *WHICH]),
        ("later", [*ABOUT_MASTS, *WHICH]),
    ]


def test_the_leaf_that_the_database_knows_is_where_the_conversation_stands(path: Path) -> None:
    make(path, LINES)
    execute(path, "INSERT INTO session_transcript_index_state VALUES (?, ?, 'e0000005', 0)", SESSION, len(LINES) - 1)
    assert told(read(path)[0]) == ABOUT_MASTS[:2]
    execute(path, "UPDATE session_transcript_index_state SET indexed_seq = 3")
    assert told(read(path)[0]) == [*ABOUT_MASTS, *WHICH]


def test_the_name_of_a_session_is_its_title(path: Path) -> None:
    make(path, LINES)
    execute(path, "CREATE TABLE session_nodes (current_session_id TEXT, label TEXT, display_name TEXT)")
    execute(path, "INSERT INTO session_nodes VALUES (?, '', 'Masts')", SESSION)
    assert read(path)[0].transcript.title == "Masts"


def test_rows_that_are_packed_are_read(path: Path) -> None:
    compressor: Any = importlib.import_module("zstandard").ZstdCompressor()
    make(path, LINES)
    for seq in (1, 3, 12):
        execute(
            path,
            "UPDATE transcript_events SET event_json = NULL, event_zstd = ? WHERE seq = ?",
            compressor.compress(LINES[seq].encode()),
            seq,
        )
    assert read_all(path).only.transcript == read(SAMPLES / "openclaw.jsonl")[0].transcript


def test_damaged_rows_cost_themselves(path: Path) -> None:
    make(path, [*LINES[:4], LINES[4][:-9], LINES[5], "17", *LINES[6:]])
    execute(path, "INSERT INTO transcript_events VALUES (?, 98, NULL, 0, x'28b52ffd0011', NULL)", SESSION)
    execute(path, "INSERT INTO transcript_events VALUES (?, 99, NULL, 0, NULL, NULL)", SESSION)
    reading = read_all(path)
    assert told(reading.only) == [*ABOUT_MASTS, *WHICH]
    damaged = {line: reason for line, reason in reading.left_out if line in {4, 6, 98, 99}}
    assert damaged[4].startswith("a row that is not JSON")
    assert damaged[6] == "a line that is no object"
    assert damaged[98].startswith("it cannot be unpacked")
    assert damaged[99] == "a row without an event"


def test_archived_sessions_are_read(path: Path) -> None:
    make(path, LINES, "live")
    archive = "\n".join([*LINES, "{torn"]).encode()
    execute(path, "INSERT INTO session_transcript_archives VALUES ('old', 'gzip', ?)", gzip.compress(archive))
    reading = read_all(path)
    assert [each.transcript.session for each in reading.found] == ["live", "old"]
    assert told(reading.found[1]) == [*ABOUT_MASTS, *WHICH]
    assert any(line == len(LINES) + 1 and "not JSON" in reason for line, reason in reading.left_out)


def test_what_is_only_in_the_log_beside_a_database_is_read_and_nothing_is_changed(path: Path) -> None:
    make(path, [])
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        rows = [(SESSION, seq, line, seq) for seq, line in enumerate(LINES)]
        database.executemany("INSERT INTO transcript_events VALUES (?, ?, ?, ?, NULL, NULL)", rows)
        database.commit()
        before = {each.name: each.read_bytes() for each in path.parent.iterdir()}
        assert f"{path.name}-wal" in before
        assert told(read(path)[0]) == [*ABOUT_MASTS, *WHICH]
        assert {each.name: each.read_bytes() for each in path.parent.iterdir()} == before


def test_of_a_damaged_database_the_rows_that_can_be_reached_are_read(path: Path) -> None:
    message = {"type": "message", "message": {"role": "user", "content": "x" * 900}}
    lines = [json.dumps({"type": "session", "id": "s"}), *(json.dumps({**message, "n": n}) for n in range(200))]
    make(path, lines, "s")
    data = bytearray(path.read_bytes())
    data[30 * 4096 : 32 * 4096] = b"\xff" * 8192
    path.write_bytes(data)
    reading = read_all(path)
    assert 150 < len(told(reading.only)) < 200
    assert any("damaged" in reason for _, reason in reading.left_out)


def test_other_databases_are_refused(path: Path) -> None:
    execute(path, "CREATE TABLE notes (text TEXT)")
    with pytest.raises(InputError, match=r"is a database of SQLite, but none of OpenClaw's"):
        read(path)


def test_a_database_that_is_cut_off_is_read_or_refused_in_one_sentence(path: Path) -> None:
    data = make(path, LINES).read_bytes()
    for size in range(20, len(data), 997):
        path.write_bytes(data[:size])
        try:
            read(path)
        except InputError as error:
            assert str(path) in str(error)  # noqa: PT017 - some are read
