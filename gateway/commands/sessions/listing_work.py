"""`argent sessions list`: its work."""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

import click
from msgspec import Struct

from argentos.actors import SessionInfo, SessionPairing
from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import StoreDamagedError
from argentos.gateway.agents import known_agents
from argentos.gateway.commands.sessions.listing import nothing_found
from argentos.gateway.commands.sessions.paired import known_pairings
from argentos.gateway.following import Follower, keep_following
from argentos.gateway.output import counted, print_json_line, print_json_list
from argentos.gateway.owner import with_sessions
from argentos.gateway.printing.listing import listed
from argentos.gateway.printing.pairings import with_pairing
from argentos.gateway.printing.tables import terminal_size, terminal_width
from argentos.gateway.settings import Settings

__all__ = ["Wanted", "show", "watch_list"]

_log: Final = logging.getLogger(__name__)
_TICK: Final = 5.0  # seconds, so that ages are true
_CLEAR: Final = "\x1b[H\x1b[J"  # the cursor to the first line, and nothing behind it


class _Found(NamedTuple):
    """Sessions, a sentence for each that cannot be read, and the pairings of those that have any, by their ids."""

    infos: list[SessionInfo]
    problems: list[str]
    pairings: Mapping[str, SessionPairing]


class Wanted(Struct, frozen=True, kw_only=True):
    """The sessions that are to be listed: those that fit everything that is not None, or empty."""

    limit: int | None
    active: float | None
    states: frozenset[str]
    channel: str | None
    owner: str | None
    tag: str | None
    prefix: str | None
    is_archived: bool
    all_agents: bool

    async def of(self, settings: Settings, sessions: SupervisorInterface) -> _Found:
        """As many as are wanted, in their order."""
        since = None if self.active is None else datetime.now(UTC) - timedelta(seconds=self.active)
        infos: list[SessionInfo] = []
        problems: list[str] = []
        for agent in known_agents(settings.state_dir) if self.all_agents else [settings.agent]:
            infos += await sessions.list(
                agent=agent,
                active_since=since,
                prefix=self.prefix,
                owner=self.owner,
                tag=self.tag,
                on_problem=problems.append,
            )
        taken = [each for each in infos if self._takes(each)]
        taken = sorted(taken, key=lambda each: (each.pinned, each.last_activity), reverse=True)[: self.limit]
        return _Found(taken, problems, await known_pairings(sessions, taken))

    def _takes(self, info: SessionInfo) -> bool:
        return (
            info.archived == self.is_archived
            and (self.channel is None or self.channel in info.channels)
            and (not self.states or not self.states.isdisjoint(_words(info)))
        )


def _words(info: SessionInfo) -> Iterator[str]:
    """The words by which `--state` finds a session: an active one that does nothing is not idle."""
    yield info.state.lower()
    if info.status != "idle":
        yield info.status


def show(settings: Settings, wanted: Wanted) -> None:
    """List them.

    Raises:
        StoreDamagedError: none can be read.
    """
    found = with_sessions(settings, partial(wanted.of, settings), read_only=True, all_agents=wanted.all_agents)
    for problem in found.problems:
        _log.warning("a session is not listed: %s", problem)
    if found.problems and not found.infos:
        raise StoreDamagedError("no session can be read; `argent doctor` says what is wrong, and what can be done")
    if settings.json:
        print_json_list([with_pairing(each, found.pairings) for each in found.infos])
    else:
        click.echo(_table(settings, wanted, found))


def _table(settings: Settings, wanted: Wanted, found: _Found) -> str:
    if not found.infos:
        return nothing_found(settings, all_agents=wanted.all_agents)
    return listed(
        found.infos, datetime.now(UTC), terminal_width(), with_agents=wanted.all_agents, pairings=found.pairings
    )


def watch_list(settings: Settings, wanted: Wanted) -> None:
    """List them again and again, until Ctrl-C."""
    keep_following(settings, _Watch(settings, wanted))


class _Watch(Follower):
    """Lists the sessions anew whenever they change: over the old list where that is possible."""

    def __init__(self, settings: Settings, wanted: Wanted) -> None:
        self._settings = settings
        self._wanted = wanted
        self._shown: object = None
        self._is_live = terminal_width() is not None and not settings.json
        self.agent = None if wanted.all_agents else settings.agent
        self.tick = _TICK if self._is_live else None

    async def look(self, sessions: SupervisorInterface) -> None:
        """See `Follower.look`."""
        found = await self._wanted.of(self._settings, sessions)
        if self._is_live:
            self._draw(found)
        elif (found.infos, found.pairings) != self._shown:
            self._shown = (found.infos, found.pairings)
            if self._settings.json:
                print_json_line([with_pairing(each, found.pairings) for each in found.infos])
            else:
                click.echo(f"{_table(self._settings, self._wanted, found)}\n")

    def _draw(self, found: _Found) -> None:
        lines = _table(self._settings, self._wanted, found).splitlines()
        problems = found.problems
        room = max(2, terminal_size().lines - 2 - bool(problems))
        rest = f"… and {counted(len(lines) - room, 'more session')}" if len(lines) > room else ""
        trouble = f"{counted(len(problems), 'session')} cannot be read; see `argent doctor`" if problems else ""
        click.echo("\n".join([f"{_CLEAR}{lines[0]}", *lines[1:room], *(each for each in (rest, trouble) if each)]))
