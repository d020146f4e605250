"""Lengths of time, as texts such as `5s` and as milliseconds."""

import re
from typing import Final

__all__ = ["milliseconds", "text_of"]

_TIME: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s?([a-z]+)", re.IGNORECASE)
_UNITS: Final = {
    1: ("ms", "msec", "millisecond", "milliseconds"),
    1000: ("s", "sec", "secs", "second", "seconds"),
    60_000: ("m", "min", "mins", "minute", "minutes"),
    3_600_000: ("h", "hour", "hours"),
    86_400_000: ("d", "day", "days"),
    604_800_000: ("w", "week", "weeks"),
}
_LENGTHS: Final = {unit: length for length, units in _UNITS.items() for unit in units}
_SHORT: Final = {length: units[0] for length, units in _UNITS.items()}


def milliseconds(text: str) -> float | None:
    """The length of a time; None for a text that is the name of one."""
    found = _TIME.fullmatch(text.strip())
    length = _LENGTHS.get(found[2].lower()) if found else None
    return None if found is None or length is None else float(found[1]) * length


def text_of(length: float) -> str:
    """A time of so many milliseconds, in the largest unit that needs no fraction."""
    for unit, word in sorted(_SHORT.items(), reverse=True):
        if length >= unit and length % unit == 0:
            return f"{length / unit:.0f}{word}"
    return f"{length:g}ms"
