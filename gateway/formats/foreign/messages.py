"""Messages as the APIs of OpenAI and Anthropic take and give them, and as most data sets have them.

A JSON array of messages, or an object with `messages` or `input`: a body of a request of Chat Completions, of
Responses or of Messages, or a line of a batch; or what these answer. Or JSON Lines: of messages or items, which are
one conversation together, or of objects with them, which are one each.
"""

from collections.abc import Iterator
from typing import Any, Final

from argentos.actors import Transcript
from argentos.gateway.formats.conversation.content import Remarks, arguments_of, blocks_of, result_content, time_of
from argentos.gateway.formats.conversation.drafts import Draft, messages_of
from argentos.gateway.formats.conversation.response_items import add_item, is_item
from argentos.gateway.formats.conversation.system_prompt import SystemPrompt
from argentos.gateway.formats.conversation.tool_calls import settle_calls
from argentos.gateway.formats.files.losses import Losses
from argentos.gateway.formats.files.source import Line, ReadTranscript, Source, fields, listed, objects, text_in
from argentos.storage import RawBlock

__all__ = ["fits", "read"]

_SYSTEM: Final = frozenset({"developer", "system"})
_RESULTS: Final = frozenset({"function", "tool"})
_AROUND: Final = ("body", "params", "request", "response")  # of a batch's line, of a log
_TIMES: Final = ("timestamp", "created_at", "create_time", "created", "time")
_STOP_REASONS: Final = {"length": "max_tokens", "content_filter": "refusal"}
_LISTS: Final = ("messages", "input", "output", "choices")
_OF_OPENAI: Final = frozenset(
    {"file", "image_url", "input_audio", "input_image", "input_text", "output_text", "refusal"}
)


def fits(value: Any) -> bool:
    """Tell whether the value is a message, an item or a conversation."""
    return _is_message(value) or _is_conversation(value)


def _is_message(value: Any) -> bool:
    return isinstance(fields(value).get("role"), str) or is_item(value)


def _is_conversation(value: Any) -> bool:
    if isinstance(value, list):
        return any(_is_message(each) for each in listed(value))
    each = fields(value)
    has_list = any(isinstance(each.get(name), list) for name in _LISTS)
    if has_list or (isinstance(each.get("input"), str) and "model" in each):
        return True
    return any(_is_conversation(each[name]) for name in _AROUND if isinstance(each.get(name), dict))


def read(source: Source, losses: Losses) -> Iterator[ReadTranscript]:
    """The conversations of a file."""
    together = _Reader()
    begin = 0
    for line in source.values(losses):
        remarks = Remarks.of(losses, line)
        if _is_message(line.value):
            together.take(line.value, remarks)
            begin = begin or line.number
        elif _is_conversation(line.value):
            reader = _Reader()
            reader.take_conversation(line.value, remarks)
            yield from reader.found(line)
        else:
            remarks.add("this is neither a message nor a conversation")
    yield from together.found(Line(begin, None))


