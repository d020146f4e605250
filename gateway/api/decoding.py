"""Decoding of what clients send: bodies, queries and parts of paths, each strictly.

What `msgspec` would take and nobody means is refused: a key that stands twice in an object, a field that is not known,
nesting that no message needs.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, unquote_to_bytes

import jiter
import msgspec
from msgspec import Struct

from argentos.errors import InputError

__all__ = ["SEE", "decode_body", "decode_parameters", "decode_part"]

B = TypeVar("B")
P = TypeVar("P", bound=Struct)

_MOST_FIELDS: Final = 100  # of a query
SEE: Final = "/api/v1/openapi.json says what is"
"""The clause that says where bodies are described."""

_UNREADABLE: Final = (ValueError, RecursionError)  # msgspec's errors, and those of texts, are of these kinds


def decode_body(body: bytes, decoder: msgspec.json.Decoder[B], see: str = SEE) -> B:
    """The value of a JSON body; an empty one is an object without fields.

    Args:
        body: as it came.
        decoder: of its type.
        see: a clause that says where it is described.

    Raises:
        InputError: it is none, or not of this type.
    """
    try:
        _check_syntax(body)
        return decoder.decode(body or b"{}")
    except _UNREADABLE as error:
        raise InputError(f"the body cannot be taken: {_told(error)}; {see}") from error


def _check_syntax(body: bytes) -> None:
    """Refuse what is no JSON of a sensible depth, or has a key twice, which `msgspec` would not notice."""
    if body:
        jiter.from_json(body, allow_inf_nan=False, cache_mode="none", catch_duplicate_keys=True)


def decode_part(part: str) -> str:
    """A part of a path, as it was sent.

    Raises:
        InputError: its bytes are no UTF-8.
    """
    try:
        return unquote_to_bytes(part.encode("latin-1")).decode()
    except UnicodeDecodeError as error:
        raise InputError("the path has bytes that are no UTF-8; write each id in UTF-8, percent-encoded") from error


def decode_parameters(path: Mapping[str, str], query: bytes, kind: type[P]) -> P:
    """The parameters of a request: those of its path and of its query.

    Raises:
        InputError: one is not known, stands twice, is missing, or is not of its type.
    """
    values: dict[str, Any] = {name: decode_part(part) for name, part in path.items()}
    try:
        fields = parse_qsl(query.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise InputError(f"the query cannot be read: {_told(error)}; write it in UTF-8, percent-encoded") from error
    for name, value in fields:
        if name in values:
            raise InputError(f"the query has {name!a:.60} twice, or it is part of the path; give it once")
        values[name] = value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"the query cannot be taken: {error}; {SEE}") from error


def _told(error: Exception) -> str:
    """The sentence of an error, without the bytes of what was sent."""
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is no UTF-8"
    return str(error).rstrip(".") or type(error).__name__
