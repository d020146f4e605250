"""`argent sessions retry` and `regenerate`."""

from collections.abc import Awaitable, Callable

import click

from argentos.actors import Turn
from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.sessions.session import Session
from argentos.gateway.output import print_json
from argentos.gateway.owner import chosen_model, tell_if_offline, with_sessions
from argentos.gateway.parameters import SESSION
from argentos.gateway.replies import new_screen, show, wait_for
from argentos.gateway.settings import Settings, command_options, model_option

__all__ = ["regenerate_command", "retry_command"]


@click.command("retry")
@click.argument("session_id", metavar="ID", type=SESSION)
@click.argument("message_id", metavar="[MESSAGE]", required=False)
@model_option
@command_options
@click.pass_obj
def retry_command(settings: Settings, session_id: str, message_id: str | None, model: str | None) -> None:
    """Run a failed turn once more, and print its reply: the latest, or that of the message with this id."""
    _answer(settings, session_id, lambda session: session.retry(message_id), model)


@click.command("regenerate")
@click.argument("session_id", metavar="ID", type=SESSION)
@model_option
@command_options
@click.pass_obj
def regenerate_command(settings: Settings, session_id: str, model: str | None) -> None:
    """Make another reply in the place of the latest, and print it; the old one stays in the archive."""
    _answer(settings, session_id, lambda session: session.regenerate(), model)


def _answer(
    settings: Settings, session_id: str, begin: Callable[[Session], Awaitable[Turn]], model_name: str | None
) -> None:
    model = chosen_model(model_name)

    async def work(sessions: SupervisorInterface) -> None:
        session = sessions.session(session_id)
        turn = await begin(session)
        tell_if_offline(sessions, model)
        if settings.json:
            print_json(await wait_for(session, turn))
        else:
            await show(session, turn, new_screen())

    with_sessions(settings, work, model=model)
