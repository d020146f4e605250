"""Content blocks of a message, in the form of the Messages API.

A message keeps its blocks as they came, as raw objects: what the API will add to one stays in it, and signatures stay
as they are, byte for byte. The classes here are a view of them. Each has the fields that it is known by; what else
its raw object has is in `extra`, and a block of a type that is not known is `Unknown`, whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

__all__ = [
    "Block",
    "Content",
    "ContentLike",
    "Document",
    "Image",
    "RawBlock",
    "RedactedThinking",
    "Text",
    "Thinking",
    "ToolResult",
    "ToolUse",
    "Unknown",
    "blocks_of",
    "calls_in",
    "raw_content",
    "raw_of",
    "results_in",
    "text_of",
    "typed",
]

RawBlock: TypeAlias = dict[str, Any]
"""A content block as an object of JSON; nobody changes it."""

Content: TypeAlias = str | tuple[RawBlock, ...]
"""The content of a message: a text, or raw blocks."""


class _Block(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """The fields of every block.

    Attributes:
        extra: the fields of the raw object that the class does not name, as `cache_control`.
    """

    extra: dict[str, Any] = {}

    def to_dict(self) -> RawBlock:
        """The block as an object of the Messages API."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        extra: dict[str, Any] = fields.pop("extra", {})
        return {**fields, **extra}


class Text(_Block, frozen=True, omit_defaults=True, tag="text"):
    """A text."""

    text: str


class Image(_Block, frozen=True, omit_defaults=True, tag="image"):
    """A picture.

    Attributes:
        source: where its bytes are; see docs/blocks.md.
    """

    source: dict[str, Any]


class Document(_Block, frozen=True, omit_defaults=True, tag="document"):
    """A document, as a PDF or a text.

    Attributes:
        source: where its bytes are; see docs/blocks.md.
        title: a name to show.
    """

    source: dict[str, Any]
    title: str | None = None


class ToolUse(_Block, frozen=True, omit_defaults=True, tag="tool_use"):
    """A call of a tool, by the model.

    Attributes:
        id: of the call, unique in the session.
        name: of the tool.
        input: its arguments.
    """

    id: str
    name: str
    input: dict[str, Any]


class ToolResult(_Block, frozen=True, omit_defaults=True, tag="tool_result"):
    """The result of a call.

    Attributes:
        tool_use_id: of the call.
        content: a text, or raw blocks.
        is_error: the tool failed, and the content says how.
    """

    tool_use_id: str
    content: str | tuple[RawBlock, ...] = ""
    is_error: bool = False

    @property
    def text(self) -> str:
        """The content, as far as it is text."""
        return text_of(self.content)


class Thinking(_Block, frozen=True, omit_defaults=True, tag="thinking"):
    """The thoughts of a model, with the provider's signature."""

    thinking: str
    signature: str = ""


class RedactedThinking(_Block, frozen=True, omit_defaults=True, tag="redacted_thinking"):
    """Thoughts of a model that only its provider can read."""

    data: str


class Unknown(Struct, frozen=True):
    """A block of another type, or of another form than its type has, kept whole.

    Attributes:
        raw: the object.
    """

    raw: RawBlock

    @property
    def type(self) -> str:
        """The type that it states."""
        return str(self.raw.get("type", ""))

    def to_dict(self) -> RawBlock:
        """The block as an object of the Messages API."""
        return self.raw


Block: TypeAlias = Text | Image | Document | ToolUse | ToolResult | Thinking | RedactedThinking | Unknown
"""A content block."""

ContentLike: TypeAlias = str | Block | RawBlock | Sequence[Block | RawBlock]
"""The content of a message as a host may give it."""

_Known: TypeAlias = Text | Image | Document | ToolUse | ToolResult | Thinking | RedactedThinking

_KINDS: Final[Mapping[str, type[_Known]]] = {
    "text": Text,
    "image": Image,
    "document": Document,
    "tool_use": ToolUse,
    "tool_result": ToolResult,
    "thinking": Thinking,
    "redacted_thinking": RedactedThinking,
}


_PLAIN_CALL: Final = 4  # type, id, name and input
_FIELDS: Final[Mapping[type[_Known], frozenset[str]]] = {
    kind: frozenset(kind.__struct_fields__) - {"extra"} | {"type"} for kind in _KINDS.values()
}


def typed(raw: RawBlock) -> Block:
    """A raw block as one of the classes."""
    kind = _KINDS.get(str(raw.get("type", "")))
    if kind is None:
        return Unknown(raw)
    names = _FIELDS[kind]
    known = {name: value for name, value in raw.items() if name in names}
    extra = {name: value for name, value in raw.items() if name not in names}
    try:
        block: _Known = msgspec.convert({**known, "extra": extra} if extra else known, kind)
    except msgspec.ValidationError:
        return Unknown(raw)
    return block


def raw_of(block: Block | RawBlock) -> RawBlock:
    """A block as a raw object; one that is raw already is given back as it is."""
    return block if isinstance(block, dict) else block.to_dict()


def raw_content(content: str | Iterable[Block | RawBlock]) -> Content:
    """Content, its blocks raw."""
    return content if isinstance(content, str) else tuple(raw_of(each) for each in content)


def text_of(content: Content) -> str:
    """The content of a message, as far as it is text."""
    if isinstance(content, str):
        return content
    texts = (block.get("text") for block in content if block.get("type") == "text")
    return "".join(text for text in texts if isinstance(text, str))


def blocks_of(content: Content) -> tuple[RawBlock, ...]:
    """The raw blocks of a message; none where it is a text."""
    return () if isinstance(content, str) else content


def calls_in(blocks: Sequence[RawBlock]) -> tuple[ToolUse, ...]:
    """The calls of tools among raw blocks, in their order."""
    calls = [_call(block) for block in blocks if block.get("type") == "tool_use"]
    return tuple([each for each in calls if isinstance(each, ToolUse)])


def _call(raw: RawBlock) -> Block:
    """A raw block of a call as `typed` gives it, without a conversion where it is plain."""
    call_id, name = raw.get("id"), raw.get("name")
    if len(raw) == _PLAIN_CALL and type(call_id) is str and type(name) is str and type(raw.get("input")) is dict:
        return ToolUse(id=call_id, name=name, input=raw["input"])
    return typed(raw)


def results_in(blocks: Sequence[RawBlock]) -> tuple[ToolResult, ...]:
    """The results of calls among raw blocks, in their order."""
    results = [typed(block) for block in blocks if block.get("type") == "tool_result"]
    return tuple([each for each in results if isinstance(each, ToolResult)])
