"""Transcripts of Claude Code: `~/.claude/projects/<project>/<session>.jsonl`, one session each.

Every line is an entry of a tree. A response of the model is spread over several lines, an edited prompt begins a
branch, and after the line of a compaction (`compact_boundary`) its summary stands as if the user had said it. What the
program wrote for itself, commands and their output, and what its agents did beside the conversation are left out.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from argentos.actors import Transcript, TranscriptSummary
from argentos.gateway.formats.conversation.content import Remarks, blocks_of, time_of, title_of
from argentos.gateway.formats.conversation.drafts import Draft, messages_of, plain_text
from argentos.gateway.formats.conversation.thread import Node, is_edited, latest_thread
from argentos.gateway.formats.conversation.tool_calls import settle_calls
from argentos.gateway.formats.files.losses import Losses
from argentos.gateway.formats.files.source import Line, ReadTranscript, Source, fields, text_in
from argentos.storage import RawBlock

__all__ = ["fits", "read"]

_NOTES: Final = ("<command-", "<local-command-", "<bash-", "<task-notification>", "[Request interrupted by user")
_BY_PROGRAM: Final = "<synthetic>"
_SIDES: Final = frozenset({"assistant", "user"})
_WHOLE: Final = frozenset({"end_turn", "stop_sequence", "tool_use", "pause_turn"})
_TITLED: Final = ("summary", "ai-title", "custom-title")  # kinds of lines, of which the last counts most
_TITLES: Final = ("summary", "aiTitle", "customTitle", "title")
_A_NOTE: Final = "a note of the program"


class _Entry(NamedTuple):
    """A line of the conversation's tree; `blocks` is what it says, if it says something."""

    line: Line
    value: dict[str, Any]
    kind: str
    blocks: list[RawBlock]

    @property
    def is_boundary(self) -> bool:
        return self.kind == "system" and self.value.get("subtype") == "compact_boundary"

    @property
    def is_prompt(self) -> bool:
        return self.kind == "user" and not any(block.get("type") == "tool_result" for block in self.blocks)

    @property
    def message(self) -> dict[str, Any]:
        return fields(self.value.get("message"))

    @property
    def call(self) -> str | None:
        """The response of the model that it is a part of."""
        return text_in(self.message, "id") or None if self.kind == "assistant" else None


def fits(value: Any) -> bool:
    """Whether the line is one of Claude Code's."""
    line = fields(value)
    return (
        {"sessionId", "type"} <= line.keys()
        or {"leafUuid", "summary"} <= line.keys()
        or ("parentUuid" in line and "message" in line)
        or (text_in(line, "type") in _SIDES and isinstance(line.get("message"), dict))
    )


def read(source: Source, losses: Losses) -> Iterator[ReadTranscript]:
    """The session of a file; none where nobody said anything."""
    reader = _Reader(losses, source.stem)
    for line in source.values(losses):
        reader.take(line)
    found = reader.found()
    if found.transcript.messages:
        yield found


