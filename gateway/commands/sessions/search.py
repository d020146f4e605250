"""`argent sessions search`."""

import logging
from typing import Final

import click
from msgspec import Struct

from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import SessionNotFoundError, StoreDamagedError, StoreVersionError
from argentos.gateway.agents import known_agents
from argentos.gateway.output import cell, one_line, print_json_list, printable
from argentos.gateway.owner import with_sessions
from argentos.gateway.parameters import SESSION
from argentos.gateway.settings import Settings, command_options
from argentos.storage import Message, SessionKey

__all__ = ["search_command"]

_log: Final = logging.getLogger(__name__)
_AROUND: Final = 40  # characters of a message on either side of what was found


class _Found(Struct, frozen=True):
    """A message that has the text, for programs."""

    agent: str
    session: str
    message: Message


@click.command("search")
@click.argument("text")
@click.option("--session", "only", metavar="ID", type=SESSION, help="In this session only.")
@click.option("--all-agents", is_flag=True, help="In the sessions of all agents.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Stop after N messages.")
@command_options
@click.pass_obj
def search_command(settings: Settings, text: str, *, only: str | None, all_agents: bool, limit: int | None) -> None:
    """Find TEXT in the messages of all sessions, archives included; capitals do not matter.

    The sessions with the latest activity come first.
    """
    wanted = text.casefold()

    async def work(sessions: SupervisorInterface) -> list[_Found]:
        found: list[_Found] = []
        for key in await searched(sessions):
            said = await _messages(sessions, key)
            found += [_Found(key.agent, key.id, each) for each in said if wanted in _folded(each)]
            if limit is not None and len(found) >= limit:
                break
        return found[:limit]

    async def searched(sessions: SupervisorInterface) -> list[SessionKey]:
        if only is not None:
            await sessions.session(only).info()  # an id that is mistyped is an error
            return [SessionKey(settings.agent, only)]
        agents = known_agents(settings.state_dir) if all_agents else [settings.agent]
        infos = [each for agent in agents for each in await sessions.list(agent=agent)]
        infos.sort(key=lambda each: each.last_activity, reverse=True)
        return [SessionKey(each.agent, each.id) for each in infos]

    found = with_sessions(settings, work, read_only=True, all_agents=all_agents)
    if settings.json:
        print_json_list(found)
    elif not found:
        click.echo("No message found.")
    else:
        click.echo("\n".join(_line(each, wanted) for each in found))


async def _messages(sessions: SupervisorInterface, key: SessionKey) -> tuple[Message, ...]:
    """All messages of a session; of one that cannot be read, or was just deleted, none."""
    try:
        return await sessions.session(key.id, agent=key.agent).history(full=True)
    except SessionNotFoundError:
        return ()
    except (StoreDamagedError, StoreVersionError) as error:
        _log.warning("session %s is not searched: %s", key.id, error)
        return ()


def _folded(message: Message) -> str:
    return message.text.casefold()


def _line(found: _Found, wanted: str) -> str:
    message = found.message
    who = cell(message.sender or message.role)
    place = f"{cell(found.session)} [{message.number}] {message.at:%Y-%m-%d %H:%M}"
    return f"{place} {who}: {_excerpt(message, wanted)}"


def _excerpt(message: Message, wanted: str) -> str:
    """The part of the text around what was found, on one line."""
    begin = max(0, _folded(message).find(wanted) - _AROUND)
    end = begin + len(wanted) + 2 * _AROUND
    text = one_line(message.text[begin:end])
    return printable(f"{'…' if begin else ''}{text}{'…' if end < len(message.text) else ''}")
