"""Transcripts of OpenClaw, and of pi, whose format it is.

They are the JSON Lines of `~/.openclaw/agents/<agent>/sessions` and `~/.pi/agent/sessions`; what OpenClaw keeps in a
database since 2026.9 are the same lines.
A line with `type: session` begins a session; the others are entries of a tree, and the last one is where the
conversation stands, unless a `leaf` says otherwise. A `compaction` has a summary, and names the first entry that was
kept. A file of several sessions, one after the other, is taken as well.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from argentos.actors import Transcript, TranscriptSummary
from argentos.gateway.formats.conversation.content import Remarks, blocks_of, result_content, time_of, title_of
from argentos.gateway.formats.conversation.drafts import Draft, messages_of, plain_text
from argentos.gateway.formats.conversation.thread import Node, is_edited, latest_thread
from argentos.gateway.formats.conversation.tool_calls import settle_calls
from argentos.gateway.formats.files.losses import Losses
from argentos.gateway.formats.files.source import Line, ReadTranscript, Source, fields, objects, text_in
from argentos.storage import STOPPED, RawBlock

__all__ = ["fits", "read", "session_of"]

_MIRROR: Final = "delivery-mirror"
_SIDES: Final = frozenset({"assistant", "user"})
_OTHER_ROLES: Final = {
    "bashExecution": "a command that was run beside the conversation",
    "branchSummary": "a summary of another branch",
    "compactionSummary": "a copy of a summary",
    "custom": "a message of an extension",
    "hookMessage": "a message of an extension",
    "system": "a system message",
}
_OTHER_KINDS: Final = {
    "branch_summary": "a summary of another branch",
    "custom_message": "a message of an extension",
    "leaf": "",
}
_STOP_REASONS: Final = {"length": "max_tokens", "aborted": STOPPED, "error": "error"}


class _Entry(NamedTuple):
    line: Line
    value: dict[str, Any]
    kind: str
    id: str | None

    @property
    def message(self) -> dict[str, Any]:
        return fields(self.value.get("message"))

    @property
    def prompt(self) -> str:
        """The text of a message of the user's; empty for any other entry."""
        content = self.message.get("content") if self.message.get("role") == "user" else None
        return content if isinstance(content, str) else plain_text(map(fields, objects(content)))


def fits(value: Any) -> bool:
    """Tell whether the line begins a session, or is a message of one."""
    line = fields(value)
    if line.get("type") == "session":
        return "id" in line or "version" in line
    return line.get("type") == "message" and "role" in fields(line.get("message"))


def read(source: Source, losses: Losses) -> Iterator[ReadTranscript]:
    """The sessions of a file, one by one; those in which nobody said anything are left out."""
    head: Line | None = None
    lines: list[Line] = []
    sessions = 0
    for line in source.values(losses):
        if fields(line.value).get("type") != "session":
            lines.append(line)
            continue
        if head is not None or lines:
            yield from session_of(head, lines, losses, stem=source.stem if not sessions else "")
            sessions += 1
        head, lines = line, []
    yield from session_of(head, lines, losses, stem=source.stem if not sessions else "")


def session_of(
    head: Line | None,
    lines: Iterable[Line],
    losses: Losses,
    *,
    session: str = "",
    stem: str = "",
    leaf: str | None = None,
    title: str = "",
) -> Iterator[ReadTranscript]:
    """The session of some lines, if somebody said something in it.

    Args:
        head: the line that begins it, where there is one.
        lines: the others.
        losses: gets what is left out.
        session: its id, whatever the head says.
        stem: of the file's name: where it goes on from the head's id, as for a topic, it is the session's id.
        leaf: the id of the entry at which the conversation stands, where that is known.
        title: where no entry has one.
    """
    reader = _Session(losses, head, leaf, title)
    for line in lines:
        reader.take(line)
    own_id = text_in(head.value, "id") if head else ""
    is_longer = bool(own_id) and stem.startswith(own_id) and stem[len(own_id) :][:1] in {"-", "_"}
    transcript = reader.found(session or (stem if is_longer else own_id))
    if transcript.messages:
        yield ReadTranscript(transcript, head.number if head else 1)


