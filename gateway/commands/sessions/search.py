"""`argent sessions search`."""

import logging
from typing import Final

import click
from msgspec import Struct

from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import SessionNotFoundError, StoreDamagedError, StoreVersionError
from argentos.gateway.agents import known_agents
from argentos.gateway.output import cell, print_json_list, printable
from argentos.gateway.owner import with_sessions
from argentos.gateway.parameters import SESSION, WholeNumber
from argentos.gateway.search_text import SearchText, normal
from argentos.gateway.settings import Settings, command_options
from argentos.storage import Message, SessionKey

__all__ = ["search_command"]

_log: Final = logging.getLogger(__name__)


class _Found(Struct, frozen=True):
    """A message that has the text, for programs."""

    agent: str
    session: str
    message: Message


@click.command("search")
@click.argument("text")
@click.option("--session", "only", metavar="ID", type=SESSION, help="In this session only.")
@click.option("--all-agents", is_flag=True, help="In the sessions of all agents.")
@click.option("--limit", type=WholeNumber(1), metavar="N", help="Stop after N messages.")
@command_options
@click.pass_obj
def search_command(settings: Settings, text: str, *, only: str | None, all_agents: bool, limit: int | None) -> None:
    """Find TEXT in the messages of all sessions, archives included; capitals do not matter.

    A message has to contain all words of it, in whatever order; those in quotes belong together. The sessions with the
    latest activity come first.
    """
    wanted = SearchText(text)

    async def work(sessions: SupervisorInterface) -> list[_Found]:
        found: list[_Found] = []
        for key in await searched(sessions):
            said = await _messages(sessions, key)
            found += [_Found(key.agent, key.id, each) for each in said if wanted.is_in(normal(each.text))]
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


def _line(found: _Found, wanted: SearchText) -> str:
    message = found.message
    place = f"{cell(found.session)} [{message.number}] {message.at:%Y-%m-%d %H:%M}"
    return f"{place} {cell(message.sender or message.role)}: {_snippet(message, wanted)}"


def _snippet(message: Message, wanted: SearchText) -> str:
    """The part of the text around what was found, with that in bold."""
    parts = wanted.snippet(normal(message.text))
    return "".join(
        click.style(printable(each.text), bold=True) if each.is_match else printable(each.text) for each in parts
    )
