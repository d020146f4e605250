"""`argent sessions history`."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import click

from argentos.actors.interfaces import SupervisorInterface
from argentos.gateway.following import Follower, keep_following
from argentos.gateway.output import print_json, print_json_line
from argentos.gateway.owner import with_sessions
from argentos.gateway.parameters import SESSION, WholeNumber
from argentos.gateway.printing.messages import print_message, print_summary
from argentos.gateway.settings import Settings, command_options
from argentos.storage import Message, Summary

__all__ = ["history_command"]


class _History(NamedTuple):
    summary: Summary | None
    messages: tuple[Message, ...]


@click.command("history")
@click.argument("session_id", metavar="ID", type=SESSION)
@click.option("--full", is_flag=True, help="Include the messages that a summary or a clear replaced.")
@click.option("--limit", type=WholeNumber(1), metavar="N", help="Only the latest N.")
@click.option("--follow", is_flag=True, help="Go on with each new message, until Ctrl-C.")
@command_options
@click.pass_obj
def history_command(settings: Settings, session_id: str, *, full: bool, limit: int | None, follow: bool) -> None:
    """Show the messages of a session: those in its context or, with --full, all of them."""
    summary, found = with_sessions(settings, partial(_read, session_id, full=full), read_only=True)
    shown = found[-limit:] if limit else found
    if settings.json and not follow:
        print_json(shown)
    elif settings.json:
        _print_new(settings, shown)
    else:
        _print(shown, summary if len(shown) == len(found) or full else None, full=full)
    if follow:
        keep_following(settings, _Follower(settings, session_id, found[-1].number if found else 0))


async def _read(session_id: str, sessions: SupervisorInterface, *, full: bool) -> _History:
    session = sessions.session(session_id)
    return _History(await session.summary(), await session.history(full=full))


def _print(shown: Sequence[Message], summary: Summary | None, *, full: bool) -> None:
    """Print messages, and the summary in its place: first or, where all messages are shown, after those it replaced."""
    if summary and not full:
        print_summary(summary)
    for before, message in zip([None, *shown], shown, strict=False):
        is_boundary = summary and message.number > summary.last and (before is None or before.number <= summary.last)
        if full and summary and is_boundary:
            print_summary(summary)
        print_message(message)


# Following ----------------------------------------------------------------------------------------------------


class _Follower(Follower):
    """Prints the messages of a session as they come.

    Args:
        settings: where, and whose.
        session_id: of the session.
        last: the number of the last message that was printed.
    """

    def __init__(self, settings: Settings, session_id: str, last: int) -> None:
        self.session = session_id
        self.agent = settings.agent
        self._settings = settings
        self._id = session_id
        self._last = last

    async def look(self, sessions: SupervisorInterface) -> None:
        """See `Follower.look`."""
        new = await sessions.session(self._id).messages(self._last + 1)
        _print_new(self._settings, new)
        self._last = new[-1].number if new else self._last


def _print_new(settings: Settings, new: Sequence[Message]) -> None:
    for each in new:
        if settings.json:
            print_json_line(each)
        else:
            print_message(each)
