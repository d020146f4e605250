"""Requests as ASGI has them: their headers, read strictly."""

from typing import Final

from starlette.types import Scope as AsgiScope

from argentos.errors import InputError

__all__ = ["SAFE_METHODS", "header", "is_unsafe", "path_of"]

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that change nothing."""


def header(request: AsgiScope, name: bytes) -> str | None:
    """The value of a header; None where there is none.

    Raises:
        InputError: there are two of them.
    """
    found = [value for key, value in request["headers"] if key == name]
    if len(found) > 1:
        raise InputError(f"the request has the header {name.decode()} {len(found)} times; send it once")
    return found[0].decode("latin-1").strip() if found else None


def is_unsafe(request: AsgiScope) -> bool:
    """Tell whether the request may change something: also a WebSocket, by which everything may be asked."""
    return request["type"] == "websocket" or request["method"] not in SAFE_METHODS


def path_of(request: AsgiScope) -> str:
    """The path of a request as it was sent, without the query, for a log."""
    raw: bytes = request.get("raw_path") or request["path"].encode()
    return raw.decode("latin-1")
