"""Transcripts of OpenClaw (and of pi, whose format it is): `~/.openclaw/agents/<agent>/sessions/<session>.jsonl`.

A line with `type: session` begins a session; the others are entries of a tree, and the last one is where the
conversation stands. A `compaction` has a summary, and names the first entry that was kept. A file of several
sessions, one after the other, is taken as well.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from msgspec import UNSET, Struct, UnsetType, structs

from argentos.actors import Transcript, TranscriptMessage, TranscriptSummary
from argentos.actors.transcripts.validation import as_message
from argentos.gateway.formats.content import Content, role_of, text_of, time_of
from argentos.gateway.formats.source import Line, ReadTranscript, Source, as_type, fields
from argentos.gateway.formats.thread import Node, latest_thread

__all__ = ["fits", "read"]

_MIRROR: Final = "delivery-mirror"
_OTHER_ROLES: Final = {
    "toolResult": "tool results",
    "bashExecution": "commands",
    "branchSummary": "notes of the program",
    "compactionSummary": "notes of the program",
    "custom": "notes of the program",
}


class _Body(Struct, frozen=True):
    role: str
    content: Content = None
    model: str | None = None
    timestamp: str | float | None = None


class _Entry(Struct, frozen=True, rename="camel", kw_only=True):
    """The fields that every line has."""

    type: str
    id: str | None = None
    parent_id: str | UnsetType | None = UNSET
    timestamp: str | float | None = None


class _MessageEntry(_Entry, frozen=True, rename="camel", kw_only=True):
    message: _Body


class _CompactionEntry(_Entry, frozen=True, rename="camel", kw_only=True):
    summary: str
    first_kept_entry_id: str | None = None


_KINDS: Final[dict[object, type[_Entry]]] = {"message": _MessageEntry, "compaction": _CompactionEntry}


class _NumberedEntry(NamedTuple):
    number: int
    entry: _Entry

    @property
    def node(self) -> Node:
        entry = self.entry
        return Node(entry.id, entry.parent_id or None, is_root=entry.parent_id is None and entry.id is not None)


def fits(value: Any) -> bool:
    """Whether the line begins a session."""
    line = fields(value)
    return line.get("type") == "session" and "id" in line


def read(source: Source) -> Iterator[ReadTranscript]:
    """The sessions of a file, one by one; those in which nobody said anything are passed over.

    Raises:
        InputError: a line cannot be taken.
    """
    session = _Session(source, None)
    for line in source.lines():
        with source.at(line.number):
            begins = fits(line.value)
            if begins:
                found = session.found()
                session = _Session(source, line)
            else:
                session.take(line)
                continue
        if found is not None:
            yield found
    if (found := session.found()) is not None:
        yield found


class _Session:
    """One session, from its first line on."""

    def __init__(self, source: Source, head: Line | None) -> None:
        self._source = source
        self._id = as_type(head.value, _Entry).id or "" if head else ""
        self._line = head.number if head else 1
        self._entries: list[_NumberedEntry] = []
        self._passed_over: Counter[str] = Counter()
        self._latest = ""  # reply

    def take(self, line: Line) -> None:
        entry = as_type(line.value, _KINDS.get(fields(line.value).get("type"), _Entry))
        self._entries.append(_NumberedEntry(line.number, entry))

    def found(self) -> ReadTranscript | None:
        thread = latest_thread([each.node for each in self._entries])
        messages: list[tuple[int, TranscriptMessage]] = []
        summary: TranscriptSummary | None = None
        kept = 0
        for place, (number, entry) in enumerate(self._entries):
            with self._source.at(number):
                if isinstance(entry, _MessageEntry):
                    message = self._message(entry, is_on_thread=place in thread)
                    messages += [(place, message)] if message else []
                elif isinstance(entry, _CompactionEntry) and place in thread and entry.summary.strip():
                    summary = TranscriptSummary(text=entry.summary, at=time_of(entry.timestamp))
                    kept = self._first_kept(place, entry)
                else:
                    self._passed_over["notes of the program"] += 1
        if not messages:
            return None
        told = tuple(structs.replace(each, archived=place < kept) for place, each in messages)
        return ReadTranscript(
            Transcript(session=self._id, summary=summary, messages=told), self._passed_over, self._line
        )

    def _first_kept(self, place: int, compaction: _CompactionEntry) -> int:
        kept = compaction.first_kept_entry_id
        return next((i for i in range(place) if kept and self._entries[i].entry.id == kept), place)

    def _message(self, entry: _MessageEntry, *, is_on_thread: bool) -> TranscriptMessage | None:
        body = entry.message
        if body.role in _OTHER_ROLES:
            self._passed_over[_OTHER_ROLES[body.role]] += 1
            return None
        role = role_of(body.role)
        text = text_of(body.content, self._passed_over)
        if not text.strip():
            return None
        if not is_on_thread:
            self._passed_over["messages of other branches"] += 1
            return None
        if role == "assistant":
            if body.model == _MIRROR and text == self._latest:
                self._passed_over["copies of replies"] += 1
                return None
            self._latest = text
        at = time_of(entry.timestamp if entry.timestamp is not None else body.timestamp)
        return as_message(TranscriptMessage(role=role, text=text, at=at, id=entry.id))
