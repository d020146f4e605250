"""Stored sessions by the thousand: `python -m benchmarks.storage.generate FOLDER SESSIONS [IDLE]`.

They are as a gateway leaves them after a year: conversations of a few messages up to some dozens, most of them idle
(the part IDLE, by default nine in ten), the others cut off while active. The store's own functions write the files and
the index, in as many processes as there are cores, without a journal, for a million take long enough. The flushes are
left out: nobody would miss these files.
"""

import os
import random
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any, Final

from argentos.storage import (
    Accepted,
    Metadata,
    Record,
    Replied,
    SessionKey,
    Transitioned,
    TurnEnded,
    TurnStarted,
    Usage,
    fold,
)
from argentos.storage.disk import durable
from argentos.storage.files import paths, session_files
from argentos.storage.files.index import Index

__all__ = ["leave_flushes_out", "main"]

_AT_ONCE: Final = 200
_YEAR: Final = timedelta(days=365)
_CHANNELS: Final = ("telegram", "discord", "slack", "whatsapp", "web")
_WORDS: Final = ("ship", "sails", "dawn", "wind", "tide", "agree", "please", "keep", "three", "berths", "harbour")


class _Story:
    """The records of one session, made up exchange by exchange."""

    def __init__(self, number: int, now: datetime, idle: float) -> None:
        self._idle = idle
        self._random = random.Random(number)  # noqa: S311 - made up, not secret
        self.key = SessionKey("main", f"{self._random.choice(_CHANNELS)}-{number:06}")
        self._at = now - _YEAR * self._random.random()
        self._records: list[Record] = []
        self._messages = 0
        self._tokens = 0

    def records(self) -> list[Record]:
        """From its first message to where it was left."""
        self._move("[*]", "Created", "first_message", "First message")
        exchanges = 1 + min(30, int(self._random.expovariate(1 / 4)))
        for turn in range(1, exchanges + 1):
            self._exchange(turn)
        if self._random.random() < self._idle:
            self._at += timedelta(minutes=30)
            self._move("Active", "Idle", "no_recent_activity", "No recent activity")
        return self._records

    def _head(self) -> dict[str, Any]:
        return {"sequence": len(self._records) + 1, "epoch": 1, "at": self._at}

    def _move(self, source: str, target: str, event: str, label: str) -> None:
        self._records.append(Transitioned(**self._head(), source=source, target=target, event=event, label=label))

    def _say(self) -> tuple[int, str, int]:
        """The number, text and tokens of the next message."""
        self._messages += 1
        self._at += timedelta(seconds=self._random.expovariate(1 / 60))
        text = " ".join(self._random.choices(_WORDS, k=5 + int(self._random.expovariate(1 / 40))))
        return self._messages, text, len(text) // 4

    def _exchange(self, turn: int) -> None:
        number, text, tokens = self._say()
        self._records.append(
            Accepted(**self._head(), id=f"m-{number}", number=number, role="user", content=text, tokens=tokens)
        )
        if turn == 1:
            self._move("Created", "Active", "processing_messages", "Processing messages")
        self._tokens += tokens
        self._records.append(
            TurnStarted(
                **self._head(), turn=turn, attempt=1, messages=(number,), tokens=tokens, request_tokens=self._tokens
            )
        )
        self._reply(turn, number)
        self._records.append(TurnEnded(**self._head(), turn=turn, outcome="replied", messages=(number,)))

    def _reply(self, turn: int, asked: int) -> None:
        number, text, tokens = self._say()
        self._tokens += tokens
        self._records.append(
            Replied(
                **self._head(),
                id=f"m-{asked}:reply",
                number=number,
                content=text,
                tokens=tokens,
                turn=turn,
                reply_to=(f"m-{asked}",),
                usage=Usage("claude", self._tokens, tokens),
            )
        )


def _write(folder: Path, now: datetime, idle: float, number: int) -> Metadata:
    """Store one session; gives what the index has to know of it."""
    story = _Story(number, now, idle)
    folded = fold(story.key, None, story.records())
    session_files.write(paths.session_folder(folder, story.key), folded)
    return folded.snapshot.metadata


def _generate(folder: Path, sessions: int, idle: float) -> None:
    durable.make_folder(folder)
    write = partial(_write, folder, datetime.now(UTC), idle)
    index = Index(folder / "index.sqlite", read_only=False)
    index.open()
    with closing(index), Pool(initializer=leave_flushes_out) as pool:
        for metadata in pool.imap_unordered(write, range(sessions), chunksize=_AT_ONCE):
            index.put(metadata)


def _leave_out(_: int) -> None:
    """No flush."""


def leave_flushes_out() -> None:
    """Have nothing flushed in this process: nobody would miss what is made up."""
    for flush in ("fsync", "fdatasync"):
        setattr(os, flush, _leave_out)


def main(folder: str, sessions: str, idle: str = "0.9") -> None:
    """Write the sessions."""
    leave_flushes_out()
    _generate(Path(folder), int(sessions), float(idle))


if __name__ == "__main__":
    main(*sys.argv[1:])
