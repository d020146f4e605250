"""Parts of messages, in the forms of OpenAI's APIs and of Anthropic's, as content blocks."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from argentos.errors import InputError
from argentos.gateway.chat_apis.asked import read
from argentos.storage import Content, RawBlock

__all__ = ["anthropic_content", "anthropic_text", "openai_content", "openai_text"]

_DATA_URL: Final = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,", re.ASCII)
_DOCUMENTS: Final = frozenset({"application/pdf"})


# OpenAI -----------------------------------------------------------------------------------------------------------


def openai_content(content: object) -> Content:
    """The content of a message of chat completions, or of an item of responses.

    Raises:
        InputError: a part of it cannot be taken.
    """
    if isinstance(content, str):
        return content
    return tuple(_part(each) for each in read(content, list[dict[str, Any]], "the content of the newest message"))


def openai_text(content: object, what: str) -> str:
    """Content that has to be text.

    Raises:
        InputError: it is not.
    """
    blocks = openai_content(content)
    return blocks if isinstance(blocks, str) else _joined(blocks, what)


def _part(part: Mapping[str, Any]) -> RawBlock:
    kind = part.get("type")
    make = _PARTS.get(kind) if isinstance(kind, str) else None
    if make is None:
        raise InputError(f"a part of the type {kind!a:.40} is not taken; send text, pictures and PDF files")
    return make(part)


def _text(part: Mapping[str, Any]) -> RawBlock:
    return {"type": "text", "text": read(part.get("text"), str, "the text of a part")}


def _image(part: Mapping[str, Any]) -> RawBlock:
    given = part.get("image_url")
    if isinstance(given, dict):
        given = cast("dict[str, Any]", given).get("url")
    return {"type": "image", "source": _source(read(given, str, "the URL of a picture"), "picture")}


def _file(part: Mapping[str, Any]) -> RawBlock:
    given = part.get("file")
    fields = cast("dict[str, Any]", given) if isinstance(given, dict) else part
    source = _source(read(fields.get("file_data"), str, "the data of a file, as a data URL"), "file")
    if source.get("media_type") not in _DOCUMENTS:
        raise InputError("a file is no PDF, as a data URL; send that, or text, or a picture")
    name = fields.get("filename")
    return {"type": "document", "source": source} | ({"title": name} if isinstance(name, str) and name else {})


def _source(url: str, what: str) -> RawBlock:
    found = _DATA_URL.match(url)
    if found:
        return {"type": "base64", "media_type": found[1], "data": url[found.end() :]}
    if url.startswith(("https://", "http://")):
        return {"type": "url", "url": url}
    raise InputError(f"the URL of a {what} is neither `https:` nor a data URL in base64")


_PARTS: Final[Mapping[str, Callable[[Mapping[str, Any]], RawBlock]]] = {
    "text": _text,
    "input_text": _text,
    "image_url": _image,
    "input_image": _image,
    "file": _file,
    "input_file": _file,
}


# Anthropic --------------------------------------------------------------------------------------------------------


def anthropic_content(content: object) -> Content:
    """The content of a message of the Messages API.

    Raises:
        InputError: a part of it cannot be taken.
    """
    if isinstance(content, str):
        return content
    return tuple(_block(each) for each in read(content, list[dict[str, Any]], "the content of the newest message"))


def anthropic_text(content: object, what: str) -> str:
    """Content that has to be text; see `openai_text`."""
    blocks = anthropic_content(content)
    return blocks if isinstance(blocks, str) else _joined(blocks, what)


def _block(block: Mapping[str, Any]) -> RawBlock:
    if block.get("type") == "tool_result":
        raise InputError("the results of calls are not taken: the agent runs its own tools here, and no call waits")
    return {name: value for name, value in block.items() if name != "cache_control"}  # the cache is the gateway's


def _joined(blocks: tuple[RawBlock, ...], what: str) -> str:
    if any(each.get("type") != "text" for each in blocks):
        raise InputError(f"{what} has other parts than text; send it as text")
    return "\n\n".join(read(each.get("text"), str, what) for each in blocks)
