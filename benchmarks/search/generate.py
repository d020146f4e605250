"""Stored conversations of fifty messages: `python -m benchmarks.search.generate FOLDER SESSIONS`."""

import random
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Final

from argentos.actors import Transcript, TranscriptMessage
from argentos.actors.transcripts.records import records_of
from argentos.storage import Metadata, SessionKey, fold
from argentos.storage.disk import durable
from argentos.storage.files import paths, session_files
from argentos.storage.files.index import Index
from benchmarks.search.texts import chinese, text
from benchmarks.storage.generate import leave_flushes_out

__all__ = ["MESSAGES", "OWNERS", "main"]

MESSAGES: Final = 50
"""Of each conversation."""

OWNERS: Final = 100
"""Each of which has as many conversations."""

_AT_ONCE: Final = 50
_YEAR: Final = timedelta(days=365)
_LATEST: Final = 100  # one of so many is of today, and Chinese: so no Latin word, however common, is among the latest


def _conversation(number: int, now: datetime) -> Transcript:
    chance = random.Random(number)  # noqa: S311 - made up, not secret
    is_latest = number % _LATEST == 0
    begun = now - timedelta(hours=2) if is_latest else now - timedelta(days=1) - _YEAR * chance.random()
    messages = tuple(
        TranscriptMessage(
            role="user" if place % 2 == 0 else "assistant",
            text=chinese(chance) if is_latest else text(chance),
            at=begun + timedelta(minutes=place),
        )
        for place in range(MESSAGES)
    )
    tags = (chance.choice(("travel", "work", "home")),)
    return Transcript(
        session=f"user-{number:06}",
        messages=messages,
        title=messages[0].text[:40],
        tags=tags,
        owner=f"o-{number // 7 % OWNERS}",
    )


def _write(folder: Path, now: datetime, number: int) -> Metadata:
    """Store one; gives what the store's index has to know of it."""
    transcript = _conversation(number, now)
    key = SessionKey("main", transcript.session)
    folded = fold(key, None, records_of(transcript, count=lambda text: len(text) // 4, now=now))
    session_files.write(paths.session_folder(folder, key), folded)
    return folded.snapshot.metadata


def main(folder: str, sessions: str) -> None:
    """Write the conversations."""
    leave_flushes_out()
    root = Path(folder)
    durable.make_folder(root)
    index = Index(root / "index.sqlite", read_only=False)
    index.open()
    write = partial(_write, root, datetime.now(UTC))
    with closing(index), Pool(initializer=leave_flushes_out) as pool:
        for metadata in pool.imap_unordered(write, range(int(sessions)), chunksize=_AT_ONCE):
            index.put(metadata)


if __name__ == "__main__":
    main(*sys.argv[1:])
