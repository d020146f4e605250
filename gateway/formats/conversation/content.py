"""Contents of messages in any form as content blocks of the Messages API."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

from argentos.gateway.formats.files.losses import Losses
from argentos.gateway.formats.files.source import Line, fields, listed, text_in
from argentos.storage import RawBlock

__all__ = ["Remarks", "arguments_of", "blocks_of", "result_content", "text_block", "time_of", "title_of"]

_LONGEST_TITLE: Final = 120  # characters, of which each has four bytes at most
_THIRD_MILLENNIUM: Final = 100_000_000_000  # a number of seconds beyond it, in the year 5138, is one of milliseconds
_MICROSECONDS: Final = 100_000_000_000_000  # and beyond this one, one of microseconds
_DATA_URL: Final = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w=.+-]+)*;base64,", re.ASCII)
_FRACTION: Final = re.compile(r"(\.\d{6})\d+")
_OF_THE_API: Final = frozenset({"redacted_thinking", "tool_result", "tool_use"})
_SOUNDS: Final = frozenset({"audio", "audio_url", "input_audio", "output_audio"})


class Remarks:
    """The list of what is left out, for what stands in one place of a file."""

    def __init__(self, losses: Losses, line: int, place: str = "") -> None:
        self._losses = losses
        self.line = line
        self.place = place

    @classmethod
    def of(cls, losses: Losses, line: Line) -> "Remarks":
        """Remarks about a line."""
        return cls(losses, line.number, line.place)

    def add(self, reason: str) -> None:
        """List something."""
        self._losses.add(self.line, reason, self.place)

    def within(self, part: str) -> "Remarks":
        """Remarks about a part of what stands there."""
        return Remarks(self._losses, self.line, f"{part} of {self.place}" if self.place else part)


def title_of(text: str) -> str:
    """A title of one line that can be stored."""
    return " ".join(text.split())[:_LONGEST_TITLE]


def text_block(text: str) -> RawBlock:
    """A block of text."""
    return {"type": "text", "text": text}


def blocks_of(content: Any, remarks: Remarks, *, keeps_unknown: bool = False) -> list[RawBlock]:
    """The blocks of a message's content: a text, a list of parts, or one part.

    Args:
        content: of any form.
        remarks: gets what is left out.
        keeps_unknown: parts of types that are not known are blocks of the Messages API, and kept whole.
    """
    parts = listed(content) if isinstance(content, list) else [] if content is None else [content]
    blocks: list[RawBlock] = []
    for part in parts:
        if isinstance(part, str):
            blocks += [text_block(part)] if part.strip() else []
        elif isinstance(part, dict):
            blocks += _block(cast("RawBlock", part), remarks, keeps_unknown=keeps_unknown)
        else:
            remarks.add(f"a part of a message that is {_what(part)}")
    return blocks


def _block(part: RawBlock, remarks: Remarks, *, keeps_unknown: bool) -> list[RawBlock]:
    kind = part.get("type")
    if not isinstance(kind, str):
        if not (text := text_in(part, "text")):
            remarks.add("a part of a message without a type")
        return [text_block(text)] if text else []
    make = _MAKERS.get(kind)
    if make is not None:
        return make(part, remarks)
    if kind in _SOUNDS:
        if transcript := text_in(part, "transcript") or text_in(part.get("input_audio"), "transcript"):
            return [text_block(transcript)]
        remarks.add("sound")
    elif kind in _OF_THE_API or keeps_unknown:
        return [part]
    else:
        remarks.add(f"a part of the type {kind!a:.60}")
    return []


# Texts and thoughts -----------------------------------------------------------------------------------------


def _text(part: RawBlock, remarks: Remarks) -> list[RawBlock]:
    text = part.get("text", part.get("refusal"))
    text = fields(text).get("value") if isinstance(text, dict) else text  # as OpenAI's Assistants have it
    if not isinstance(text, str):
        remarks.add(f"a part of the type text whose text is {_what(text)}")
        return []
    if not text.strip():
        return []
    kept = {key: part[key] for key in ("citations",) if part.get("type") == "text" and part.get(key)}
    return [{"type": "text", "text": text, **kept}]


def _thinking(part: RawBlock, remarks: Remarks) -> list[RawBlock]:
    """Thoughts; those without a signature, which no model takes back, have an empty one."""
    if isinstance(part.get("signature"), str) and isinstance(part.get("thinking"), str):
        return [part]
    thought = text_in(part, "thinking", "text")
    signature = part.get("thinkingSignature")
    if part.get("redacted") and isinstance(signature, str):
        return [{"type": "redacted_thinking", "data": signature}]
    if isinstance(signature, str) and signature and not signature.startswith("{"):
        return [{"type": "thinking", "thinking": thought, "signature": signature}]
    if signature:
        remarks.add("what a model of another maker adds to its thoughts for itself")
    return [{"type": "thinking", "thinking": thought, "signature": ""}] if thought else []


def _reasoning(part: RawBlock, remarks: Remarks) -> list[RawBlock]:
    """Thoughts as OpenAI's models give them: summaries, texts, and what only OpenAI can read."""
    told = [
        text_in(each, "text")
        for key in ("summary", "content")
        for each in listed(part.get(key))
        if text_in(each, "text")
    ]
    told = told or [text_in(part, "text", "reasoning")]
    if part.get("encrypted_content"):
        remarks.add("thoughts that only the maker of the model can read")
    thought = "\n\n".join(each for each in told if each)
    return [{"type": "thinking", "thinking": thought, "signature": ""}] if thought else []


