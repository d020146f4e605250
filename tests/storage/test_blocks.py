"""Content blocks: typed as far as they are known, and given back as they came."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.errors import InputError
from argentos.storage import (
    MOST_BLOCKS,
    Block,
    Document,
    Image,
    RawBlock,
    RedactedThinking,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    Unknown,
    as_content,
)
from argentos.storage.blocks import typed

LETTERS: Final = st.text(st.characters(codec="utf-8"), max_size=8)
JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3),
    max_leaves=8,
)
TYPES: Final = ("text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking", "of_tomorrow")
NAMES: Final = [
    "text",
    "source",
    "id",
    "name",
    "input",
    "tool_use_id",
    "content",
    "thinking",
    "signature",
    "data",
    "cache_control",
    "extra",
]

KNOWN: Final[list[tuple[RawBlock, Block]]] = [
    ({"type": "text", "text": "hi"}, Text("hi")),
    ({"type": "image", "source": {"type": "url", "url": "u"}}, Image({"type": "url", "url": "u"})),
    ({"type": "document", "source": {"type": "text"}, "title": "T"}, Document({"type": "text"}, "T")),
    ({"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}}, ToolUse("c1", "f", {"a": 1})),
    ({"type": "tool_result", "tool_use_id": "c1", "content": "ok"}, ToolResult("c1", "ok")),
    ({"type": "tool_result", "tool_use_id": "c1", "is_error": True}, ToolResult("c1", is_error=True)),
    ({"type": "thinking", "thinking": "hm", "signature": "s"}, Thinking("hm", "s")),
    ({"type": "redacted_thinking", "data": "x"}, RedactedThinking("x")),
    ({"type": "text", "text": "hi", "citations": [1]}, Text("hi", extra={"citations": [1]})),
    ({"type": "server_tool_use", "id": "s"}, Unknown({"type": "server_tool_use", "id": "s"})),
    ({"type": "text", "text": 5}, Unknown({"type": "text", "text": 5})),
]


@pytest.mark.parametrize(("raw", "block"), KNOWN, ids=[str(raw) for raw, _ in KNOWN])
def test_a_block_of_a_known_type_is_typed_and_given_back(raw: RawBlock, block: Block) -> None:
    assert typed(raw) == block
    assert block.to_dict() == raw


@given(kind=st.sampled_from(TYPES), fields=st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5))
def test_what_a_block_has_is_neither_lost_nor_changed(kind: str, fields: dict[str, Any]) -> None:
    raw = {**fields, "type": kind}
    assert as_content([raw], "the message") == (raw,)
    back = typed(raw).to_dict()
    assert {name: value for name, value in raw.items() if value != back.get(name)} in ({}, *_DEFAULTS)
    assert set(back) <= set(raw)


_DEFAULTS: Final[tuple[dict[str, Any], ...]] = ({"content": ""}, {"signature": ""}, {"title": None})
"""Left out by a block that is made anew: it means the same."""


def test_what_is_changed_later_does_not_change_the_content() -> None:
    block: RawBlock = {"type": "text", "text": "hi", "more": [1]}
    content = as_content(block, "the message")
    block["more"].append(2)
    assert content == ({"type": "text", "text": "hi", "more": [1]},)


class Odd:
    pass


def deep(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


REFUSED: Final[list[tuple[object, str]]] = [
    (5, "the message is the number 5; give a text, or content blocks"),
    (b"hi", "the message is bytes; give a text, or content blocks"),
    (["hi"], "content block 1 of the message is the text 'hi'; give an object with a `type`, or a block of"),
    ([Text("a"), {"text": "b"}], "content block 2 of the message has no `type`; give one, as 'text'"),
    ([{"type": "text", "text": "\ud800"}], "a text in content block 1 of the message has half a surrogate pair"),
    ([{"type": "x", "y": Odd()}], "content block 1 of the message holds a thing of the kind 'Odd'; give plain values"),
    ([{"type": "x", "y": float("nan")}], "content block 1 of the message holds the number nan, which JSON cannot"),
    ([{"type": "x", "y": 2**70}], "content block 1 of the message holds the number 1180591620717411303424, which is"),
    ([{"type": "x", "y": deep(100)}], "content block 1 of the message is nested deeper than 64 levels; make it"),
    ([{"type": "text"}] * (MOST_BLOCKS + 1), "the message has 1001 content blocks; 1000 is the most"),
]


@pytest.mark.parametrize(("value", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
def test_what_cannot_be_stored_is_refused_with_a_sentence(value: object, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        as_content(value, "the message")
    assert str(refused.value).startswith(sentence)
