"""Values for the campaign of the edge: such that nobody meant, and such that somebody might."""

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from argentos import Address, Config, Sender, Text
from argentos.actors import Transcript, TranscriptMessage, TranscriptSummary
from argentos.storage import SessionKey

__all__ = ["ASK", "IDS", "Odd"]

ASK: Final = "May I?"
"""The message at which the model calls a tool that a person has to allow."""

IDS: Final = ("ada", "Ada", "a/b", "../x", "ada", "👩\u200d👧", "x" * 512)
_COMMANDS: Final = ("/status", "/checkpoint point", "/undo", "/fork ada", "/compact the ships", "/clear", "/nonsense")

_Make = Callable[[], Any]

_address: Any = Address  # for what a type checker would refuse


class Odd:
    """Values that nobody meant, and such that somebody might."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a campaign, and it can be repeated
        self._folder = folder
        self._made = 0

    def value(self) -> Any:
        """A value of any type, size and encoding."""
        return self.random.choice(
            (
                None,
                True,
                0,
                -1,
                7,
                2**63,
                10**50,
                1.5,
                math.nan,
                math.inf,
                "",
                " ",
                "hi",
                "half \ud83d",
                "a\0b",
                "a\nb",
                "\x1b[31m",
                "é" * 300,
                "x" * 5000,
                b"bytes",
                [],
                [None],
                {},
                {"a": 1},
                (),
                object(),
                datetime(2026, 1, 1),  # noqa: DTZ001 - that is the point
                datetime(2026, 1, 1, tzinfo=UTC),
                _address("chat", self.random.choice((None, 7, "1"))),
                Config(),
                Ellipsis,
                repr,
            )
        )

    def argument(self, name: str) -> Any:
        """For a parameter of this name, as often what it is for as anything else."""
        if self.random.random() < 0.4:
            return self.value()
        self._made += 1
        meant: dict[str, _Make] = {
            "content": self._content,
            "message_id": lambda: self.random.choice((None, 4711, f"m{self._made % 30}", "x" * 512)),
            "address": lambda: self.random.choice((None, Address("chat", "1"), Address("telegram", "2"))),
            "sender": lambda: self.random.choice((None, "Ada", 7)),
            "patience": lambda: self.random.choice((0.0, 0.01)),
            "session_id": lambda: self.random.choice(IDS),
            "session": lambda: self.random.choice(IDS),
            "agent": lambda: self.random.choice(("main", "sales")),
            "channel": lambda: "chat",
            "target": lambda: self._folder / f"backup-{self._made}",
            "path": lambda: str(self._folder / f"backup-{self._made}"),
            "transcript": self._transcript,
            "limit": lambda: self.random.choice((None, 1, 1000)),
            "full": lambda: True,
            "focus": lambda: "the ships",
            "whom": lambda: self.random.choice(("chat:1", "chat:2", "ABCDEFGH")),
            "senders": lambda: [Sender("chat", each) for each in self.random.sample(("1", "2", "3"), 2)],
            "sent_at": lambda: datetime.now(UTC),
            "number": lambda: self.random.randrange(1, 9),
            "before": lambda: self.random.randrange(1, 9),
            "at": lambda: self.random.choice((None, 1, 2, 5, "point")),
            "new_id": lambda: self.random.choice(IDS),
            "call_id": self._call_id,
            "by": lambda: self.random.choice((None, "Ada")),
            "keys": lambda: [SessionKey("main", each) for each in IDS[:2]],
        }
        return meant.get(name, self.value)()

    def _content(self) -> Any:
        blocks: list[Any] = [Text("Look"), {"type": "of_tomorrow", "x": self.value()}, self.value()]
        texts: list[Any] = ["Hello?", "x" * 3000, "é\u200d", ASK, *_COMMANDS]
        return self.random.choice([*texts, blocks[:1], blocks[:2], blocks])

    def _call_id(self) -> str:
        return f"c-{self.random.randrange(1, 20)}"

    def mangled(self, text: str) -> str:
        """A text of which some parts were left out, doubled, or replaced with something else."""
        for _ in range(self.random.randrange(4)):
            at = self.random.randrange(len(text) + 1)
            behind = min(len(text), at + self.random.randrange(30))
            part = self.random.choice(("", text[at:behind] * 2, str(self.value())[:40], "\n", '"', "{", "]", " --> "))
            text = text[:at] + part + text[behind:]
        return text

    def _transcript(self) -> Any:
        message: Any = TranscriptMessage
        made: Any = Transcript
        role = self.random.choice(("user", "assistant", self.value()))
        messages = [message(role=role, text="hi", id=self.argument("message_id")) for _ in range(3)]
        summary = self.random.choice((None, TranscriptSummary(text="all"), self.value()))
        return made(session="ada", messages=tuple(messages), summary=summary)
