"""Contents of messages in other formats: a text, or a list of parts of which some are texts."""

from collections import Counter
from datetime import UTC, datetime
from typing import Final, TypeAlias

from msgspec import Struct

from argentos.errors import InputError
from argentos.storage import Role

__all__ = ["Content", "Part", "role_of", "text_of", "time_of"]


class Part(Struct, frozen=True):
    """A part of a message; `text` and `refusal` are what they say, all else is not read."""

    type: str = "text"
    text: str | None = None
    refusal: str | None = None


Content: TypeAlias = str | list[Part | str] | None

_TEXTS: Final = frozenset({"text", "input_text", "output_text", "refusal"})
_NAMES: Final = {
    "tool_use": "tool calls",
    "server_tool_use": "tool calls",
    "tool_call": "tool calls",
    "toolCall": "tool calls",
    "tool_result": "tool results",
    "toolResult": "tool results",
    "thinking": "thoughts",
    "redacted_thinking": "thoughts",
    "reasoning": "thoughts",
    "image": "images",
    "image_url": "images",
    "input_image": "images",
    "document": "documents",
    "file": "documents",
    "input_file": "documents",
    "input_audio": "sounds",
    "audio": "sounds",
}
_THIRD_MILLENNIUM: Final = 100_000_000_000  # a number of seconds beyond it, in the year 5138, is one of milliseconds


def role_of(name: str) -> Role:
    """The side that speaks.

    Raises:
        InputError: the name is neither `user` nor `assistant`.
    """
    if name == "user":
        return "user"
    if name == "assistant":
        return "assistant"
    raise InputError(f"the role {name!a:.40} is not known; user and assistant are")


def text_of(content: Content, passed_over: Counter[str]) -> str:
    """The texts of a message, apart by an empty line; what is none is counted."""
    if content is None or isinstance(content, str):
        return content or ""
    texts: list[str] = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif part.type in _TEXTS:
            texts.append(part.text or part.refusal or "")
        else:
            passed_over[_NAMES.get(part.type, "other parts")] += 1
    return "\n\n".join(text for text in texts if text)


def time_of(value: str | float | None) -> datetime | None:
    """A time from ISO 8601, or from seconds or milliseconds since 1970.

    Raises:
        InputError: it is none of these.
    """
    if value is None:
        return None
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        seconds = value / 1000 if value >= _THIRD_MILLENNIUM else value
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InputError(f"{value!r:.40} is no time") from error
