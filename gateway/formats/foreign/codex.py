"""Rollouts of Codex: `~/.codex/sessions/<year>/<month>/<day>/rollout-<time>-<id>.jsonl`, one session each.

A line is `{"timestamp", "type", "payload"}`; what was said are its `response_item`, the items of the Responses API.
The oldest have these items bare, behind a line with the session's id. What people and model said is noted a second
time, as `event_msg`, and taken from there where no item has it.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from argentos.actors import Transcript, TranscriptSummary
from argentos.gateway.formats.conversation.content import Remarks, blocks_of, time_of
from argentos.gateway.formats.conversation.drafts import Draft, messages_of, plain_text, said
from argentos.gateway.formats.conversation.response_items import add_item, is_item
from argentos.gateway.formats.conversation.tool_calls import settle_calls
from argentos.gateway.formats.files.losses import Losses
from argentos.gateway.formats.files.source import Line, ReadTranscript, Source, fields, objects, text_in

__all__ = ["fits", "read"]

_KINDS: Final = frozenset({"session_meta", "response_item", "event_msg", "turn_context", "compacted"})
_A_NOTE: Final = "a note of the program"
_CONTEXT: Final = (
    "# AGENTS.md instructions for ",
    "<INSTRUCTIONS>",
    "<environment_context>",
    "<permissions instructions>",
    "<skill>",
    "<subagent_notification>",
    "<turn_aborted>",
    "<user_instructions>",
    "<user_shell_command>",
)
_SUMMARY: Final = (
    "Another language model started to solve this problem",
    "You were originally given instructions from a user",
)
_SAID: Final = {"user_message": "user", "agent_message": "assistant"}


def fits(value: Any) -> bool:
    """Tell whether the line is one of Codex's."""
    line = fields(value)
    if text_in(line, "type") in _KINDS and isinstance(line.get("payload", line.get("item")), dict):
        return True
    return "record_type" in line or ({"id", "timestamp", "instructions"} <= line.keys() and "role" not in line)


def read(source: Source, losses: Losses) -> Iterator[ReadTranscript]:
    """The session of a file; none where nobody said anything."""
    reader = _Reader(losses)
    for line in source.values(losses):
        reader.note(line)
    for line in source.values(losses):
        reader.take(line)
    found = reader.found()
    if found.transcript.messages:
        yield found


def _payload(line: Line) -> tuple[str, dict[str, Any]]:
    """The kind of a line and what it holds; of the oldest, the line itself."""
    value = fields(line.value)
    kind = text_in(value, "type")
    payload = value.get("payload", value.get("item"))
    if kind in _KINDS and isinstance(payload, dict):
        return kind, fields(payload)
    if "record_type" in value:
        return "turn_context", value
    if kind == "message" or is_item(value):
        return "response_item", value
    return ("session_meta", value) if "id" in value and not kind else (kind, value)


class _Reader:
    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._session = ""
        self._line = 0
        self._drafts: list[Draft] = []
        self._summary: TranscriptSummary | None = None
        self._items: Counter[tuple[str, str]] = Counter()  # texts that stand in items, by their side

    def note(self, line: Line) -> None:
        """Remember what is said in items, so that it is not taken twice."""
        kind, payload = _payload(line)
        role = text_in(payload, "role")
        if kind == "response_item" and role:
            text = plain_text(blocks_of(payload.get("content"), Remarks(Losses(), 0))).strip()
            self._items[role, text] += 1

    def take(self, line: Line) -> None:
        remarks = Remarks.of(self._losses, line)
        if not fields(line.value):
            remarks.add("a line that is no object")
            return
        self._line = self._line or line.number
        kind, payload = _payload(line)
        draft = Draft(
            role="user",
            blocks=[],
            remarks=remarks,
            at=time_of(fields(line.value).get("timestamp"), remarks),
            id=text_in(payload, "id") or None,
        )
        if kind == "session_meta":
            self._begin(text_in(payload, "id", "session_id"), remarks)
        elif kind == "response_item":
            self._item(payload, draft)
        elif kind == "event_msg":
            self._event(payload, draft)
        elif kind == "compacted":
            self._compact(payload, draft)
        else:
            remarks.add(_A_NOTE if kind in _KINDS else f"a line of the type {kind!a:.60}")

    def _begin(self, session: str, remarks: Remarks) -> None:
        if self._session and session != self._session:  # a fork repeats what it goes on from
            remarks.add(f"the session id {session!a:.80} (what is said there is taken into {self._session!a:.80})")
        self._session = self._session or session

    def _item(self, item: dict[str, Any], draft: Draft) -> None:
        if text_in(item, "role") == "user":
            text = plain_text(blocks_of(item.get("content"), Remarks(Losses(), 0)))
            if text.lstrip().startswith(_CONTEXT):
                draft.remarks.add("what the program tells the model")
                return
        draft.id = draft.id if text_in(item, "type") == "message" else None
        add_item(self._drafts, item, draft)

    def _event(self, event: dict[str, Any], draft: Draft) -> None:
        kind = text_in(event, "type")
        if kind == "thread_rolled_back":
            self._roll_back(event.get("num_turns"))
        elif kind in _SAID and (text := text_in(event, "message")):
            role = _SAID[kind]
            if self._is_in_items(role, text.strip()):
                return
            draft.role = "assistant" if role == "assistant" else "user"
            draft.blocks, draft.id = said(text), None
            if not text.lstrip().startswith(_CONTEXT):
                self._drafts.append(draft)
        elif kind == "error":
            draft.remarks.add("the error of a reply that failed")
        else:
            draft.remarks.add(_A_NOTE)

    def _is_in_items(self, role: str, text: str) -> bool:
        """Tell whether an item has it, perhaps with what an editor adds; each item counts for one."""
        found: tuple[str, str] | None = (role, text)
        if self._items[role, text] <= 0:
            found = next(
                (key for key, left in self._items.items() if left > 0 and key[0] == role and text in key[1]), None
            )
        if found is not None:
            self._items[found] -= 1
        return found is not None

    def _roll_back(self, turns: Any) -> None:
        """Leave out what was said in so many turns, which the person took back."""
        left = turns if isinstance(turns, int) else 1
        while left > 0 and self._drafts:
            draft = self._drafts.pop()
            if not draft.is_empty:
                draft.remarks.add("a message that was taken back")
            left -= draft.role == "user" and bool(plain_text(draft.blocks))

    def _compact(self, payload: dict[str, Any], draft: Draft) -> None:
        text = text_in(payload, "message") or _summary_in(payload.get("replacement_history"))
        if not text:
            draft.remarks.add("a summary that only the maker of the model can read")
            return
        if self._summary is not None:
            draft.remarks.add("a summary that took the place of an earlier one, which is left out")
        self._summary = TranscriptSummary(text=text, at=draft.at)
        for each in self._drafts:
            each.archived = True

    def found(self) -> ReadTranscript:
        messages = messages_of(settle_calls(self._drafts))
        return ReadTranscript(
            Transcript(session=self._session, summary=self._summary if messages else None, messages=messages),
            self._line or 1,
        )


def _summary_in(history: Any) -> str:
    """The summary among the messages that took the place of a history."""
    texts = (plain_text(blocks_of(each.get("content"), Remarks(Losses(), 0))) for each in objects(history))
    return next((text for text in texts if text.startswith(_SUMMARY)), "")
