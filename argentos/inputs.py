"""Values that come from outside, validated and made plain in one place.

Whatever a host, a model, a counter, another process, a file or a setting gives passes here before anything is done
with it, for `msgspec` checks what it decodes and never what is constructed. What comes out is of the built-in type
itself, not of a subclass, and can be encoded. What cannot be taken is one of our errors: one sentence that says which
value, what it is, and what to give instead, in words that are not Python's.
"""

import difflib
import os
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar, cast

import msgspec

from argentos.errors import ArgentError, InputError

__all__ = [
    "MAX_ID_BYTES",
    "as_choice",
    "as_flag",
    "as_id",
    "as_name",
    "as_number",
    "as_path",
    "as_text",
    "as_time",
    "as_type",
    "as_whole_number",
    "in_words",
    "nearest",
]

P = ParamSpec("P")
T = TypeVar("T")

MAX_ID_BYTES: Final = 512
"""Bytes that an id may have in UTF-8."""

_QUOTED: Final = 60  # characters of a value that is quoted
_LARGEST_QUOTED: Final = 10**40


def _refusing(check: Callable[P, T]) -> Callable[P, T]:
    """Refuse also a value of the host's that raises whatever it likes when it is looked at."""

    @wraps(check)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return check(*args, **kwargs)
        except (ArgentError, KeyboardInterrupt):
            raise
        except BaseException as raised:
            given = signature(check).bind(*args, **kwargs).arguments
            error, kind = given.get("error", InputError), type(given["value"]).__name__
            said = f"a thing of the kind {kind!a:.{_QUOTED}} that raises when it is looked at"
            raise error(f"{given['what']} is {said}; give a plain value") from raised

    return checked


def as_type(value: object, kind: type[T] | Any, what: str, use: str, error: type[ArgentError] = InputError) -> T:
    """A value that is of this type already, as `msgspec` sees it.

    Args:
        value: from outside.
        kind: a type that `msgspec` knows.
        what: names the value, as in `the text of the message`.
        use: what to give instead.
        error: what to raise.

    Raises:
        ArgentError: it is of another type; the class is `error`.
    """
    try:
        converted: T = msgspec.convert(value, kind)
    except (msgspec.ValidationError, OverflowError, UnicodeEncodeError):
        raise error(f"{what} is {in_words(value)}; {use}") from None
    return converted


@_refusing
def as_text(value: object, what: str, error: type[ArgentError] = InputError) -> str:
    """A text that can be stored.

    Raises:
        ArgentError: it is none, or has half a surrogate pair.
    """
    if type(value) is str and value.isascii():
        return value
    text = str.__str__(as_type(value, str, what, "give it as text", error))
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as wrong:
            raise error(f"{what} has half a surrogate pair at character {wrong.start}; send whole ones") from None
    return text


@_refusing
def as_id(value: object, what: str, error: type[ArgentError] = InputError) -> str:
    """An id: any text up to 512 bytes of UTF-8 without control characters; of a number, its text.

    Raises:
        ArgentError: it is none.
    """
    if type(value) is str and value.isascii() and value.isprintable() and 0 < len(value) <= MAX_ID_BYTES:
        return value
    text = as_name(value, what, error)
    if not text:
        raise error(f"{what} is empty; give it at least one character")
    wrong = next((each for each in text if unicodedata.category(each) == "Cc"), None)
    if wrong is not None:
        raise error(f"{what} {_quoted(text)} cannot be used: the control character {wrong!a} is not allowed there")
    return text


@_refusing
def as_name(value: object, what: str, error: type[ArgentError] = InputError) -> str:
    """A name to show: any text up to 512 bytes of UTF-8; of a number, its text.

    Raises:
        ArgentError: it is none.
    """
    given: object = as_type(value, str | int, what, "give it as text, or as a whole number", error)
    if isinstance(given, int):
        return _digits(given, what, error)
    text = as_text(given, what, error)
    if (size := len(text.encode())) > MAX_ID_BYTES:
        raise error(f"{what} has {size} bytes in UTF-8; {MAX_ID_BYTES} is the most")
    return text


def _digits(number: int, what: str, error: type[ArgentError]) -> str:
    if abs(number) >= _LARGEST_QUOTED:
        raise error(f"{what} is {in_words(number)}; give it as text")
    return int.__repr__(number)


@_refusing
def as_whole_number(value: object, what: str, least: int, most: int, error: type[ArgentError] = InputError) -> int:
    """A whole number in a range.

    Raises:
        ArgentError: it is none.
    """
    use = f"use a whole number from {least} to {most}"
    number = int(as_type(value, int, what, use, error))
    if not least <= number <= most:
        raise error(f"{what} is {in_words(number)}, which is out of range; {use}")
    return number