class _Reader:
    def __init__(self, losses: Losses, stem: str) -> None:
        self._losses = losses
        self._stem = stem
        self._entries: list[_Entry] = []
        self._ids: dict[str, int] = {}  # of entries, and their lines
        self._titles: dict[str, str] = {}  # by the kind of line
        self._sessions: dict[str, list[Line]] = {}

    def take(self, line: Line) -> None:
        value, remarks = fields(line.value), Remarks.of(self._losses, line)
        if not value:
            remarks.add("a line that is no object")
            return
        kind = text_in(value, "type")
        if value.get("isSidechain") is True:
            remarks.add("a message of another agent")
            return
        entry = _Entry(line, value, kind, self._blocks(value, kind, remarks))
        uuid = text_in(value, "uuid")
        if uuid and self._ids.setdefault(uuid, line.number) != line.number:
            remarks.add(f"a copy of line {self._ids[uuid]}")
            return
        if session := text_in(value, "sessionId", "session_id"):
            self._sessions.setdefault(session, []).append(line)
        if title := text_in(value, *_TITLES) if kind in _TITLED else "":
            self._titles[kind] = title_of(title)
        elif kind not in _SIDES and not entry.is_boundary and not entry.blocks:
            remarks.add(_A_NOTE if kind else "an entry without a type")
        if uuid or kind in _SIDES or entry.blocks:
            self._entries.append(entry)

    @staticmethod
    def _blocks(value: dict[str, Any], kind: str, remarks: Remarks) -> list[RawBlock]:
        if kind in _SIDES:
            message = value.get("message", value.get("content"))
            content = fields(message).get("content") if isinstance(message, dict) else message
            return blocks_of(content, remarks, keeps_unknown=True)
        queued = fields(value.get("attachment"))
        if kind == "attachment" and queued.get("type") == "queued_command":  # said while the agent was at work
            is_prompt = text_in(queued, "commandMode") in {"", "prompt"}
            return blocks_of(queued.get("prompt"), remarks, keeps_unknown=True) if is_prompt else []
        return []

    def found(self) -> ReadTranscript:
        while self._entries and not self._entries[-1].blocks:
            self._entries.pop()
        thread = self._thread()
        drafts: list[tuple[int, Draft]] = []
        summary: TranscriptSummary | None = None
        boundary = kept = 0
        for place, entry in enumerate(self._entries):
            remarks = Remarks.of(self._losses, entry.line)
            if place in thread and entry.is_boundary:
                boundary = self._first_kept(place, entry)
            elif entry.blocks and entry.value.get("isCompactSummary") is True:
                if place not in thread:
                    remarks.add("a summary of another branch")
                    continue
                if summary is not None:
                    remarks.add("a summary that took the place of an earlier one, which is left out")
                summary = TranscriptSummary(
                    text=plain_text(entry.blocks), at=time_of(entry.value.get("timestamp"), remarks)
                )
                kept, boundary = boundary or place, 0
            elif (draft := self._draft(entry, remarks, is_on_thread=place in thread)) is not None:
                drafts.append((place, draft))
        for place, draft in drafts:
            draft.archived = place < kept
        whole = settle_calls(_joined([draft for _, draft in drafts]))
        return ReadTranscript(
            Transcript(
                session=self._session(),
                summary=summary if whole else None,
                messages=messages_of(whole),
                title=next((self._titles[kind] for kind in reversed(_TITLED) if kind in self._titles), ""),
            ),
            self._entries[0].line.number if self._entries else 1,
        )

    def _session(self) -> str:
        """The session's id: that of the file's name, or the last one, for what is taken up again is copied."""
        last = self._stem if self._stem in self._sessions else ""
        last = last or next((text_in(each.value, "sessionId", "session_id") for each in reversed(self._entries)), "")
        last = last or next(reversed(self._sessions), "")
        for session, lines in self._sessions.items():
            if session != last:
                for line in lines:
                    Remarks.of(self._losses, line).add(
                        f"the session id {session!a:.80} (what is said there is taken into session {last!a:.80})"
                    )
        return last

    def _thread(self) -> set[int]:
        """The places of what counts: a response that called several tools at once forks, and does so whole."""
        thread = latest_thread(self._nodes())
        responses = {call for place in thread if (call := self._entries[place].call)}
        thread |= {place for place, each in enumerate(self._entries) if each.call in responses and each.call}
        calls = {
            text_in(block, "id")
            for place in thread
            for block in self._entries[place].blocks
            if block.get("type") == "tool_use"
        }
        return thread | {
            place
            for place, each in enumerate(self._entries)
            if any(
                block.get("type") == "tool_result" and text_in(block, "tool_use_id") in calls for block in each.blocks
            )
        }

    def _nodes(self) -> list[Node]:
        nodes: list[Node] = []
        first = ""
        for entry in self._entries:
            value = entry.value
            parent = text_in(value, "logicalParentUuid") or text_in(value, "parentUuid") or None
            says_root = "parentUuid" in value and parent is None
            prompt = plain_text(entry.blocks) if entry.is_prompt and _is_said(entry) else ""
            nodes.append(Node(text_in(value, "uuid") or None, parent, is_root=says_root and is_edited(first, prompt)))
            first = first or prompt
        return nodes

    def _first_kept(self, place: int, boundary: _Entry) -> int:
        """The place from which on a compaction kept the messages: its own, or before."""
        segment = fields(fields(boundary.value.get("compactMetadata")).get("preservedSegment"))
        head = text_in(segment, "headUuid")
        return next((i for i in range(place) if head and self._entries[i].value.get("uuid") == head), place)

    def _draft(self, entry: _Entry, remarks: Remarks, *, is_on_thread: bool) -> Draft | None:
        if not entry.blocks:
            return None
        value, message = entry.value, entry.message
        text = plain_text(entry.blocks)
        if value.get("isApiErrorMessage") is True or (
            entry.kind == "assistant" and message.get("model") == _BY_PROGRAM
        ):
            remarks.add("a reply that failed" if value.get("isApiErrorMessage") else _A_NOTE)
            return None
        if value.get("isMeta") is True or (entry.kind != "assistant" and text.lstrip().startswith(_NOTES)):
            remarks.add(_A_NOTE)
            return None
        if not is_on_thread:
            remarks.add("a message of another branch")
            return None
        if "toolUseResult" in value:
            remarks.add("what a tool told the program beside its result")
        reason = message.get("stop_reason")
        return Draft(
            role="assistant" if entry.kind == "assistant" else "user",
            blocks=entry.blocks,
            remarks=remarks,
            at=time_of(value.get("timestamp"), remarks),
            id=text_in(value, "uuid") or None,
            stop_reason=reason if isinstance(reason, str) and reason not in _WHOLE else None,
            call=entry.call,
        )


def _is_said(entry: _Entry) -> bool:
    """Whether a person said it."""
    is_note = plain_text(entry.blocks).lstrip().startswith(_NOTES)
    return bool(entry.blocks) and entry.value.get("isMeta") is not True and not is_note


def _joined(drafts: list[Draft]) -> list[Draft]:
    """The parts of each response as one message; its time and id are those of its first part with a text."""
    joined: list[Draft] = []
    responses: dict[str, Draft] = {}
    for draft in drafts:
        begun = responses.get(draft.call) if draft.call else None
        if begun is None or begun.archived != draft.archived:
            joined.append(draft)
            if draft.call:
                responses[draft.call] = draft
            continue
        if not plain_text(begun.blocks) and plain_text(draft.blocks):
            begun.at, begun.id = draft.at, draft.id
        begun.blocks = [*begun.blocks, *draft.blocks]
        begun.stop_reason = draft.stop_reason or begun.stop_reason
    return joined
