"""`argent send`."""

import sys

import anyio
import click

from argentos.gateway.output import print_json
from argentos.gateway.owner import chosen_model, open_sessions, tell_if_offline
from argentos.gateway.parameters import SESSION
from argentos.gateway.replies import new_screen, own_address, show, wait_for
from argentos.gateway.settings import Settings, command_options, model_option

__all__ = ["command"]


@click.command("send")
@click.argument("session_id", metavar="SESSION", type=SESSION)
@click.argument("text", metavar="[TEXT]", required=False)
@click.option("--message-id", metavar="ID", help="Sent again under the same id, it is answered once.")
@model_option
@command_options
@click.pass_obj
def command(settings: Settings, session_id: str, text: str | None, message_id: str | None, model: str | None) -> None:
    """Send one message to a session, and print the reply: for scripts.

    Without TEXT, or with -, it is read from standard input. The session is made if need be. The status is 0 only if
    there is a reply.
    """
    if text in {None, "-"}:
        text = sys.stdin.read()
    anyio.run(_send, settings, session_id, (text or "").strip(), message_id, model)


async def _send(settings: Settings, session_id: str, text: str, message_id: str | None, model_name: str | None) -> None:
    model = chosen_model(model_name)
    async with open_sessions(settings, talks=True, model=model) as sessions:
        session = sessions.session(session_id)
        tell_if_offline(sessions, model)
        turn = await session.send(text, message_id=message_id, address=own_address())
        if settings.json:
            print_json(await wait_for(session, turn))
        else:
            await show(session, turn, new_screen())
