"""Pieces of a reply as it streams: text, thoughts, calls of tools, and why it takes longer."""

from typing import Any, Final, TypeAlias, cast, get_args

import msgspec
from msgspec import Struct

from argentos.errors import ModelError
from argentos.inputs import as_text, in_words
from argentos.storage import Content, Usage

__all__ = [
    "ApprovalWanted",
    "CompactionFailed",
    "ContextReset",
    "Emitted",
    "Piece",
    "Retrying",
    "TextDelta",
    "ThinkingDelta",
    "ToolAnswer",
    "ToolCall",
    "UsageSoFar",
    "as_piece",
    "is_sign_of_life",
]


class TextDelta(Struct, frozen=True, gc=False, tag="text"):
    """A piece of the reply's text; an empty one is a sign of life and nothing more."""

    text: str


class ThinkingDelta(Struct, frozen=True, gc=False, tag="thinking"):
    """A piece of the model's thoughts; an empty one is a sign of life and nothing more."""

    text: str


class ToolCall(Struct, frozen=True, tag="tool_call"):
    """A call of a tool, by the model.

    Attributes:
        id: of the call.
        name: of the tool.
        input: its arguments.
    """

    id: str
    name: str
    input: dict[str, Any]


class ToolAnswer(Struct, frozen=True, tag="tool_answer"):
    """The result of a call, in an answer to `ToolCall`.

    Attributes:
        id: of the call.
        name: of the tool.
        content: a text, or raw blocks.
        is_error: the tool failed, and the content says how.
    """

    id: str
    name: str
    content: Content
    is_error: bool = False


class ApprovalWanted(Struct, frozen=True, tag="approval_wanted"):
    """A call that waits for a person's word.

    Attributes:
        id: of the call.
        name: of the tool.
        input: its arguments.
    """

    id: str
    name: str
    input: dict[str, Any]


class Retrying(Struct, frozen=True, gc=False, tag="retrying"):
    """The model failed, and is asked again.

    Attributes:
        attempt: that failed; 1 is the first.
        seconds: until then.
        reason: the sentence of the error.
    """

    attempt: int
    seconds: float
    reason: str


class ContextReset(Struct, frozen=True, gc=False, tag="context_reset"):
    """The conversation begins anew with the message that is answered: its context was emptied, as the settings say.

    Attributes:
        reason: `daily`, or `idle`.
    """

    reason: str


class CompactionFailed(Struct, frozen=True, gc=False, tag="compaction_failed"):
    """The context was to be compacted, and was not; it is kept as it is, and the conversation goes on.

    Attributes:
        reason: a sentence.
    """

    reason: str


class UsageSoFar(Struct, frozen=True, gc=False, tag="usage"):
    """The usage of a reply as far as it has come, told by a model: it counts if the reply is cut off, and is not shown.

    Attributes:
        usage: of the request and of what was said, its cost among it; each one takes the place of the one before.
    """

    usage: Usage


Piece: TypeAlias = (
    ContextReset | TextDelta | ThinkingDelta | ToolCall | ToolAnswer | ApprovalWanted | Retrying | CompactionFailed
)
"""A piece of a reply as it streams."""

Emitted: TypeAlias = Piece | UsageSoFar
"""A piece, or a report, that a model may emit while it replies."""

_KINDS: Final = get_args(Piece)
_decoder: Final[msgspec.json.Decoder[Piece]] = msgspec.json.Decoder(Piece)


def is_sign_of_life(piece: Piece) -> bool:
    """There is nothing in it to show."""
    return isinstance(piece, TextDelta | ThinkingDelta) and not piece.text


def as_piece(value: object) -> Piece:
    """A piece that can be shown and sent; of a text, a `TextDelta`.

    Raises:
        ModelError: it is none.
    """
    if isinstance(value, TextDelta | ThinkingDelta):
        return type(value)(as_text(cast("object", value.text), "a piece of the reply", ModelError))
    if not isinstance(value, _KINDS):
        return TextDelta(as_text(value, "a piece of the reply", ModelError))
    try:
        return _decoder.decode(msgspec.json.encode(value))
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as wrong:
        raise ModelError(f"a piece of the reply is {in_words(value)} of what cannot be sent: {wrong}") from wrong
