"""Errors of decoding in plain words: what is wrong, and at which place, as `jq` would name it."""

import re
from collections.abc import Callable
from typing import Final

__all__ = ["in_plain_words"]

_KINDS: Final = {
    "array": "a list",
    "bool": "true or false",
    "datetime": "a time",
    "float": "a number",
    "int": "a whole number",
    "null": "null",
    "object": "an object",
    "str": "a text",
}
_PLACE: Final = re.compile(r" - at `(\$.*)`$")
_BYTE: Final = re.compile(r"\(byte (\d+)\)")


def in_plain_words(error: BaseException, data: bytes = b"") -> str:
    """Say what is wrong with something that could not be decoded.

    Args:
        error: raised by a decoder; of others the sentence is given as it is.
        data: the text; where it is no JSON, the sentence tells line and column.

    Returns:
        A clause without a full stop, as `$.messages[1].text is a whole number, and has to be a text`.
    """
    if isinstance(error, UnicodeDecodeError):
        return "a text in it is no UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    sentence = _with_line(str(error), data)
    found = _PLACE.search(sentence)
    place, fault = (found[1], sentence[: found.start()]) if found else ("it", sentence)
    for pattern, words in _WORDS:
        if match := pattern.fullmatch(fault):
            return words(place, match)
    return sentence


def _with_line(sentence: str, data: bytes) -> str:
    """A sentence with line and column in place of the byte, where the text is known."""
    at = _BYTE.search(sentence)
    if at is None or not data:
        return sentence
    before = data[: int(at[1])]
    line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    return _BYTE.sub(f"(line {line}, column {column})", sentence)


def _wrong_kind(place: str, match: re.Match[str]) -> str:
    return f"{place} is {_kinds(match[2])}, and has to be {_kinds(match[1])}"


def _wrong_length(place: str, match: re.Match[str]) -> str:
    least, count, found = match.groups()
    has = f" has {found} values, and" if found else ""
    return f"{place}{has} has to have {'at least ' if least else ''}{count}{'' if found else ' values'}"


def _missing(place: str, match: re.Match[str]) -> str:
    return f"{'$' if place == 'it' else place}.{match[1]} is missing"


def _no_time(place: str, _: re.Match[str]) -> str:
    return f"{place} is no time, as 2026-01-31T12:00:00Z is one"


def _unknown(place: str, match: re.Match[str]) -> str:
    return f"{place} is {match[1]}, which is not known"


def _out_of_range(place: str, _: re.Match[str]) -> str:
    return f"{place} is a number that is too large or too small"


def _kinds(names: str) -> str:
    return " or ".join(_KINDS.get(name, name) for name in names.split(" | "))


_Words = Callable[[str, re.Match[str]], str]
_WORDS: Final[tuple[tuple[re.Pattern[str], _Words], ...]] = (
    (re.compile(r"Expected `(.+)`, got `(.+)`"), _wrong_kind),
    (re.compile(r"Expected `array` of (at least )?length (\d+)(?:, got (\d+))?"), _wrong_length),
    (re.compile(r"Object missing required field `(.+)`"), _missing),
    (re.compile(r"Invalid RFC3339 encoded datetime"), _no_time),
    (re.compile(r"Invalid (?:enum )?value (.+)"), _unknown),
    (re.compile(r"(?:Integer value|Number) out of range"), _out_of_range),
    (re.compile(r"Input data was truncated"), lambda place, _: f"{place} is cut off"),
    (re.compile(r"JSON is malformed: (.+)"), lambda place, match: f"{place} is no JSON: {match[1]}"),
    (re.compile(r"MessagePack data is malformed: (.+)"), lambda place, match: f"{place} is no MessagePack: {match[1]}"),
)
