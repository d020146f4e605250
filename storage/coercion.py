"""Lenient reading of values that were written with a type that is not theirs, or are not known.

A value is taken for what it stands for where that is clear (a number for its text, 12.0 for 12), else the smallest
thing around it that need not be there is left out: at last the whole record, or message.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from argentos.storage.records import Record

__all__ = ["UNREADABLE", "coerce", "coerce_each", "records_in"]

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError)
"""The errors that decoding raises."""

_ATTEMPTS: Final = 64  # values of one thing that are looked at
_LARGEST: Final = 1 << 53
_PATH: Final = re.compile(r" - at `\$(.*?)`$")
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_EXPECTED: Final = re.compile(r"Expected `(\w+)")
_raw_body: Final = msgspec.msgpack.Decoder(tuple[str, str, list[Any]])

Place = tuple[str | int, ...]


def records_in(body: bytes) -> tuple[Record, ...]:
    """Decode the records in the body of a frame, without those that mean nothing."""
    try:
        _, _, records = _raw_body.decode(body)
    except UNREADABLE:
        return ()
    return coerce_each(records, Record)


def coerce_each(values: Iterable[Any], kind: Any) -> tuple[Any, ...]:
    """Coerce each value to a type, without those that cannot be."""
    made = (coerce(value, kind) for value in values)
    return tuple(each for each in made if each is not None)


def coerce(value: Any, kind: Any) -> Any:
    """Coerce a decoded value to a type; None where it cannot be. The value itself may be changed."""
    holder = [value]
    tried: set[Place] = set()
    for _ in range(_ATTEMPTS):
        try:
            return msgspec.convert(holder[0], kind)
        except UNREADABLE as error:
            place = (0, *_place_of(str(error)))
            if not _mend(holder, place, str(error), tried):
                return None
    return None


def _place_of(error: str) -> Place:
    found = _PATH.search(error)
    return tuple(name or int(index) for name, index in _STEP.findall(found[1])) if found else ()


def _mend(holder: list[Any], place: Place, error: str, tried: set[Place]) -> bool:
    """Change what stands at this place, or if that was in vain, what is around it; False if all of it would go."""
    while place in tried:
        place = place[:-1]
    if len(place) < 2:  # noqa: PLR2004 - the value itself
        return False
    tried.add(place)
    outer, last = _at(holder, place[:-1]), place[-1]
    try:
        value = outer[last]
    except (KeyError, IndexError, TypeError):
        return True
    meant = _meant(value, error)
    if meant is not None:
        outer[last] = meant
        tried.discard(place)  # it may be wrong in another way now
    elif isinstance(outer, dict):
        del outer[last]
    else:
        outer[last] = None
    return True


def _at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def _meant(value: Any, error: str) -> str | int | None:
    """The value as the type that is expected."""
    found = _EXPECTED.search(error)
    match found[1] if found else "", value:
        case "str", int() | float() if not isinstance(value, bool):
            return str(value)
        case "int", float() if abs(value) < _LARGEST:
            return round(value)
        case "int", str() if value.isascii() and value.isdecimal() and len(value) < len(str(_LARGEST)):
            return int(value)
        case _:
            return None
