"""Calls of tools and their results, brought together: no call is without its result, and no result without its call.

The results of a message's calls stand in the message behind it, as the Messages API wants it.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, Final, cast

from argentos.gateway.formats.conversation.content import text_block
from argentos.gateway.formats.conversation.drafts import Draft, plain_text
from argentos.gateway.formats.files.source import objects
from argentos.storage import RawBlock

__all__ = ["UNKNOWN_RESULT", "settle_calls"]

UNKNOWN_RESULT: Final = "It is not known what became of this call."
"""The result of a call whose own is not in a file."""

_WITHOUT_CALL: Final = "[The result of a call of a tool that is not in the file]"
_MADE_UP: Final = "call"


class _Call:
    """A call, and its result once that is found."""

    __slots__ = ("draft", "given", "id", "result")

    def __init__(self, draft: int, given: str, call_id: str) -> None:
        self.draft = draft
        self.given = given
        self.id = call_id
        self.result: tuple[int, RawBlock] | None = None


def settle_calls(drafts: Sequence[Draft]) -> list[Draft]:
    """The messages with each result behind its call; a draft that only had results of others is gone.

    A call without a result gets one that says so, and a result without a call becomes a text that says so. An id that
    is missing or was used before is made up.
    """
    settling = _Settling(drafts)
    settling.read()
    return settling.written()


class _Settling:
    def __init__(self, drafts: Sequence[Draft]) -> None:
        self._drafts = drafts
        self._rest: list[list[RawBlock]] = []  # the blocks of each draft without its results
        self._calls: list[list[_Call]] = []  # those of each draft
        self._open: dict[str, deque[_Call]] = {}
        self._taken: set[str] = set()
        self._strays: list[tuple[int, int, RawBlock]] = []  # results before their calls, or without

    def read(self) -> None:
        for place, draft in enumerate(self._drafts):
            self._calls.append([])
            self._rest.append([])
            for block in draft.blocks:
                kind = block.get("type")
                if kind == "tool_use":
                    self._call(place, block)
                elif kind == "tool_result":
                    self._result(place, block)
                else:
                    self._rest[place].append(block)
        for place, at, block in reversed(self._strays):
            if not self._found(place, block):
                self._rest[place][at:at] = self._stray(place, block)

    def _call(self, place: int, block: RawBlock) -> None:
        draft = self._drafts[place]
        if draft.role != "assistant":
            draft.remarks.add("a call of a tool in a message of the user")
            return
        given = block.get("id")
        given = given if isinstance(given, str) else ""
        name = block.get("name")
        call = _Call(place, given, self._id(given))
        self._calls[place].append(call)
        self._open.setdefault(given, deque()).append(call)
        called: RawBlock = {**block, "id": call.id, "name": name if isinstance(name, str) and name else "unknown"}
        if not isinstance(block.get("input"), dict):
            called["input"] = {} if block.get("input") is None else {"input": block["input"]}
        self._rest[place].append(called)

    def _id(self, given: str) -> str:
        made, number = given or f"{_MADE_UP}-1", 1
        while made in self._taken:
            number += 1
            made = f"{given or _MADE_UP}-{number}"
        self._taken.add(made)
        return made

    def _result(self, place: int, block: RawBlock) -> None:
        if not self._found(place, block):
            self._strays.append((place, len(self._rest[place]), block))

    def _found(self, place: int, block: RawBlock) -> bool:
        given = block.get("tool_use_id")
        waiting = self._open.get(given if isinstance(given, str) else "")
        if not waiting:
            return False
        call = waiting.popleft()
        call.result = (place, {**block, "tool_use_id": call.id, **_content(block)})
        return True

    def _stray(self, place: int, block: RawBlock) -> list[RawBlock]:
        self._drafts[place].remarks.add("a result of a tool without its call (it is kept as a text)")
        content = _content(block)["content"]
        if isinstance(content, str):
            return [text_block(f"{_WITHOUT_CALL}\n{content}".strip())]
        blocks = cast("list[RawBlock]", content)
        others = [each for each in blocks if each.get("type") != "text"]
        return [text_block(f"{_WITHOUT_CALL}\n{plain_text(blocks)}".strip()), *others]

    def written(self) -> list[Draft]:
        written: list[Draft] = []
        results: list[RawBlock] = []  # of the draft before, whose place is at the head of this one
        for place, draft in enumerate(self._drafts):
            draft.blocks = [*results, *self._rest[place]]
            results = []
            if not draft.is_empty:
                written.append(draft)
            calls = self._calls[place]
            if not calls:
                continue
            results = [self._result_of(call) for call in calls]
            if not self._has_result_of(place + 1, calls):
                written.append(self._draft_of(place, calls, results))
                results = []
        return written

    def _has_result_of(self, place: int, calls: Sequence[_Call]) -> bool:
        if place == len(self._drafts):
            return False
        draft, before = self._drafts[place], self._drafts[place - 1]
        if draft.role != "user" or draft.archived != before.archived:
            return False
        return any(call.result is not None and call.result[0] == place for call in calls)

    def _result_of(self, call: _Call) -> RawBlock:
        if call.result is not None:
            return call.result[1]
        self._drafts[call.draft].remarks.add("a call of a tool without its result (which is said to be not known)")
        return {"type": "tool_result", "tool_use_id": call.id, "content": UNKNOWN_RESULT, "is_error": True}

    def _draft_of(self, place: int, calls: Sequence[_Call], results: list[RawBlock]) -> Draft:
        """A message for results that are found further on, or nowhere."""
        draft = self._drafts[place]
        known = [call.result[0] for call in calls if call.result is not None and call.result[0] != place]
        origin = self._drafts[known[0]] if known else None
        at = draft.at if origin is None or origin.at is None else max(origin.at, draft.at or origin.at)
        if place + 1 < len(self._drafts) and (next_at := self._drafts[place + 1].at) and at and at > next_at:
            at = next_at  # it has moved before this one
        is_bare = origin is not None and not self._rest[known[0]] and origin.role == "user"
        return Draft(
            role="user",
            blocks=results,
            remarks=draft.remarks,
            at=at,
            id=origin.id if origin is not None and is_bare else None,
            archived=draft.archived,
        )


def _content(block: RawBlock) -> dict[str, Any]:
    content = block.get("content")
    if isinstance(content, list):
        blocks = objects(content)
        return {"content": blocks} if blocks else {"content": ""}
    return {"content": content if isinstance(content, str) else ""}
