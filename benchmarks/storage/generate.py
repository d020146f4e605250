"""Stored sessions by the thousand: `python -m benchmarks.storage.generate FOLDER SESSIONS [IDLE]`.

They are written by the store, as a gateway leaves them after a year: conversations of a few messages up to some dozens,
most of them idle (the part IDLE, by default nine in ten), the others cut off while active. Only the flushes are left
out: nobody would miss these files.
"""

import os
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import anyio

from argentos import FileStore
from argentos.errors import StoreFullError
from argentos.storage import Accepted, Record, Replied, SessionKey, Transitioned, TurnEnded, TurnStarted, Usage, fold

__all__ = ["main"]

_WRITERS: Final = 256
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
            Accepted(**self._head(), id=f"m-{number}", number=number, role="user", text=text, tokens=tokens)
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
                text=text,
                tokens=tokens,
                turn=turn,
                reply_to=(f"m-{asked}",),
                usage=Usage("claude", self._tokens, tokens),
            )
        )


async def _write(store: FileStore, stories: Iterator[_Story]) -> None:
    """Store one story after the other, taking turns with other writers."""
    for story in stories:
        records = story.records()
        await _append(store, story.key, records)
        await store.checkpoint(story.key, fold(story.key, None, records).snapshot)


async def _append(store: FileStore, key: SessionKey, records: list[Record]) -> None:
    """Append, as soon as the files have caught up."""
    while True:
        try:
            await store.append(key, 1, 0, records)
        except StoreFullError:
            continue  # the store has waited already
        return


async def _generate(folder: Path, sessions: int, idle: float) -> None:
    now = datetime.now(UTC)
    stories = (_Story(number, now, idle) for number in range(sessions))
    async with FileStore(folder) as store, anyio.create_task_group() as group:
        for _ in range(_WRITERS):
            group.start_soon(_write, store, stories)


def _leave_out(_: int) -> None:
    """No flush."""


def main(folder: str, sessions: str, idle: str = "0.9") -> None:
    """Write the sessions."""
    for flush in ("fsync", "fdatasync"):
        setattr(os, flush, _leave_out)
    anyio.run(_generate, Path(folder), int(sessions), float(idle))


if __name__ == "__main__":
    main(*sys.argv[1:])
