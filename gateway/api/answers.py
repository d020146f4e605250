"""Answers: what handlers return, as responses."""

from hashlib import blake2b
from typing import Final

import msgspec
from starlette.requests import HTTPConnection
from starlette.responses import Response

__all__ = ["answer"]

_TAG_BYTES: Final = 16
_encoder: Final = msgspec.json.Encoder()


def answer(value: object, status: int, request: HTTPConnection) -> Response:
    """The response of a value; to one that asks whether what it has still holds, that alone, if so."""
    if isinstance(value, Response):
        return value
    if value is None:
        return Response(status_code=status)
    body = _encoder.encode(value)
    if request.scope["method"] not in {"GET", "HEAD"}:
        return Response(body, status, media_type="application/json")
    tag = f'"{blake2b(body, digest_size=_TAG_BYTES).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if _is_known(tag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(body, status, headers=headers, media_type="application/json")


def _is_known(tag: str, known: str) -> bool:
    """Tell whether a client has this one, as `If-None-Match` says."""
    return known.strip() == "*" or tag in {each.strip().removeprefix("W/") for each in known.split(",")}
