"""Lists of messages as OpenAI's APIs take them, and as most data sets have them.

A JSON array of messages, or an object with `messages`; or JSON Lines: of messages, which are one conversation
together, or of objects with `messages`, which are one each.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import Struct

from argentos.actors import Transcript, TranscriptMessage
from argentos.actors.transcripts.validation import as_message
from argentos.errors import InputError
from argentos.gateway.formats.content import Content, role_of, text_of, time_of
from argentos.gateway.formats.source import Line, ReadTranscript, Source, as_type, fields

__all__ = ["fits", "read", "read_document"]

_OTHER_ROLES: Final = {
    "system": "system messages",
    "developer": "system messages",
    "tool": "tool results",
    "function": "tool results",
}


class _Message(Struct, frozen=True):
    role: str
    content: Content = None
    id: str | None = None
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[Any] | None = None
    function_call: Any = None
    timestamp: str | float | None = None
    created_at: str | float | None = None


class _Conversation(Struct, frozen=True):
    messages: list[Any]
    id: str | None = None


def fits(value: Any) -> bool:
    """Whether the value is a message or a conversation."""
    return isinstance(value, list) or "role" in fields(value) or isinstance(fields(value).get("messages"), list)


def read(source: Source) -> Iterator[ReadTranscript]:
    """The conversations of JSON Lines.

    Raises:
        InputError: a line cannot be taken.
    """
    together = _Reader()
    begin = 0
    for line in source.lines():
        with source.at(line.number):
            if "role" not in fields(line.value):
                found = _conversation(line)
            else:
                together.take(line.value)
                begin = begin or line.number
                continue
        if _has_entries(found):
            yield found
    if begin:
        yield together.found("", begin)


def read_document(source: Source) -> Iterator[ReadTranscript]:
    """The conversation that the whole file is; none where it has no entries.

    Raises:
        InputError: it cannot be taken.
    """
    value = source.document()
    with source.at(1):
        found = _conversation(Line(1, value))
    if _has_entries(found):
        yield found


def _has_entries(found: ReadTranscript) -> bool:
    return bool(found.transcript.messages or found.passed_over)


def _conversation(line: Line) -> ReadTranscript:
    is_list = isinstance(line.value, list)
    conversation = _Conversation(line.value) if is_list else as_type(line.value, _Conversation)
    reader = _Reader()
    reader.take_all(conversation.messages)
    return reader.found(conversation.id or "", line.number)


class _Reader:
    def __init__(self) -> None:
        self._messages: list[TranscriptMessage] = []
        self._passed_over: Counter[str] = Counter()

    def take_all(self, values: Iterable[Any]) -> None:
        for number, value in enumerate(values, start=1):
            try:
                self.take(value)
            except InputError as error:
                raise InputError(f"message {number}: {error}") from error

    def take(self, value: Any) -> None:
        message = as_type(value, _Message)
        if message.role in _OTHER_ROLES:
            self._passed_over[_OTHER_ROLES[message.role]] += 1
            return
        role = role_of(message.role)
        calls = len(message.tool_calls or ()) + (message.function_call is not None)
        self._passed_over.update({"tool calls": calls} if calls else {})
        text = text_of(message.content, self._passed_over) or message.refusal
        if not text or not text.strip():
            return
        at = time_of(message.timestamp if message.timestamp is not None else message.created_at)
        self._messages.append(
            as_message(TranscriptMessage(role=role, text=text, at=at, id=message.id, sender=message.name))
        )

    def found(self, session: str, line: int) -> ReadTranscript:
        return ReadTranscript(Transcript(session=session, messages=tuple(self._messages)), self._passed_over, line)