# Pictures and documents -------------------------------------------------------------------------------------


def _image(part: RawBlock, remarks: Remarks) -> list[RawBlock]:
    if isinstance(source := part.get("source"), dict) and "type" in source:
        return [part]
    data = part.get("data")
    if isinstance(data, str) and data:
        media_type = text_in(part, "mimeType", "mime_type", "media_type") or "image/png"
        return [{"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}]
    url = part.get("image_url", part.get("url"))
    url = fields(url).get("url") if isinstance(url, dict) else url
    if isinstance(url, str) and url:
        return [{"type": "image", "source": _source(url, "image/png")}]
    remarks.add("an image that is not in the file")
    return []


def _document(part: RawBlock, remarks: Remarks) -> list[RawBlock]:
    if isinstance(source := part.get("source"), dict) and "type" in source:
        return [part]
    file = {**part, **fields(part.get("file"))}
    where = text_in(file, "file_data", "file_url")
    if not where:
        name = text_in(file, "filename", "file_name", "file_id")
        remarks.add(f"a document that is not in the file{f': {name}' if name else ''}")
        return []
    if not where.startswith(("data:", "http:", "https:")):
        where = f"data:application/pdf;base64,{where}"
    title = text_in(file, "filename")
    return [{"type": "document", "source": _source(where, "application/pdf"), **({"title": title} if title else {})}]


def _source(url: str, media_type: str) -> RawBlock:
    match = _DATA_URL.match(url)
    if match is None:
        return {"type": "url", "url": url}
    return {"type": "base64", "media_type": match[1] or media_type, "data": url[match.end() :]}


# Tools ------------------------------------------------------------------------------------------------------


def _tool_call(part: RawBlock, remarks: Remarks) -> list[RawBlock]:
    del remarks
    call = {"id": part.get("id"), "name": part.get("name"), "input": arguments_of(part.get("arguments"))}
    return [{"type": "tool_use", **call}]


def arguments_of(value: Any) -> dict[str, Any]:
    """The input of a call as an object, whatever it was."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {"input": value} if value else {}
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    return {} if value is None else {"input": value}


def result_content(value: Any, remarks: Remarks) -> str | list[RawBlock]:
    """The content of a result: a text or, where it has pictures or the like, blocks."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    inner = fields(value)
    if inner and "type" not in inner:
        for key in ("content", "output", "text"):
            if isinstance(inner.get(key), str | list):
                return result_content(inner[key], remarks)
        return json.dumps(inner, ensure_ascii=False)
    if not isinstance(value, dict | list):
        return json.dumps(value)
    blocks = blocks_of(cast("Any", value), remarks)
    return blocks[0]["text"] if len(blocks) == 1 and blocks[0].keys() == {"type", "text"} else blocks


_MAKERS: Final[Mapping[str, Callable[[RawBlock, Remarks], list[RawBlock]]]] = {
    **dict.fromkeys(("text", "input_text", "output_text", "refusal", "summary_text"), _text),
    "thinking": _thinking,
    **dict.fromkeys(("reasoning", "reasoning_text"), _reasoning),
    **dict.fromkeys(("image", "image_url", "input_image", "computer_screenshot"), _image),
    **dict.fromkeys(("document", "file", "input_file"), _document),
    "toolCall": _tool_call,
}


# Times ------------------------------------------------------------------------------------------------------


def time_of(value: Any, remarks: Remarks) -> datetime | None:
    """A time from ISO 8601, or from seconds, milliseconds or microseconds since 1970; None where it is none.

    One without a zone is taken as UTC.
    """
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str) and not _is_number(value):
            time = datetime.fromisoformat(_FRACTION.sub(r"\1", value.strip()))
            return time.replace(tzinfo=UTC) if time.utcoffset() is None else time.astimezone(UTC)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return _since_1970(float(value))
    except (ValueError, OverflowError, OSError):
        pass
    remarks.add(f"a time that is {_what(value)}")
    return None


def _is_number(value: str) -> bool:
    return value.replace(".", "", 1).isdecimal() and len(value) > len("20260101")


def _since_1970(value: float) -> datetime:
    if value >= _MICROSECONDS:
        return datetime.fromtimestamp(value / 1_000_000, UTC)
    return datetime.fromtimestamp(value / 1000 if value >= _THIRD_MILLENNIUM else value, UTC)


def _what(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"the text {value!a:.40}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value!r:.40}"
    return "a list" if isinstance(value, list) else "an object"
