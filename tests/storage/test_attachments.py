"""Bytes that are taken out of content, and put back."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.errors import InputError
from argentos.storage import AttachmentLimits, attach_inline, detach, has_bytes, hashes_in
from argentos.storage.attachments import sha256_of

LIMITS = AttachmentLimits(2**20, 2**24, 1000)

sizes = st.one_of(st.integers(1, 40), st.sampled_from([3 << 16, (3 << 16) + 1, 6 << 16]))


def source_of(content: bytes) -> dict[str, Any]:
    return {"type": "base64", "media_type": "image/png", "data": base64.b64encode(content).decode()}


leaves = st.one_of(
    sizes.map(lambda size: {"type": "image", "source": source_of(bytes(size)), "extra": 1}),
    st.text(max_size=5).map(lambda text: {"type": "text", "text": text}),
    st.just({"type": "image", "source": {"type": "url", "url": "https://example.org"}}),
    st.just({"type": "tool_use", "id": "c", "name": "f", "input": {"source": source_of(b"of a tool's own")}}),
)
blocks = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda content: {"type": "tool_result", "content": content}),
        st.lists(inner, max_size=3).map(
            lambda content: {"type": "document", "source": {"type": "content", "content": content}}
        ),
    ),
    max_leaves=6,
)


@given(st.lists(blocks, max_size=4).map(tuple))
def test_what_is_taken_out_is_put_back_as_it_was(content: tuple[dict[str, Any], ...]) -> None:
    found = detach(content, LIMITS)
    assert not has_bytes(found.content)
    assert set(hashes_in(found.content)) == set(found.attachments)
    assert {sha256_of(each) for each in found.attachments.values()} == set(found.attachments)
    assert attach_inline(found.content, found.attachments) == content
    assert detach(found.content, LIMITS).content == found.content


@pytest.mark.parametrize("text", ["QQ==QQ==", "QQ=", "Q", "QQ==\n", " QQ==", "QÜ==", "====", "A" * 3 * 2**16])
def test_base64_that_is_none_is_refused(text: str) -> None:
    block = {"type": "image", "source": {**source_of(b"a"), "data": text[:-1] if len(text) > 100 else text}}
    with pytest.raises(InputError, match="is no base64"):
        detach((block,), LIMITS)
