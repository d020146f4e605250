"""Attachments as responses: pictures to be shown, everything else to be kept, and nothing to be run."""

from typing import Final

from starlette.responses import Response

__all__ = ["attachment_response"]

_PICTURES: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
)
"""The place and the bytes by which a picture is known, and its type, for those that the Messages API takes."""

_HEADERS: Final = {
    "Cache-Control": "private, max-age=31536000, immutable",  # its address is the hash of it
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def attachment_response(data: bytes) -> Response:
    """The response that has the bytes of an attachment."""
    kind = next((name for at, mark, name in _PICTURES if data.startswith(mark, at)), None)
    if kind is not None:
        return Response(data, headers=_HEADERS, media_type=kind)
    headers = {**_HEADERS, "Content-Disposition": 'attachment; filename="attachment"'}
    return Response(data, headers=headers, media_type="application/octet-stream")
