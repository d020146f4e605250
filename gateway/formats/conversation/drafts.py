"""Messages on their way from a foreign file into a transcript."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from argentos.actors import TranscriptMessage
from argentos.actors.transcripts.validation import as_message
from argentos.errors import InputError
from argentos.gateway.formats.conversation.content import Remarks, text_block
from argentos.inputs import as_id, as_name
from argentos.storage import RawBlock, Role

__all__ = ["Draft", "messages_of", "plain_text"]

_PLAIN: Final = {"type", "text"}


class Draft(Struct, kw_only=True):
    """A message as it was read.

    Attributes:
        remarks: gets what of it is left out.
        call: the response of the model that it is a part of, where a form spreads one over several entries.
    """

    role: Role
    blocks: list[RawBlock]
    remarks: Remarks
    at: datetime | None = None
    id: str | None = None
    sender: str | None = None
    archived: bool = False
    stop_reason: str | None = None
    call: str | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing is in it."""
        return not self.blocks


def plain_text(blocks: Iterable[RawBlock]) -> str:
    """The texts among blocks, apart by an empty line."""
    texts = (block.get("text") for block in blocks if block.get("type") == "text")
    return "\n\n".join(text for text in texts if isinstance(text, str) and text.strip())


def messages_of(drafts: Iterable[Draft]) -> tuple[TranscriptMessage, ...]:
    """The messages that have something in them; one that cannot be stored is listed, and left out.

    The time of a message is never before that of the one before it, whose it gets then; that is listed, too.
    """
    made: list[TranscriptMessage] = []
    latest: datetime | None = None
    for draft in drafts:
        if draft.at is not None and latest is not None and draft.at < latest and not draft.is_empty:
            draft.remarks.add(
                f"the time {draft.at:%Y-%m-%dT%H:%M:%SZ}, before that of the message before it, whose it gets"
            )
            draft.at = latest
        latest = draft.at or latest
        made += _message(draft)
    return tuple(made)


def _message(draft: Draft) -> Iterator[TranscriptMessage]:
    if draft.is_empty:
        return
    text = plain_text(draft.blocks)
    if all(block.keys() == _PLAIN and block["type"] == "text" for block in draft.blocks):
        tries: list[dict[str, Any]] = [{"text": text}]
    else:
        tries = [{"content": tuple(draft.blocks)}, {"content": tuple(_flat(draft.blocks))}, {"text": text}]
    for number, content in enumerate(tries, start=1):
        try:
            yield as_message(
                TranscriptMessage(
                    role=draft.role,
                    at=draft.at,
                    id=_stored(as_id, draft.id, "id", draft.remarks),
                    sender=_stored(as_name, draft.sender, "sender", draft.remarks),
                    archived=draft.archived,
                    stop_reason=draft.stop_reason,
                    **content,
                )
            )
        except InputError as error:
            is_last = number == len(tries)
            if number == 1:
                draft.remarks.add(f"{error}{'' if is_last else ' (texts and calls alone are taken)'}")
            if is_last:
                return
        else:
            return


def _flat(blocks: Iterable[RawBlock]) -> Iterator[RawBlock]:
    """The texts, calls and results among blocks, what is deep in them as JSON in a text."""
    for block in blocks:
        kind = block.get("type")
        if kind == "tool_use":
            yield {**{name: block[name] for name in ("type", "id", "name")}, "input": {"input": _json(block["input"])}}
        elif kind == "tool_result":
            content = block["content"] if isinstance(block["content"], str) else _json(block["content"])
            yield {"type": kind, "tool_use_id": block["tool_use_id"], "content": content}
        elif kind == "text":
            yield text_block(str(block.get("text", "")))


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""


def _stored(check: Any, value: str | None, what: str, remarks: Remarks) -> str | None:
    try:
        return check(value, f"the {what} of the message") if value else None
    except InputError as error:
        remarks.add(str(error))
        return None


def said(text: str) -> list[RawBlock]:
    """The blocks of a text."""
    return [text_block(text)] if text.strip() else []
