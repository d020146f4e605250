"""Parts of the tests of formats: files made line by line, and readings of them in short."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from argentos.errors import InputError
from argentos.gateway.formats import Losses, ReadTranscript, Source, read_transcripts

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


ABOUT_MASTS = [
    ("user", "How tall is the mast?"),
    ("assistant", "It is 12 m tall."),
    ("user", "And the second mast?"),
    ("assistant", "9 m."),
]
WHICH = [("user", "Which one is taller?"), ("assistant", "The first, by 3 m.")]
