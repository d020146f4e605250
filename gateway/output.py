"""Printing: for people, with control characters made harmless, and for programs."""

import re
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from argentos.errors import ArgentError

if TYPE_CHECKING:
    from argentos.actors import SessionInfo

__all__ = [
    "age",
    "cell",
    "complain",
    "count",
    "counted",
    "elapsed",
    "failure",
    "indented",
    "messages",
    "one_line",
    "percent",
    "print_json",
    "print_json_line",
    "print_json_list",
    "printable",
    "size",
    "tokens",
]

_PIECE: Final = 1000
_YEARS: Final = 1000 * 86400.0  # seconds; a longer time is told better by its day, and may be of a clock that was wrong
_INDENT: Final = " " * 6
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"  # controls, other ends of lines, surrogates
    r"\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"  # formats
    r"\u2060-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
"""Characters that nobody sees, but for line feeds, tabs and the joiner of emoji; texts are not to use what they do."""

_SLACK: Final = 60.0  # seconds between two clocks
_COLOURS: Final = ((95, "red"), (80, "bright_red"), (60, "yellow"))


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    import msgspec  # noqa: PLC0415 - `argent --help` needs none

    indent = 2 if sys.stdout.isatty() else 0
    click.echo(_escaped(msgspec.json.format(msgspec.json.encode(value), indent=indent)))


def print_json_line(value: Any) -> None:
    """One JSON document on a line of its own, for programs that read line by line."""
    import msgspec  # noqa: PLC0415 - likewise

    click.echo(_escaped(msgspec.json.encode(value)))


def print_json_list(items: Sequence[Any]) -> None:
    """A JSON array on standard output, in pieces where no terminal wants it laid out, for it may be long."""
    import msgspec  # noqa: PLC0415 - likewise

    if sys.stdout.isatty():
        print_json(items)
        return
    before = b"["
    for begin in range(0, len(items), _PIECE):
        click.echo(before + _escaped(msgspec.json.encode(items[begin : begin + _PIECE])[1:-1]), nl=False)
        before = b",\n"
    click.echo(b"]" if items else b"[]")


def _escaped(document: bytes) -> bytes:
    """The same document, in which a terminal finds nothing to obey: such characters stand only within texts."""
    return _UNSEEN.sub(_json_escape, document.decode()).encode()


def _json_escape(unseen: re.Match[str]) -> str:
    pair = unseen[0].encode("utf-16-be")
    return "".join(f"\\u{pair[at : at + 2].hex()}" for at in range(0, len(pair), 2))


def complain(sentence: str) -> None:
    """Print a sentence about a failure or a danger on standard error."""
    click.echo(f"argent: {cell(sentence)}", err=True)


def failure(error: ArgentError) -> dict[str, dict[str, str]]:
    """The object by which programs are told of an error."""
    return {"error": {"code": error.code, "message": printable(one_line(str(error)))}}


def one_line(text: str) -> str:
    """The text with every run of white space, line ends included, as one blank."""
    return " ".join(text.split())


def printable(text: str) -> str:
    """The text with control characters, but for line feeds and tabs, written as escapes."""
    return _UNSEEN.sub(lambda unseen: ascii(unseen[0])[1:-1], text)


def cell(text: str) -> str:
    """The text on one line, with control characters written as escapes: for tables and sentences."""
    return printable(one_line(text))


def count(number: int) -> str:
    """A number of tokens, short: `512`, `2.0k`, `180k`."""
    if number < 1000:  # noqa: PLR2004 - a thousand
        return str(number)
    return f"{number / 1000:.1f}k" if number < 100_000 else f"{number // 1000}k"  # noqa: PLR2004 - a hundred thousand


def counted(number: int, thing: str) -> str:
    """A number of things: `1 message`, `2 messages`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def messages(first: int, last: int) -> str:
    """The numbers of messages: `message 3`, `messages 1–5`."""
    return f"message {first}" if first == last else f"messages {first}–{last}"


def size(number: int) -> str:
    """A number of bytes, short: `512`, `2.0K`, `1.4G`."""
    value, unit = float(number), ""
    for unit in ("", "K", "M", "G", "T"):  # noqa: B007 - the last one is used
        if value < 1024:  # noqa: PLR2004 - the next unit
            break
        value /= 1024
    return f"{value:.1f}{unit}" if unit else str(number)


def tokens(info: "SessionInfo") -> str:
    """The tokens of a context; where no report is of it, about so many."""
    return f"{'about ' if info.is_guess else ''}{info.tokens} tokens"


def percent(value: float) -> str:
    """A part of the window, in the colour of its urgency."""
    text = f"{value:.0f}%"
    colour = next((colour for least, colour in _COLOURS if value >= least), None)
    return click.style(text, fg=colour) if colour else text


def elapsed(time: datetime, now: datetime) -> str:
    """The time since a moment: `now`, `5m`, `3h`, `2d`; the day of the moment if it is years ago or yet to come."""
    seconds = (now - time).total_seconds()
    if not -_SLACK < seconds < _YEARS:
        return f"{time:%Y-%m-%d}"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return "now"


def age(time: datetime, now: datetime) -> str:
    """The age of a time in a sentence: `just now`, `5m ago`, `3h ago`, `2d ago`; else its day, as `elapsed`."""
    since = elapsed(time, now)
    if since == "now":
        return "just now"
    return since if since[-1].isdecimal() else f"{since} ago"


def indented(text: str) -> str:
    """The text with its lines after the first set in, so that none can pass for a line of ours."""
    return printable(text).replace("\n", f"\n{_INDENT}")