class _Reader:
    def __init__(self) -> None:
        self._drafts: list[Draft] = []
        self._session = ""
        self._functions: list[tuple[str, str]] = []  # names and ids of calls in the old style, which has no ids
        self._calls = 0
        self._is_of_openai = False
        self._system = SystemPrompt()

    def found(self, line: Line) -> Iterator[ReadTranscript]:
        messages = messages_of(settle_calls(self._drafts))
        if messages:
            transcript = Transcript(session=self._session, messages=messages, system=self._system.text)
            yield ReadTranscript(transcript, line.number)

    def take_conversation(self, value: Any, remarks: Remarks) -> None:
        if isinstance(value, list):
            for number, each in enumerate(listed(value), start=1):
                self.take(each, remarks.within(f"message {number}"))
            return
        each = fields(value)
        self._session = self._session or text_in(each, "custom_id", "conversation_id", "session_id", "thread_id", "id")
        for name in ("system", "instructions"):
            self._system.take(each.get(name), remarks, has_begun=bool(self._drafts))
        for name in _AROUND:
            if isinstance(each.get(name), dict):
                self.take_conversation(each[name], remarks)
        for name in _LISTS:
            self._take_list(each, name, remarks)

    def _take_list(self, value: dict[str, Any], name: str, remarks: Remarks) -> None:
        found = value.get(name)
        if name == "input" and isinstance(found, str):
            self._drafts.append(Draft(role="user", blocks=blocks_of(found, remarks), remarks=remarks))
        elif name == "choices":
            self._choices(value, remarks)
        elif isinstance(found, list):
            at = value.get("created_at", value.get("created")) if name == "output" else None
            for number, each in enumerate(listed(found), start=1):
                self.take(each, remarks.within(f"message {number}"), at)
        elif _is_message(found):
            self.take(found, remarks)

    def _choices(self, value: dict[str, Any], remarks: Remarks) -> None:
        choices = objects(value.get("choices"))
        for choice in choices[1:]:
            if choice:
                remarks.add("a second choice of an answer")
        for choice in choices[:1]:
            if isinstance(choice.get("message"), dict):
                reason = choice.get("finish_reason")
                self.take({"finish_reason": reason, **fields(choice["message"])}, remarks, value.get("created"))

    def take(self, value: Any, remarks: Remarks, at: Any = None) -> None:
        """Take a message or an item.

        Args:
            value: of the file.
            remarks: gets what is left out.
            at: the time where it has none.
        """
        message = fields(value)
        if not message:
            remarks.add("a message that is no object")
            return
        time = next((message[name] for name in _TIMES if message.get(name) is not None), at)
        draft = Draft(
            role="user",
            blocks=[],
            remarks=remarks,
            at=time_of(time, remarks),
            id=text_in(message, "id") or None,
            sender=text_in(message, "name") or None,
        )
        role = text_in(message, "role")
        if role in _SYSTEM:
            self._is_of_openai = True
            self._system.take(message.get("content"), remarks, has_begun=bool(self._drafts))
        elif is_item(message) or (message.get("type") == "message" and "content" in message and role != "tool"):
            self._item(message, draft)
        elif role in _RESULTS:
            self._is_of_openai = True
            self._result(message, draft)
        elif role in {"user", "assistant"}:
            self._message(message, draft)
        else:
            remarks.add(f"a message of the role {role!a:.40}" if role else "a message without a role")

    def _item(self, item: dict[str, Any], draft: Draft) -> None:
        if is_item(item):
            draft.id = None
        stop_reason = item.get("stop_reason")
        if isinstance(stop_reason, str) and stop_reason not in {"end_turn", "tool_use", "stop_sequence", "pause_turn"}:
            draft.stop_reason = stop_reason
        if is_item(item):
            add_item(self._drafts, item, draft)
        else:
            self._message(item, draft)

    def _message(self, message: dict[str, Any], draft: Draft) -> None:
        draft.role = "assistant" if message.get("role") == "assistant" else "user"
        thought = text_in(message, "reasoning_content", "reasoning")
        draft.blocks = [{"type": "thinking", "thinking": thought, "signature": ""}] if thought else []
        self._is_of_openai = self._is_of_openai or _is_of_openai(message)
        keeps_unknown = not self._is_of_openai  # as Anthropic's, of which a later version may have more
        draft.blocks += blocks_of(message.get("content"), draft.remarks, keeps_unknown=keeps_unknown)
        if refusal := text_in(message, "refusal"):
            draft.blocks += blocks_of(refusal, draft.remarks)
            draft.stop_reason = "refusal"
        if isinstance(message.get("audio"), dict):
            draft.blocks += blocks_of({**message["audio"], "type": "audio"}, draft.remarks)
        for call in objects(message.get("tool_calls")):
            draft.blocks.append(self._call(call))
        if isinstance(message.get("function_call"), dict):
            draft.blocks.append(self._function_call(fields(message["function_call"])))
        draft.stop_reason = draft.stop_reason or _STOP_REASONS.get(text_in(message, "finish_reason"))
        self._drafts.append(draft)

    @staticmethod
    def _call(call: dict[str, Any]) -> RawBlock:
        what = fields(call.get("function")) or fields(call.get("custom")) or call
        given = arguments_of(what.get("arguments", what.get("input")))
        return {"type": "tool_use", "id": text_in(call, "id"), "name": text_in(what, "name"), "input": given}

    def _function_call(self, call: dict[str, Any]) -> RawBlock:
        self._calls += 1
        name, call_id = text_in(call, "name"), f"function-{self._calls}"
        self._functions.append((name, call_id))
        return {"type": "tool_use", "id": call_id, "name": name, "input": arguments_of(call.get("arguments"))}

    def _result(self, message: dict[str, Any], draft: Draft) -> None:
        call_id = text_in(message, "tool_call_id")
        name = text_in(message, "name")
        if not call_id:
            known = next((each for each in self._functions if each[0] == name), None)
            if known is not None:
                self._functions.remove(known)
                call_id = known[1]
        content = result_content(message.get("content"), draft.remarks)
        draft.blocks, draft.sender = [{"type": "tool_result", "tool_use_id": call_id, "content": content}], None
        before = self._drafts[-1] if self._drafts else None
        if before is not None and before.role == "user" and _is_of_results(before.blocks):
            before.blocks = [*before.blocks, *draft.blocks]
        else:
            self._drafts.append(draft)


def _is_of_openai(message: dict[str, Any]) -> bool:
    kinds = {text_in(part, "type") for part in objects(message.get("content"))}
    return bool(kinds & _OF_OPENAI) or "tool_calls" in message or "function_call" in message


def _is_of_results(blocks: list[RawBlock]) -> bool:
    return bool(blocks) and all(each["type"] == "tool_result" for each in blocks)
