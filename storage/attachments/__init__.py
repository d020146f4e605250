"""Attachments: the bytes of pictures and documents, which stand beside records and never in them.

sources  what in a message has bytes, or refers to some
"""

from argentos.storage.attachments.sources import (
    AttachmentLimits,
    Detached,
    as_sha256,
    attach_inline,
    check_references,
    decode_base64,
    detach,
    has_bytes,
    has_sources,
    hashes_in,
    placeholder,
    sha256_of,
    sources_in,
)

__all__ = [
    "AttachmentLimits",
    "Detached",
    "as_sha256",
    "attach_inline",
    "check_references",
    "decode_base64",
    "detach",
    "has_bytes",
    "has_sources",
    "hashes_in",
    "placeholder",
    "sha256_of",
    "sources_in",
]