class _Session:
    """One session, from its first line on."""

    def __init__(self, losses: Losses, head: Line | None, leaf: str | None, title: str) -> None:
        self._title = title_of(title)
        self._losses = losses
        self._entries: list[_Entry] = []
        self._ids: dict[str, int] = {}  # of entries, and their lines
        self._leaf = leaf
        self._moved_to: str | None = None  # by an entry that says so
        self._is_first_counted = head is not None
        self._by_index: list[str | None] = [None] if head is not None else []  # as the first version counts entries
        self._latest = ""  # reply

    def take(self, line: Line) -> None:
        value = fields(line.value)
        entry = _Entry(line, value, text_in(value, "type"), text_in(value, "id") or None)
        remarks = Remarks.of(self._losses, line)
        if not entry.value:
            remarks.add("a line that is no object")
            return
        self._by_index.append(entry.id)
        if entry.kind == "leaf":
            self._moved_to = text_in(entry.value, "targetId", "entryId") or None
            return
        if entry.id is not None and self._ids.setdefault(entry.id, line.number) != line.number:
            remarks.add(f"a copy of line {self._ids[entry.id]}")
            return
        self._moved_to = None
        self._entries.append(entry)

    def found(self, session: str) -> Transcript:
        thread = latest_thread(self._nodes(), self._leaf or self._moved_to)
        drafts: list[tuple[int, Draft]] = []
        summary: TranscriptSummary | None = None
        kept, title = 0, self._title
        for place, entry in enumerate(self._entries):
            remarks = Remarks.of(self._losses, entry.line)
            if entry.kind == "message":
                draft = self._draft(entry, remarks, is_on_thread=place in thread)
                drafts += [(place, draft)] if draft else []
            elif entry.kind == "compaction" and place in thread and (text := text_in(entry.value, "summary")):
                if summary is not None:
                    remarks.add("a summary that took the place of an earlier one, which is left out")
                summary = TranscriptSummary(text=text, at=time_of(entry.value.get("timestamp"), remarks))
                kept = self._first_kept(place, entry.value)
            elif entry.kind == "session_info":
                title = title_of(text_in(entry.value, "name"))
            elif reason := _OTHER_KINDS.get(entry.kind, "a note of the program"):
                remarks.add(reason)
        for place, draft in drafts:
            draft.archived = place < kept
        return Transcript(
            session=session,
            summary=summary if drafts else None,
            messages=messages_of(settle_calls([draft for _, draft in drafts])),
            title=title,
        )

    def _nodes(self) -> list[Node]:
        nodes: list[Node] = []
        first = ""
        for entry in self._entries:
            parent = text_in(entry.value, "parentId") or None
            says_root = "parentId" in entry.value and parent is None
            prompt = entry.prompt
            nodes.append(Node(entry.id, parent, is_root=says_root and is_edited(first, prompt)))
            first = first or prompt
        return nodes

    def _first_kept(self, place: int, compaction: dict[str, Any]) -> int:
        kept = text_in(compaction, "firstKeptEntryId")
        index = compaction.get("firstKeptEntryIndex")
        if not kept and isinstance(index, int):
            return self._place_of_index(place, index)
        return next((i for i in range(place) if kept and self._entries[i].id == kept), place)

    def _place_of_index(self, place: int, index: int) -> int:
        """The place of an entry by the number that the first version gave it, which counts the head."""
        if not 0 <= index < len(self._by_index):
            return place
        wanted = self._by_index[index]
        if wanted is not None:
            return next((i for i in range(place) if self._entries[i].id == wanted), place)
        return min(place, max(0, index - self._is_first_counted))

    def _draft(self, entry: _Entry, remarks: Remarks, *, is_on_thread: bool) -> Draft | None:
        message = entry.message
        if not message:
            remarks.add("a message that is no object")
            return None
        role = text_in(message, "role")
        if role in _OTHER_ROLES or role not in {*_SIDES, "toolResult"}:
            remarks.add(_OTHER_ROLES.get(role, f"a message of the role {role!a:.40}"))
            return None
        blocks = self._result(message, remarks) if role == "toolResult" else blocks_of(message.get("content"), remarks)
        if role == "assistant":
            blocks = self._reply(message, blocks, remarks)
        if not blocks:
            return None
        if not is_on_thread:
            remarks.add("a message of another branch")
            return None
        if role == "assistant" and self._is_copy(message, blocks):
            remarks.add("a copy of a reply")
            return None
        at = entry.value.get("timestamp")
        return Draft(
            role="assistant" if role == "assistant" else "user",
            blocks=blocks,
            remarks=remarks,
            at=time_of(message.get("timestamp") if at is None else at, remarks),
            id=entry.id,
            sender=text_in(message, "senderName") or None,
            stop_reason=_STOP_REASONS.get(text_in(message, "stopReason")) if role == "assistant" else None,
        )

    @staticmethod
    def _result(message: dict[str, Any], remarks: Remarks) -> list[RawBlock]:
        content = result_content(message.get("content"), remarks)
        if message.get("details"):
            remarks.add("what a tool told the program beside its result")
        result: RawBlock = {"type": "tool_result", "tool_use_id": message.get("toolCallId"), "content": content}
        return [{**result, "is_error": True}] if message.get("isError") is True else [result]

    @staticmethod
    def _reply(message: dict[str, Any], blocks: list[RawBlock], remarks: Remarks) -> list[RawBlock]:
        error = text_in(message, "errorMessage")
        if error or message.get("stopReason") == "error":
            remarks.add(f"the error of a reply that failed{f': {error!a:.100}' if error else ''}")
        is_of_claude = "anthropic" in f"{text_in(message, 'api')} {text_in(message, 'provider')}" or not text_in(
            message, "api"
        )
        if is_of_claude:
            return blocks
        return [_unsigned(block, remarks) for block in blocks if block.get("type") != "redacted_thinking"]

    def _is_copy(self, message: dict[str, Any], blocks: list[RawBlock]) -> bool:
        text = plain_text(blocks)
        if message.get("model") == _MIRROR and text == self._latest:
            return True
        self._latest = text or self._latest
        return False


def _unsigned(block: RawBlock, remarks: Remarks) -> RawBlock:
    """Thoughts without the signature of another maker, which no model takes back."""
    if block.get("type") != "thinking" or not block.get("signature"):
        return block
    remarks.add("what a model of another maker adds to its thoughts for itself")
    return {**block, "signature": ""}
