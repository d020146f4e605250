"""The pieces of a reply, each in a line of text."""

from typing import Final

import msgspec

from argentos.gateway.output import one_line, printable
from argentos.llm import ApprovalWanted, CompactionFailed, ContextReset, ToolAnswer, ToolCall
from argentos.storage import text_of

__all__ = ["LinePiece", "described", "shortened_line"]

_LONGEST_LINE: Final = 200  # characters

LinePiece = ToolCall | ToolAnswer | ApprovalWanted | ContextReset | CompactionFailed
"""A piece that is shown in a line of its own."""


def described(piece: LinePiece) -> str:
    """A call, its result, or what became of the context, as a line."""
    match piece:
        case CompactionFailed(reason):
            return f"(the context was not compacted, and is kept: {shortened_line(reason)})"
        case ContextReset(reason):
            why = "a new day" if reason == "daily" else "after a long pause"
            return f"(a new conversation begins: {why}; /resume goes on with the old one)"
        case ToolAnswer():
            said = text_of(piece.content) or "(nothing to show)"
            return f"{'✗' if piece.is_error else '←'} {printable(piece.name)}: {shortened_line(said)}"
        case ToolCall():
            return f"→ {called(piece)}"
        case ApprovalWanted():
            return f"? {called(piece)} [{printable(piece.id)}] waits for approval: `argent sessions approvals`"


def called(piece: ToolCall | ApprovalWanted) -> str:
    """A call, with the beginning of its arguments."""
    return f"{printable(piece.name)}({shortened_line(msgspec.json.encode(piece.input).decode())})"


def shortened_line(text: str) -> str:
    """The beginning of a text, on one line."""
    line = one_line(text)
    return printable(line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…")
