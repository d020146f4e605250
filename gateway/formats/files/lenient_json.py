"""JSON as damaged or careless programs leave it: taken as far as it can be, with notes of what could not.

Every value that comes from here can be stored: its texts have no half of a surrogate pair, its numbers are those of
JSON, and its whole numbers have 64 bits.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, cast

import jiter

__all__ = ["Parsed", "decoded", "elements", "values"]

_HALF_PAIR: Final = re.compile(r"[\ud800-\udfff]")
_MAY_BE_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
_BLANK: Final = re.compile(r"[ \t\n\r]*")
_BEGIN: Final = re.compile(r'\{\s*"')
_MOST_TRIES: Final = 64  # places at which a whole object may begin in a damaged line
_LARGEST: Final = 2**64
_SMALLEST: Final = -(2**63)
_DIGITS: Final = 20


class Parsed(NamedTuple):
    """A value of JSON.

    Attributes:
        begin: the character at which it begins.
        notes: what in it was not taken as it stands.
    """

    value: Any
    begin: int = 0
    notes: tuple[str, ...] = ()


def decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Bytes as text, and a note where some are no UTF-8."""
    try:
        return data.decode(), ()
    except UnicodeDecodeError:
        return data.decode(errors="replace"), ("bytes that are no UTF-8 (each is replaced by a mark)",)


def values(text: str) -> Iterator[Parsed]:
    """The values of a line: one or, where lines ran into each other, several.

    What is no JSON is a `Parsed` whose value is the error.
    """
    at = 0
    while (at := _skip(text, at)) < len(text):
        try:
            parsed, at = _parse(text, at)
        except (ValueError, RecursionError) as error:
            yield Parsed(error, at)
            at = _next_object(text, at + 1)
            continue
        yield parsed


def elements(text: str) -> Iterator[Parsed]:
    """The elements of a document that is an array, else the document itself.

    What is cut off or damaged is taken as far as it is there; the error follows as a `Parsed` of its own.
    """
    begin = _skip(text, 0)
    if not text.startswith("[", begin):
        yield from _whole(text, begin)
        return
    at = _skip(text, begin + 1)
    like: dict[str, Any] = {}
    while at < len(text) and text[at] != "]":
        try:
            parsed, end = _parse(text, at)
        except (ValueError, RecursionError) as error:
            broken_at = getattr(error, "pos", len(text))
            yield from _as_far_as_it_is_there(text, at, broken_at, error)
            at = _next_like(text, broken_at, like)
            continue
        yield parsed
        like = cast("dict[str, Any]", parsed.value) if isinstance(parsed.value, dict) else like
        at = _skip(text, end)
        if text.startswith(",", at):
            at = _skip(text, at + 1)
    if at >= len(text):
        yield Parsed(ValueError("the file is cut off here"), len(text))


def _whole(text: str, begin: int) -> Iterator[Parsed]:
    """The document or, where several stand one behind the other, each of them."""
    at = begin
    while at < len(text):
        try:
            parsed, at = _parse(text, at)
        except (ValueError, RecursionError) as error:
            yield from _as_far_as_it_is_there(text, at, getattr(error, "pos", len(text)), error)
            return
        yield parsed
        at = _skip(text, at)


def _as_far_as_it_is_there(text: str, begin: int, end: int, error: Exception) -> Iterator[Parsed]:
    try:
        value = jiter.from_json(text[begin:end].encode(errors="replace"), partial_mode=True, allow_inf_nan=False)
    except ValueError:
        value = None
    if value:
        yield Parsed(_without_half_pairs(value), begin)
    yield Parsed(error, end)


def _next_like(text: str, at: int, like: dict[str, Any]) -> int:
    """The place of the next object with mostly the same keys as this; the end of the text where there is none."""
    key = next(iter(like), None)
    if key is None:
        return len(text)
    tries = re.compile(r"\{\s*" + re.escape(json.dumps(key)) + r"\s*:").finditer(text, at)
    for match in tries:
        try:
            value = _parse(text, match.start())[0].value
        except (ValueError, RecursionError):
            continue
        if len(value.keys() & like.keys()) * 2 > len(like):
            return match.start()
    return len(text)


def _next_object(text: str, at: int) -> int:
    """The place at which an object begins that is whole; the end of the text where there is none."""
    for number, match in enumerate(_BEGIN.finditer(text, at)):
        if number == _MOST_TRIES:
            break
        try:
            _, end = _parse(text, match.start())
        except (ValueError, RecursionError):
            continue
        if _skip(text, end) == len(text):
            return match.start()
    return len(text)


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _parse(text: str, at: int) -> tuple[Parsed, int]:
    notes: list[str] = []

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(members)
        if len(made) != len(members):
            keys = [key for key, _ in members]
            twice = next(key for key in keys if keys.count(key) > 1)
            notes.append(f"an object has the key {twice!a:.40} twice (the last one is taken)")
        return made

    def whole_number(digits: str) -> int | float | None:
        if len(digits) <= _DIGITS and _SMALLEST <= (number := int(digits)) < _LARGEST:
            return number
        return real_number(digits)

    def real_number(digits: str) -> float | None:
        number = float(digits)
        return number if math.isfinite(number) else no_number(digits)

    def no_number(digits: str) -> float | None:
        notes.append(f"{digits:.20} is a number that cannot be stored (nothing is taken in its place)")
        return None

    decoder = json.JSONDecoder(
        object_pairs_hook=pairs, parse_int=whole_number, parse_float=real_number, parse_constant=no_number
    )
    value, end = decoder.raw_decode(text, at)
    if _MAY_BE_HALF.search(text, at, end):
        whole = _without_half_pairs(value)
        if whole != value:
            notes.append("half of a surrogate pair in a text (a mark is taken in its place)")
        value = whole
    return Parsed(value, at, tuple(dict.fromkeys(notes))), end


def _without_half_pairs(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF_PAIR.sub("\ufffd", value)
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value).items()
        return {_without_half_pairs(key): _without_half_pairs(each) for key, each in members}
    if isinstance(value, list):
        return [_without_half_pairs(each) for each in cast("list[object]", value)]
    return value