@_refusing
def as_number(
    value: object, what: str, least: float = 0.0, most: float = float("inf"), error: type[ArgentError] = InputError
) -> float:
    """A number in a range, as of seconds; a bound of infinity is allowed itself.

    Raises:
        ArgentError: it is none, or is not a number.
    """
    use = f"use a number from {least:.15g} to {most:.15g}" if most < float("inf") else f"use a number from {least:.15g}"
    number: int | float = as_type(value, int | float, what, use, error)
    if not least <= number <= most:
        raise error(f"{what} is {in_words(number)}, which is out of range; {use}")
    try:
        return float(number)
    except OverflowError:
        raise error(f"{what} is {in_words(number)}, which is out of range; {use}") from None


@_refusing
def as_flag(value: object, what: str, error: type[ArgentError] = InputError) -> bool:
    """True or false, and nothing that only counts as such.

    Raises:
        ArgentError: it is neither.
    """
    return as_type(value, bool, what, "use true or false", error)


@_refusing
def as_choice(value: object, choices: Iterable[str], what: str, error: type[ArgentError] = InputError) -> str:
    """One of some words.

    Raises:
        ArgentError: it is none of them; the sentence has all, and the nearest.
    """
    allowed = list(choices)
    if isinstance(value, str) and value in allowed:
        return str.__str__(value)
    near = nearest(value, allowed)
    meant = f"; did you mean {near!a}?" if near else ""
    use = f"use {', '.join(f'{each!a}' for each in allowed[:-1])} or {allowed[-1]!a}"
    raise error(f"{what} is {in_words(value)}; {use}{meant}")


@_refusing
def as_time(value: object, what: str, error: type[ArgentError] = InputError) -> datetime:
    """A time with its zone, in UTC.

    Raises:
        ArgentError: it is none, has no zone, or is out of range in UTC.
    """
    use = "give a time with its zone, as 2026-05-08T07:14:08Z"
    time: datetime = value if isinstance(value, datetime) else as_type(value, datetime, what, use, error)
    if time.utcoffset() is None:
        raise error(f"{what} is {time}, which has no zone; write it as 2026-05-08T07:14:08Z")
    try:
        utc = time.astimezone(UTC)
    except (OverflowError, ValueError):
        raise error(f"{what} is {time}, which is out of range in UTC") from None
    return utc if type(utc) is datetime else datetime.combine(utc.date(), utc.time(), UTC)


@_refusing
def as_path(value: Any, what: str, error: type[ArgentError] = InputError) -> Path:
    """The path of a file or a folder.

    Raises:
        ArgentError: it is none, is empty, or has a null character.
    """
    try:
        text = cast("object", os.fspath(value))
    except TypeError:
        text = None
    if not isinstance(text, str):
        raise error(f"{what} is {in_words(value)}; give the path of a file or a folder")
    if not text or "\0" in text:
        raise error(f"{what} is {in_words(text)}, which no file can be called; give the path of a file or a folder")
    try:
        os.fsencode(text)
    except UnicodeEncodeError as wrong:
        raise error(f"{what} has half a surrogate pair at character {wrong.start}; send whole ones") from None
    return Path(str.__str__(text))


def nearest(value: object, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The word among those known that this one is probably meant to be; None where none is near."""
    if not isinstance(value, str):
        return None
    words = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(value[:_QUOTED].casefold(), words, n=1, cutoff=cutoff)
    return words[near[0]] if near else None


def in_words(value: object) -> str:
    """A value as a sentence calls it: `nothing`, `the number 12.5`, `the text 'abc'`, `a list`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        number = int(value)
        return f"the number {number}" if abs(number) < _LARGEST_QUOTED else "a number of more than forty digits"
    if isinstance(value, float):
        return f"the number {float(value)!r}"
    if isinstance(value, str):
        return f"the text {_quoted(value)}" if value else "an empty text"
    for kind, name in _NAMES:
        if isinstance(value, kind):
            return name
    return f"a thing of the kind {type(value).__name__!a:.{_QUOTED}}"


_NAMES: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    ((bytes, bytearray, memoryview), "bytes"),
    ((list, tuple, set, frozenset), "a list"),
    (dict, "an object"),
    (datetime, "a time"),
)


def _quoted(text: str) -> str:
    shown = ascii(str.__str__(text)[:_QUOTED])
    return shown if len(text) <= _QUOTED else f"{shown[:-1]}...{shown[-1]}"
