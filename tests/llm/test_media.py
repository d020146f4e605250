"""Pictures and documents are counted by their pixels and pages, never by their bytes."""

import base64
import io
import struct
import zlib
from hashlib import sha256
from typing import Any, Final

import pytest
from pypdf import PdfWriter

from argentos.llm import count_content
from argentos.storage import RawBlock

LENGTH: Final = len  # counts characters


def png(width: int, height: int, padding: int = 0) -> bytes:
    """A picture of this size, grey, with so many bytes besides that say nothing."""
    rows = b"".join(b"\0" + bytes(width) for _ in range(height))
    noise = b"".join(sha256(b"%d" % at).digest() for at in range(padding // 32))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [
        (b"IHDR", header),
        (b"tEXt", b"x\0" + noise.hex().encode()),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pdf(pages: int, *, compressed: bool = False) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if compressed:
        writer.compress_identical_objects()
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def block(kind: str, data: bytes, media_type: str) -> RawBlock:
    return {
        "type": kind,
        "source": {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode()},
    }


def tokens(*blocks: RawBlock) -> int:
    return count_content(blocks, LENGTH)


# Measured elsewhere with Claude, without what a request has besides.
SIZES: Final = [
    ((256, 256), 100),
    ((512, 512), 361),
    ((768, 768), 784),
    ((1024, 1024), 1369),
    ((1280, 720), 1196),
    ((1920, 1080), 2691),
    ((1080, 1920), 2691),
]


@pytest.mark.parametrize(("size", "expected"), SIZES)
def test_a_picture_counts_by_its_pixels(size: tuple[int, int], expected: int) -> None:
    assert tokens(block("image", png(*size), "image/png")) == expected


@pytest.mark.parametrize("size", [(4000, 3000), (1, 30_000), (30_000, 1), (2576, 2576)])
def test_a_large_picture_counts_no_more_than_the_most(size: tuple[int, int]) -> None:
    assert 1 <= tokens(block("image", png(*size), "image/png")) <= 4784


def test_a_picture_of_five_megabytes_counts_as_one_of_a_few_kilobytes() -> None:
    small, large = png(800, 600), png(800, 600, padding=2_500_000)
    assert len(large) > 5_000_000
    assert tokens(block("image", small, "image/png")) == tokens(block("image", large, "image/png")) == 29 * 22


def test_a_picture_in_the_result_of_a_tool_counts_likewise() -> None:
    picture = block("image", png(256, 256), "image/png")
    result: RawBlock = {
        "type": "tool_result",
        "tool_use_id": "c",
        "content": [{"type": "text", "text": "12345"}, picture],
    }
    empty: RawBlock = {**result, "content": []}
    assert tokens(result) - tokens(empty) == 100 + 5


@pytest.mark.parametrize("pages", [1, 2, 17])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_document_counts_by_its_pages(pages: int, compressed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert tokens(block("document", pdf(pages, compressed=compressed), "application/pdf")) == pages * 3000


ODD: Final[list[RawBlock]] = [
    block("image", b"", "image/png"),
    block("image", b"no picture", "image/png"),
    block("image", png(10, 10)[:20], "image/png"),
    block("document", b"%PDF-1.7 no document", "application/pdf"),
    block("document", pdf(3)[:100], "application/pdf"),
    {"type": "image", "source": {"type": "base64", "data": "&&&&"}},
    {"type": "image", "source": {"type": "url", "url": "https://example.org/cat.png"}},
    {"type": "image", "source": 5},
    {"type": "document", "source": {"type": "file", "file_id": "f"}},
    {"type": "image"},
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_what_cannot_be_looked_at_counts_for_something_and_not_for_its_bytes(odd: RawBlock) -> None:
    assert 0 < tokens(odd) <= 4784


def test_what_is_stored_apart_counts_as_it_was_counted() -> None:
    source: dict[str, Any] = {"type": "attachment", "sha256": "0" * 64, "media_type": "image/png", "tokens": 321}
    assert tokens({"type": "image", "source": source}) == 321


def test_a_million_tokens_of_base64_never_count_as_text() -> None:
    data = b"".join(sha256(b"%d" % at).digest() for at in range(100_000))
    shapes: list[RawBlock] = [
        block("image", data, "image/png"),
        block("document", data, "application/pdf"),
        {"type": "tool_result", "tool_use_id": "c", "content": [block("image", data, "image/png")]},
        {"type": "of_tomorrow", "source": block("image", data, "image/png")["source"]},
    ]
    assert all(tokens(shape) < 200_000 for shape in shapes)


def test_a_document_of_text_counts_its_text() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "x" * 1000}
    assert tokens({"type": "document", "source": source, "title": "12345"}) == 1005
