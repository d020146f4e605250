"""Messages of a conversation, printed."""

from typing import TYPE_CHECKING, Final

import click
import msgspec

from argentos.gateway.output import indented, messages, one_line, printable

if TYPE_CHECKING:
    from argentos.storage import Message, Summary

__all__ = ["print_mark", "print_message", "print_summary"]

_LONGEST_SHOWN: Final = 2000  # characters of an input, or of a result


def print_message(message: "Message") -> None:
    """Print a message with its number, time and sender; further lines are set in, so that none can pass for ours."""
    who = printable(one_line(message.sender or message.role))
    shown = [each for each in (indented(message.text), *_calls_and_results(message)) if each]
    click.echo(f"[{message.number}] {message.at:%Y-%m-%d %H:%M:%S} {who}: " + "\n      ".join(shown))
    print_mark(message)


def print_mark(message: "Message") -> None:
    """Print why a message failed, or is not whole."""
    if message.failure:
        click.secho(f"    (failed: {printable(message.failure)})", fg="red")
    if message.stop_reason is not None:
        what = "refused" if message.is_refused else "not whole"
        click.secho(f"    ({what}: {printable(message.stop_reason)})", dim=True)


def print_summary(summary: "Summary") -> None:
    """Print a summary, between two lines that say what it is of."""
    title = f"summary of {messages(summary.first, summary.last)}"
    click.secho(f"──── {title} ({summary.before} → {summary.after} tokens) ────", dim=True)
    click.echo(f"      {indented(summary.text)}")
    click.secho("──── the messages below are word for word ────", dim=True)


def _calls_and_results(message: "Message") -> list[str]:
    """The calls of tools in a message and the results of calls, each on a line."""
    from argentos.storage import calls_in, results_in  # noqa: PLC0415 - `argent --help` needs none

    lines: list[str] = []
    for call in calls_in(message.blocks):
        given = msgspec.json.encode(call.input).decode()
        lines.append(f"→ {printable(call.name)}({printable(_beginning(given))})  [{printable(call.id)}]")
    for result in results_in(message.blocks):
        mark = "✗" if result.is_error else "←"
        lines.append(f"{mark} {indented(_beginning(result.text) or '(nothing to show)')}")
    return lines


def _beginning(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} … ({len(text)} characters)"
