"""Parts of the tests of formats: files made line by line, and readings of them in short."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from argentos.actors import SessionInfo, Transcript
from argentos.errors import InputError
from argentos.gateway.formats import Form, Losses, ReadTranscript, Source, read_transcripts
from argentos.llm import ContextParts

SAMPLES = Path(__file__).parent / "samples"

Write: TypeAlias = Callable[..., Path]


class Reading(NamedTuple):
    """The reading of a file, with the list of losses."""

    found: list[ReadTranscript]
    left_out: list[tuple[int, str]]

    @property
    def only(self) -> ReadTranscript:
        """The one conversation."""
        (found,) = self.found
        return found


def read_all(path: Path, session: str | None = None) -> Reading:
    """Read a file."""
    losses = Losses()
    with Source.open(path) as source:
        found = list(read_transcripts(source, losses, session))
    return Reading(found, [(each.line, each.reason) for each in losses])


def read(path: Path, session: str | None = None) -> list[ReadTranscript]:
    """The conversations of a file."""
    return read_all(path, session).found


def told(found: ReadTranscript) -> list[tuple[str, str]]:
    """The messages that have a text, with their sides, as a person would count them."""
    return [(message.role, message.text) for message in found.transcript.messages if message.text]


def blocks(found: ReadTranscript) -> list[Any]:
    """Of each message its text or, where it has more, the types of its blocks."""
    return [
        [block["type"] for block in message.content] if message.content else message.text
        for message in found.transcript.messages
    ]


def times(found: ReadTranscript) -> list[str]:
    """The times of the messages that have a text."""
    return [message.at.isoformat() if message.at else "" for message in found.transcript.messages if message.text]


def refusal(path: Path) -> str:
    """Why a file is refused, without its name and behind the number of the line."""
    with pytest.raises(InputError) as caught:
        read(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}:")
    assert "\n" not in sentence
    return sentence.removeprefix(f"{path}:")


def lines_of(*lines: Any) -> str:
    """Lines of a file; what is no text is written as JSON."""
    return "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)


def info_of(transcript: Transcript) -> SessionInfo:
    """The information about a session with this transcript."""
    return SessionInfo(
        id=transcript.session,
        agent=transcript.agent,
        sequence=1,
        state="Idle",
        created_at=transcript.created_at or datetime(2026, 1, 1, tzinfo=UTC),
        last_activity=datetime(2026, 1, 1, tzinfo=UTC),
        idle_at=None,
        messages=len(transcript.messages),
        turns=0,
        tokens=0,
        is_guess=True,
        parts=ContextParts(0, 0, 0, 0, 0, 0),
        window=1000,
        percent=0.0,
        threshold=0.85,
        spent=transcript.spent,
        compaction=None,
        compactions=0,
        waiting=0,
        failed=0,
        failure="",
        retry_at=None,
        retry_reason="",
        approvals=0,
        title=transcript.title,
        tags=transcript.tags,
        owner=transcript.owner,
        system=transcript.system,
        owed=0,
        undeliverable=0,
        checkpoints=0,
        undo="",
        parent="",
        pinned=False,
        archived=False,
        unread=0,
        channels=(),
        status="idle",
        since=datetime(2026, 1, 1, tzinfo=UTC),
        reason="",
        edges={},
    )


def written(form: Form, transcript: Transcript) -> bytes:
    """A conversation in a form."""
    begun = form.begin(info_of(transcript), transcript.summary)
    return begun + b"".join(map(form.message, transcript.messages)) + form.end()


ABOUT_MASTS = [
    ("user", "How tall is the mast?"),
    ("assistant", "It is 12 m tall."),
    ("user", "And the second mast?"),
    ("assistant", "9 m."),
]
WHICH = [("user", "Which one is taller?"), ("assistant", "The first, by 3 m.")]
