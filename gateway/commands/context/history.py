"""`argent sessions history`."""

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple

import click

from argentos.actors.control.remote import RemoteSupervisor
from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import OwnerLostError, StoreBusyError
from argentos.gateway.output import print_json, print_json_line
from argentos.gateway.owner import with_sessions
from argentos.gateway.printing.messages import print_message, print_summary
from argentos.gateway.settings import Settings, command_options
from argentos.storage import Message, Summary

__all__ = ["history_command"]

_INTERVAL: Final = 1.0  # seconds between two looks at a session that nobody tells of


class _History(NamedTuple):
    summary: Summary | None
    messages: tuple[Message, ...]


@click.command("history")
@click.argument("session_id", metavar="ID")
@click.option("--full", is_flag=True, help="Include the messages that a summary or a clear replaced.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the latest N.")
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
        _follow(settings, session_id, found[-1].number if found else 0)


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


def _follow(settings: Settings, session_id: str, last: int) -> None:
    """Print what comes after the message of this number, whichever process it comes from.

    An owner tells of it. Files are looked at while nobody owns the directory, and beside an owner that is silent.
    """
    follower = _Follower(settings, session_id, last)
    while True:
        with_sessions(settings, follower.follow, read_only=True)
        time.sleep(_INTERVAL)


class _Follower:
    """Prints the messages of a session as they come.

    Args:
        settings: where, and whose.
        session_id: of the session.
        last: the number of the last message that was printed.
    """

    def __init__(self, settings: Settings, session_id: str, last: int) -> None:
        self._settings = settings
        self._id = session_id
        self._last = last

    async def follow(self, sessions: SupervisorInterface) -> None:
        """Print what has come, and what comes as long as another process tells of it."""
        if not isinstance(sessions, RemoteSupervisor):
            await self._look(sessions)
            return
        with suppress(OwnerLostError, StoreBusyError):  # the next one is looked for
            async with sessions.events(session=self._id, agent=self._settings.agent) as events:
                await self._look(sessions)
                async for _ in events:
                    for _ in events.pending():
                        pass
                    await self._look(sessions)

    async def _look(self, sessions: SupervisorInterface) -> None:
        new = await _read_after(self._id, self._last, sessions)
        _print_new(self._settings, new)
        self._last = new[-1].number if new else self._last


async def _read_after(session_id: str, last: int, sessions: SupervisorInterface) -> Sequence[Message]:
    session = sessions.session(session_id)
    if (await session.info()).messages == last:
        return ()
    new = [each for each in await session.history() if each.number > last]
    if not new or new[0].number > last + 1:  # some have left the context since
        new = [each for each in await session.history(full=True) if each.number > last]
    return new


def _print_new(settings: Settings, new: Sequence[Message]) -> None:
    for each in new:
        if settings.json:
            print_json_line(each)
        else:
            print_message(each)
