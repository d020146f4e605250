"""Transcripts of Claude Code: `~/.claude/projects/<project>/<session>.jsonl`, one session each.

Every line is an entry of a tree. A reply is spread over several lines, an edited prompt begins a branch, and after
the line of a compaction (`compact_boundary`) its summary stands as if the user had said it. What the program wrote
for itself, commands and their output, and what its agents did beside the conversation are passed over.
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

_NOTES: Final = ("<command-", "<local-command-", "<bash-", "<task-notification>", "[Request interrupted by user")
_BY_PROGRAM: Final = "<synthetic>"


class _Body(Struct, frozen=True):
    content: Content = None
    id: str | None = None
    model: str | None = None


class _Segment(Struct, frozen=True, rename="camel"):
    head_uuid: str | None = None


class _Compaction(Struct, frozen=True, rename="camel"):
    preserved_segment: _Segment | None = None


class _Entry(Struct, frozen=True, rename="camel", kw_only=True):
    """The fields that every line has, as far as they matter here."""

    type: str = ""
    uuid: str | None = None
    parent_uuid: str | UnsetType | None = UNSET
    logical_parent_uuid: str | None = None
    session_id: str | None = None
    is_sidechain: bool | None = None


class _MessageEntry(_Entry, frozen=True, rename="camel", kw_only=True):
    """A line of the user, the assistant or, for boundaries, the system."""

    subtype: str | None = None
    timestamp: str | None = None
    message: _Body | None = None
    is_meta: bool | None = None
    is_compact_summary: bool | None = None
    compact_metadata: _Compaction | None = None

    @property
    def is_boundary(self) -> bool:
        return self.type == "system" and self.subtype == "compact_boundary"


class _NumberedEntry(NamedTuple):
    number: int
    entry: _Entry

    @property
    def node(self) -> Node:
        entry = self.entry
        is_boundary = isinstance(entry, _MessageEntry) and entry.is_boundary
        parent = entry.logical_parent_uuid or entry.parent_uuid or None
        return Node(entry.uuid, parent, is_root=entry.parent_uuid is None and not is_boundary)

    @property
    def body(self) -> _Body | None:
        entry = self.entry
        return entry.message if isinstance(entry, _MessageEntry) and entry.type != "system" else None


def fits(value: Any) -> bool:
    """Whether the line is one of Claude Code's."""
    return {"sessionId", "type"} <= fields(value).keys() or {"leafUuid", "summary"} <= fields(value).keys()


def read(source: Source) -> Iterator[ReadTranscript]:
    """The session of a file; none where nobody said anything.

    Raises:
        InputError: a line cannot be taken.
    """
    reader = _Reader(source)
    for line in source.lines():
        with source.at(line.number):
            reader.take(line)
    found = reader.found()
    if found.transcript.messages:
        yield found


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._entries: list[_NumberedEntry] = []
        self._passed_over: Counter[str] = Counter()

    def take(self, line: Line) -> None:
        kind = fields(line.value).get("type")
        entry = as_type(line.value, _MessageEntry if kind in {"user", "assistant", "system"} else _Entry)
        if entry.is_sidechain:
            self._passed_over["messages of other agents"] += 1
        elif entry.uuid is None or (kind == "system" and not (isinstance(entry, _MessageEntry) and entry.is_boundary)):
            self._passed_over["notes of the program"] += 1
        if entry.uuid is not None and not entry.is_sidechain:
            self._entries.append(_NumberedEntry(line.number, entry))

    def found(self) -> ReadTranscript:
        while self._entries and self._entries[-1].body is None:
            self._entries.pop()
        thread = self._thread()
        session = next((each.entry.session_id for each in reversed(self._entries) if each.entry.session_id), "")
        messages: list[tuple[int, TranscriptMessage]] = []
        summary: TranscriptSummary | None = None
        boundary = kept = 0
        for place, (number, entry) in enumerate(self._entries):
            if not isinstance(entry, _MessageEntry):
                continue
            with self._source.at(number):
                if place in thread and entry.is_boundary:
                    boundary = self._first_kept(place, entry)
                    continue
                message = self._message(entry, is_on_thread=place in thread)
            if message is not None and entry.is_compact_summary:
                summary = TranscriptSummary(text=message.text, at=message.at)
                kept = boundary or place
            elif message is not None:
                messages.append((place, message))
        return ReadTranscript(
            Transcript(
                session=session,
                summary=summary,
                messages=tuple(structs.replace(each, archived=place < kept) for place, each in messages),
            ),
            self._passed_over,
            self._entries[0].number if self._entries else 1,
        )

    def _thread(self) -> set[int]:
        """The places of what counts: a reply that called several tools at once forks, and does so whole."""
        thread = latest_thread([each.node for each in self._entries])
        replies = {body.id for place in thread if (body := self._entries[place].body) and body.id}
        return thread | {
            place for place, each in enumerate(self._entries) if (body := each.body) and body.id in replies
        }

    def _first_kept(self, place: int, boundary: _MessageEntry) -> int:
        """The place from which on a compaction kept the messages: its own, or before."""
        compaction = boundary.compact_metadata
        segment = compaction.preserved_segment if compaction else None
        head = segment.head_uuid if segment else None
        return next((i for i in range(place) if head and self._entries[i].entry.uuid == head), place)

    def _message(self, entry: _MessageEntry, *, is_on_thread: bool) -> TranscriptMessage | None:
        if entry.message is None or entry.type == "system":
            return None
        text = text_of(entry.message.content, self._passed_over)
        if not text.strip():
            return None
        if entry.is_meta or text.lstrip().startswith(_NOTES) or entry.message.model == _BY_PROGRAM:
            self._passed_over["notes of the program"] += 1
            return None
        if not is_on_thread:
            self._passed_over["messages of other branches"] += 1
            return None
        at = time_of(entry.timestamp)
        return as_message(TranscriptMessage(role=role_of(entry.type), text=text, at=at, id=entry.uuid))
